"""Takes advertising out of a text that others put into it: Chinese in an English page, Latin in a Chinese one.

A text goes in; out comes the text without such fragments, and a list of them. What decides is not a word alone: a
fragment goes where it is foreign to the letters around it, is neither bracketed, quoted nor spoken of, and is made of
enough words, contacts and ornaments of advertising (`data/advertising.yaml`) to be nothing else. In text of its own
script it must stand apart and consist of such words alone. Where in doubt, it stays.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from ingest.advertising import HAN, plain, words
from ingest.loaded import Removed
from ingest.sentences import enclosed

_ENOUGH = 3.0  # points that a fragment in another script needs
_ENOUGH_AMID_ITS_OWN = 4.0
_OFTEN = 3  # times on a page, from which repetition is a point
_MOST_PASSES = 8
_BEFORE, _AFTER = 120, 300  # characters around a word of advertising that are cut into atoms, more where it goes on
_LONGEST = 2400  # characters of a run that are looked at; what is longer is hardly advertising
_OVERLAP = 60  # characters at the end of these that are looked at again: a word may be cut there
_AROUND = 120  # characters to both sides that tell in which script a fragment stands

# Runs of atoms, in the letters of `ingest.advertising`: Chinese amid other text, with blanks between parts of it;
# Chinese that is of words of advertising alone; and words in other scripts.
_CHINESE_RUN = re.compile(
    "(?:o_?)?(?:i(?=[SLICFHh]))?(?:[SLICHhxd]|F(?=[z_]?[SLICFH]))"
    "(?:[SLICFHhxdzp]|o(?!_?[smlicxd])|(?<=[SLICFHz])[Nnki]|[Nnwsmlick](?=z?[SLICFH])"
    "|[_-]{1,3}(?=[SLhxdo]|[ICF](?!H)|[Nk]_?[SLICFh]|H(?![HSICF])))*"
)
_APART = re.compile("(?:o_?)?[SLICFhxd](?:[SLICFhxdzo]|(?<=[SLICFh])[Nk]|[_-](?=[ICF]*[SLhxd]))*")
_BEFORE_APART = re.compile("[ICF]+[_-]")  # everyday words, with a blank between
_OTHER_RUN = re.compile("(?:o_?)?[smlicxd](?:z|[_-]{1,3}(?:&[_-])?(?=[smlicxd])|[smlicxd])*(?:_?o)?")
_OF_THE_TEXT = "(?=[CFI]*+HH)[CFIHz]++"  # Chinese words beside advertising, with a blank or stop between
_BEFORE_IT = re.compile(f"(?:{_OF_THE_TEXT}[p_-]++)++")
_BEHIND_IT = re.compile(f"(?<=[p_-])(?:{_OF_THE_TEXT}[p_-]++)*+(?:{_OF_THE_TEXT})?+$")


def without_injected(text: str) -> tuple[str, tuple[Removed, ...]]:
    """The text without advertising put into it, and each fragment of that with its reason and line, in their order.

    Every other word stays, in its order; blanks around a fragment become one, and a line that holds nothing else goes.
    Doing it again changes nothing. Time grows with the length of the text, whatever its lines.
    """
    rows = list(enumerate(text.split("\n"), start=1))
    removed: list[Removed] = []
    for _ in range(_MOST_PASSES):
        found = list(_fragments(_Page("\n".join(row for _, row in rows))))
        if not found:
            break
        rows, taken = _cut(rows, found)
        removed += taken
    removed.sort(key=lambda one: one.line)  # stable: those of one line stay in their order
    return ("\n".join(row for _, row in rows) if removed else text), tuple(removed)


# --- Finding --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Page:
    """A text, and the same text folded, with the same offsets."""

    text: str

    @cached_property
    def folded(self) -> str:
        return self.text.translate(words().fold)

    @cached_property
    def chinese(self) -> bool:
        return _mostly_chinese(*_letters(self.text))


@dataclass(frozen=True)
class _Run:
    """Atoms in a row that may be advertising: a letter for each, its text as folded, and its offset in the page."""

    letters: str
    texts: tuple[str, ...]
    offsets: tuple[int, ...]
    apart: bool  # whether blanks, or the ends of the line, stand on both sides

    @property
    def start(self) -> int:
        return self.offsets[0]

    @property
    def end(self) -> int:
        return self.offsets[-1] + len(self.texts[-1])

    @property
    def chinese(self) -> bool:
        return any(map(_HAN_ANYWHERE.search, self.texts))

    def part(self, start: int, end: int) -> "_Run":
        """The atoms from `start` to `end`, the latter excluded."""
        before, after = self.letters[start - 1 : start] if start else "", self.letters[end : end + 1]
        apart = (before in ("_", "p") or (not before and self.apart)) and (after == "_" or (not after and self.apart))
        return _Run(self.letters[start:end], self.texts[start:end], self.offsets[start:end], apart)


@dataclass(frozen=True)
class _Fragment:
    """What must go, and why; `start` and `end` count characters of the page, end excluded."""

    start: int
    end: int
    why: str


def _fragments(page: _Page) -> Iterator[_Fragment]:
    runs = list(_runs(page))
    times = Counter(page.folded[run.start : run.end] for run in runs)
    for run in runs:
        often = times[page.folded[run.start : run.end]] >= _OFTEN
        if _is_foreign(page, run) and _is_dense(run):
            judged = [(run, _ENOUGH, "in another script")]
        elif run.chinese:
            judged = [(part, _ENOUGH_AMID_ITS_OWN, "set apart from the text") for part in _set_apart(run)]
            judged = judged or [(part, _ENOUGH, "in another script") for part in _not_chinese(run)]
        else:
            judged = []
        for part, enough, how in judged:
            if _points(page, part, often) >= enough and not _is_named(page, part):
                yield _fragment(page, part, how)


def _fragment(page: _Page, run: _Run, how: str) -> _Fragment:
    start, end = run.start, run.end
    while (
        page.text[start - 1 : start] in tuple(_BRACKETS) and page.text[end : end + 1] == _BRACKETS[page.text[start - 1]]
    ):
        start, end = start - 1, end + 1
    return _Fragment(start, end, f"{'advertising' if re.search('[SLsml]', run.letters) else 'a contact'} {how}")


_HAN_ANYWHERE = re.compile(f"[{HAN}]")
_BRACKETS = dict(zip("【〖［（[", "】〗］）]", strict=True))


def _runs(page: _Page) -> Iterator[_Run]:
    """Stretches with something in them that advertising cannot be without, in order and without overlap."""
    for low, high in _stretches(page):
        while found := words().core.search(page.folded, low, high):
            low = max(low, found.start() - _BEFORE)
            reach = _AFTER
            while True:
                end = min(high, found.start() + reach)
                runs = list(_runs_of(page, _atoms(page, low, end)))
                if not (runs and runs[-1].end == end < high and reach < _LONGEST):
                    break
                reach *= 2  # the last one may go on
            yield from runs
            low = end if end == high else max(end - _OVERLAP, runs[-1].end if runs else 0)


def _stretches(page: _Page) -> Iterator[tuple[int, int]]:
    """Where stretches of lines begin and end that can hold anything foreign.

    On a Chinese page that is every line; elsewhere, what stands around letters that are not plain Latin ones.
    """
    text, done = page.text, 0
    anything = _NOT_BLANK if page.chinese else _NOT_LATIN
    while odd := anything.search(text, done):
        start = max(done, odd.start() - _BEFORE)
        start = text.rfind("\n", start, odd.start()) + 1 or start
        line_end = text.find("\n", odd.start())
        done = line_end = len(text) if line_end < 0 else line_end
        if not page.chinese:
            done = odd.end()
            while (odd := anything.search(text, done, min(line_end, done + 2 * _BEFORE))) is not None:
                done = odd.end()
            done = min(line_end, done + _BEFORE)
        yield start, done


_NOT_BLANK = re.compile(r"\S")
_NOT_LATIN = re.compile("[^\x00-\x7f\xa0-\u024f\u2010-\u205e]")


def _atoms(page: _Page, low: int, high: int) -> _Run:
    """A stretch of one line, cut into atoms."""
    letters: list[str] = []
    texts: list[str] = []
    offsets: list[int] = []
    while low < high:
        atom = words().atom.match(page.folded, low, high)
        assert atom  # it matches any character
        text = atom[0]
        if atom.lastgroup in ("contact", "name", "word") and (
            grown := _GROWN_ON.search(page.text, low + 1, atom.end())
        ):
            text = text[: grown.start() - low]
        opens = letters and letters[-1] in "SLICFH" and _CAPITALISED.match(page.text, low, low + len(text))
        letters.append("w" if opens else words().letter(str(atom.lastgroup), text))
        texts.append(text)
        offsets.append(low)
        low += len(text)
    return _Run("".join(letters), tuple(texts), tuple(offsets), apart=True)


_GROWN_ON = re.compile(r"(?<=[^\WA-Z_])[A-Z][a-z]*\Z")  # of "vx88990The", where a sentence follows without a blank

_CAPITALISED = re.compile("[A-Z][a-z]+")


def _runs_of(page: _Page, line: _Run) -> Iterator[_Run]:
    position = 0
    while position < len(line.letters):
        matches = [found for kind in (_CHINESE_RUN, _OTHER_RUN) if (found := kind.match(line.letters, position))]
        if not matches:
            position += 1
            continue
        position = max(found.end() for found in matches)
        start, end = matches[0].start(), position
        if of_the_text := _BEFORE_IT.match(line.letters, start, end):
            start = of_the_text.end()
        if of_the_text := _BEHIND_IT.search(line.letters, max(start, end - _AFTER), end):
            end = of_the_text.start()
        if re.search("[SLsmlhxd]", line.letters[start:end]):
            if _counts_on(page.text, line, end):
                end -= 1
            end = len(line.letters[:end].rstrip("_-"))
            if end > start:
                yield line.part(start, end)


def _counts_on(text: str, line: _Run, end: int) -> bool:
    """Whether the atom before `end` is a number of what the text goes on with: "… 43 percent", "…240 startups"."""
    number, parted = line.texts[end - 1], line.letters[max(0, end - 2)] in "_-"
    goes_on = _GOES_ON.match(text, line.offsets[end - 1] + len(number))
    return number.isdigit() and bool(goes_on) and (parted or (line.letters[end - 1] in "Nn" and len(number) < 5))


_GOES_ON = re.compile(r"\s?[a-z%]|[.,)]")


def _set_apart(run: _Run) -> Iterator[_Run]:
    """What of a run in Chinese text consists of words of advertising alone, slang of it among them, between blanks."""
    for match in _APART.finditer(run.letters):
        start, end = match.span()
        before = _BEFORE_APART.match(run.letters, start, end)
        if before and all(text == plain(text) for text in run.texts[start : before.end() - 1]):
            start = before.end()
        part = run.part(start, end)
        if part.apart and _is_slang(part):
            yield part


def _is_slang(run: _Run) -> bool:
    """Whether no article would put it so: slang, or subjects of advertising with a contact or a number for a name."""
    numbered = any(text.isdigit() for letter, text in zip(run.letters, run.texts, strict=True) if letter == "L")
    likely = run.letters.count("L")
    return "S" in run.letters or bool(likely and re.search("[hx]", run.letters)) or (numbered and likely > 1)


def _not_chinese(run: _Run) -> Iterator[_Run]:
    for match in _OTHER_RUN.finditer(run.letters):
        part = run.part(*match.span())
        if re.search("[smlxd]", part.letters) and not part.chinese:
            yield part


# --- Judging --------------------------------------------------------------------------------------------------------


def _points(page: _Page, run: _Run, often: bool) -> float:
    """How much a run is like advertising: words that only advertising uses count most, each once."""
    seen = Counter(letter for letter, _ in {*zip(run.letters, map(plain, run.texts), strict=True)})
    telling: float = 3 * (seen["S"] + seen["s"] + bool(seen["d"])) + 2.5 * seen["m"] + 2 * (seen["L"] + seen["l"])
    if (seen["h"] or seen["x"]) and not _is_of_an_office(page.text, run):
        telling += 3
    if not telling or not _LETTER.search("".join(run.texts)):
        return 0
    frame = bool(seen["C"] or seen["c"]) + bool(seen["F"] or seen["N"])
    odd = often + bool(seen["o"]) + _is_disguised(page.text, run)
    return telling + seen["I"] + seen["i"] / 2 + frame + odd


def _is_foreign(page: _Page, run: _Run) -> bool:
    """Whether a run stands in text of another script than its own."""
    around = _around(page.text, run, _AROUND)
    han, latin = _letters(around)
    chinese = _mostly_chinese(han, latin) if han >= 4 or latin >= 8 else page.chinese
    if run.chinese:
        return not chinese
    if re.search("[a-z]", page.text[run.start : run.end], re.IGNORECASE):
        return chinese or _is_disguised(page.text, run) or "：" in page.text[run.start : run.end]
    return _is_disguised(page.text, run) or len(_NEITHER.findall(around)) < 10


_LETTER = re.compile(r"[^\W\d_]")
_NEITHER = re.compile(rf"[^\W\d_a-zA-Z\u00c0-\u024f{HAN}]")
_LATIN_WORD = re.compile(r"(?<![\w@.-])[A-Za-z]{2,}(?![\w@-]|\.\w)")  # neither a name with digits nor an address


def _letters(text: str) -> tuple[int, int]:
    """How many Chinese characters there are, and how many Latin letters in plain words."""
    return len(_HAN_ANYWHERE.findall(text)), sum(map(len, _LATIN_WORD.findall(text)))


def _mostly_chinese(han: int, latin: int) -> bool:
    """Whether more words are Chinese, counted as two characters each, than English, counted as five letters."""
    return han * 5 > latin * 2


def _around(text: str, run: _Run, reach: int) -> str:
    """What stands on the line of a run, at most `reach` characters to each side."""
    before = text[max(0, run.start - reach) : run.start].rpartition("\n")[2]
    return before + "\n" + text[run.end : run.end + reach].partition("\n")[0]


def _is_dense(run: _Run) -> bool:
    """Whether enough of it is advertising for all of it to be: a Chinese sentence that mentions some is not."""
    atoms = list(zip(run.letters, run.texts, strict=True))
    known = sum(len(plain(text)) for letter, text in atoms if letter in "SLICFhxd")
    unknown = [text for letter, text in atoms if letter == "H"]
    if any(text in _GRAMMAR for text in unknown):
        return len(unknown) * 3 <= known
    return len(unknown) <= 6 or len(unknown) <= known


_GRAMMAR = frozenset("的了被将已在是与和及等为对把从由于此该其均就都并也而")


def _is_disguised(text: str, run: _Run) -> bool:
    """Whether letters or digits are look-alikes of plain ones, or Chinese characters are kept apart by something."""
    for letter, folded, offset in zip(run.letters, run.texts, run.offsets, strict=True):
        written = text[offset : offset + len(folded)]
        if letter in "SLIsmlihxdkwNn" and folded.isascii() and not written.isascii():
            return True
        if letter in "SLICF" and len(folded) - len(plain(folded)) > 1:
            return True
    return "z" in run.letters


_SPEAKS_OF = re.compile(
    r"(?:\b(?:such as|called|named|known as|nicknamed|dubbed|titled|labell?ed"
    r"|(?:the|an?|its|their|like|of)(?: [a-z-]+)? (?:terms?|words?|slang|phrases?|keywords?|characters|names?|slogans?"
    r"|(?:web ?)?sites?|forums?|message boards?|apps?|brands?)(?: is| was| are)?),?(?: the| an?)?"
    rf"|[{HAN}]\d{{0,4}},? (?:and|or))\W*$|^(?:keywords|terms|words) \W*$",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"\b(?:press|media|contacts?|interviews?|enquir\w+|inquir\w+|tel|phone|mobile|e-?mail|subscribe|follow us|wechat)\b"
    "|公众号|服务号|订阅号|视频号|新闻|媒体|联系|邮箱|电话|手机|传真|报名|地址|合作|投稿|热线",
    re.IGNORECASE,
)


_OF_AN_OFFICE = re.compile("公众号|服务号|订阅号|视频号|新闻|媒体|记者|合作|投稿|邮箱")


def _is_of_an_office(text: str, run: _Run) -> bool:
    """Whether the words before a contact, on its line or a short one above, are those of somebody to be asked."""
    above, _, before = text[max(0, run.start - 200) : run.start].rpartition("\n")
    above = above.rpartition("\n")[2]
    before = before[-60:] if len(above) > 60 else above + before[-60:]
    own = "".join(run.texts)
    return bool(_OFFICE.search(before) or _OF_AN_OFFICE.search(own))


def _is_named(page: _Page, run: _Run) -> bool:
    """Whether the text speaks of a run: as a name in brackets or quotation marks, or after "a forum called"."""
    line = _around(page.text, run, _AROUND)
    before, _, after = line.partition("\n")
    if not page.chinese and _SPEAKS_OF.search(before[-60:]):
        return True
    if not _ENCLOSING.search(before) or not _ENCLOSING.search(after):
        return bool(_SPOKEN_OF.match(after))
    own = page.text[run.start : run.end]
    amid_words = before.rstrip()[-1:].isalnum() and after.lstrip()[:1].isalnum()
    whole = before + own + after
    for span in enclosed(whole):
        if span.start < len(before) and len(before) + len(own) < span.end:
            opener, inside = whole[span.start], whole[span.start + 1 : span.end - 1]
            short = len(inside) <= (80 if opener in "([（" else 2 * len(own) + 10)
            ornament = opener in "【[（" and inside == own
            if short and not ornament and not amid_words:
                return True
    return bool(_SPOKEN_OF.match(after))


_SPOKEN_OF = re.compile(r"\W{0,3}(?:means|meaning|literally|forums?|(?:web ?)?sites?|boards?)\b")
_ENCLOSING = re.compile("""["'“”‘’()\\[\\]（）【】《》〈〉「」『』]""")


# --- Cutting --------------------------------------------------------------------------------------------------------


_Row = tuple[int, str]
_LIST_MARK = re.compile(r"\s*(?:[-–—*•]|\d{1,3}[.)])\s")
_NOTHING_LEFT = re.compile(r"\s*(?:#{1,6}|[-–—*•>|]|\d{1,3}[.)])?\s*")
_PARTED_BEHIND = re.compile(r"\s*[-–—|/:：·»>]+(?=\s|$)")
_PARTED_BEFORE = re.compile(r"\s[-–—|/:·…]+\s*$")
_STOP_BEHIND = re.compile("[,.;:!?)，。；：！？、）]")
_CHINESE = re.compile(f"[{HAN}、，。！？；：]")


def _cut(rows: Sequence[_Row], found: Iterable[_Fragment]) -> tuple[list[_Row], list[Removed]]:
    """The rows without what was found, those that hold nothing else left out; and what was taken from which line."""
    starts = list(accumulate((len(row) + 1 for _, row in rows), initial=0))
    by_row: dict[int, list[_Fragment]] = {}
    for fragment in found:
        by_row.setdefault(bisect_right(starts, fragment.start) - 1, []).append(fragment)
    kept: list[_Row] = []
    removed: list[Removed] = []
    for index, (number, row) in enumerate(rows):
        if index not in by_row:
            kept.append((number, row))
            continue
        bounds = [(one.start - starts[index], one.end - starts[index]) for one in by_row[index]]
        edges = [0, *(edge for bound in bounds for edge in bound), len(row)]
        pieces = [row[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
        in_list = any(_LIST_MARK.match(near) for _, near in (*kept[-2:], *rows[index + 1 : index + 3]))
        rest = _joined(pieces, in_list, between_bars=row.count("|") == 2)
        removed += (Removed(row[a:b], one.why, number) for (a, b), one in zip(bounds, by_row[index], strict=True))
        if not _NOTHING_LEFT.fullmatch(rest):
            kept.append((number, rest))
    return kept, removed


def _joined(pieces: Sequence[str], in_list: bool, between_bars: bool) -> str:
    """A row of what stood between fragments, without the blanks, dashes and bars that parted these from it."""
    done = [pieces[0]]
    for place, after in enumerate(pieces[1:], start=1):
        before = done.pop()
        if not any(done) and _NOTHING_LEFT.fullmatch(before):
            parted = _PARTED_BEHIND.match(after)
            if parted and not (in_list and _LIST_MARK.match(after.lstrip())):
                after = after[parted.end() :]
            done += [before, after.lstrip()]
        elif place == len(pieces) - 1 and not after.strip():
            done.append(_PARTED_BEFORE.sub("", before).rstrip())
        else:
            done += _beside(before, after, between_bars)
    return "".join(done)


def _beside(before: str, after: str, between_bars: bool) -> tuple[str, str]:
    """Two pieces as they follow each other: with the stops and blanks of one of them between."""
    left, right = before.rstrip(), after.lstrip()
    blank = left != before or right != after
    if left and right and left[-1] == right[0] and left[-1] in "|,，、":
        left, right = (
            (left[:-1].rstrip(), right[1:].lstrip()) if between_bars and left[-1] == "|" else (left, right[1:])
        )
        blank = blank or right[:1].isspace()
        right = right.lstrip()
    chinese = left and right and _CHINESE.match(left[-1]) and _CHINESE.match(right[0])
    return left, f" {right}" if blank and not chinese and not _STOP_BEHIND.match(right) else right
