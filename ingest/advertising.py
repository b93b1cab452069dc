"""The words, contacts and addresses of advertising that is put into pages, and how to find them however disguised.

`data/advertising.yaml` goes in; patterns come out, which match folded text: small letters, plain digits, simplified
characters, and look-alikes of other scripts as what they look like. A folded text has the offsets of the text itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # ranges, to stand in square brackets
_ZERO_WIDTH = "\u00ad\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff"
_ORNAMENT = "\u2600-\u27bf\u25a0-\u25ff\u2b50\u2b55※\U0001f000-\U0001faff"
_GAP = f"[{_ZERO_WIDTH} \u3000·•.*_\\-~+|/]"


@dataclass(frozen=True)
class Words:
    """The words of advertising, compiled. `codes` says of a term, as folded and without gaps, how it counts."""

    fold: dict[int, str]
    codes: dict[str, str]
    core: re.Pattern[str]  # what a fragment cannot be without
    atom: re.Pattern[str]  # matches anywhere; its group is named as in `_OTHERS`, or "term"

    def letter(self, kind: str, text: str) -> str:
        """The letter of an atom that `atom` matched as `kind`: see `_TERMS` and `_OTHERS`."""
        if kind in ("term", "word"):
            return self.codes.get(plain(text), "w")
        if kind == "number":
            return "#" if not text.isdigit() else "n" if len(text) < 3 else "N"
        if kind == "contact":
            return "h" if re.search(f"[{HAN}]", text) else "x"
        if kind in ("address", "name"):
            telling = _TELLING_NAME.search(text) and (kind == "name" or _KNOWN_ENDING.search(text))
            return "d" if telling else "k" if kind == "name" else "#"
        return _OTHERS[kind]


def plain(text: str) -> str:
    """A text without what spaces its characters out."""
    return _GAPS.sub("", text)


_GAPS = re.compile(_GAP)

# A line, cut into atoms, is written with one letter for each, so that patterns of letters find fragments. A term is
# the letter of how it counts in the data, a small one where it is neither Chinese nor a number.
_TERMS = {"sure": "S", "strong": "M", "likely": "L", "hint": "I", "city": "C", "frame": "F", "joint": "&", "other": "H"}
_OTHERS = {
    "zero": "z", "space": "_", "ornament": "o", "stop": "p", "han": "H", "joiner": "-", "other": "#",
}  # fmt: skip
# Further: w a word, h a contact with Chinese in it, x another, d an address or name of advertising, k another name with
# digits, N a number of three digits or more, n a shorter one, # all else.

_LETTER_OR_DIGIT = rf"[^\W_{HAN}]"
_AT_START = rf"(?<!{_LETTER_OR_DIGIT})(?<!\d[.,])"
_WHOLE = rf"(?![.,]?\d|{_LETTER_OR_DIGIT})"
_CONTACTS = (
    "微信 薇信 威信 v信 加微 加薇 加v 加q 扣扣 电报 飞机 加赖 "
    "wechat telegram whatsapp whats|app skype qq vx wx tg line"
).split()  # fmt: skip
_ID = (
    r"(?:@[a-z]\w{4,30}"
    r"|@?(?=[a-z_-]{0,20}\d)(?!\d+(?:\D|$))[a-z0-9][a-z0-9_-]{4,30}"
    r"|(?=\+?(?:\d[ -]?){6})\+?\d{1,15}(?:[ -]\d{3,11}){0,3}(?!\d|[.,]\d|%))"
)
_CONTACT_REST = rf"(?:{_GAP}?号码|{_GAP}?[号群])?(?: ?id)?(?:(?<!line)|(?=[:：@]))[ :：{_ZERO_WIDTH}]{{0,3}}{_ID}"
_ID_SOON = r"(?=[^a-z\d\n]{0,6}(?:id)?[^a-z\d\n]{0,4}(?:@|[a-z_-]{0,20}\d))"  # a quick look for what `_ID` is
_ENDINGS = "com|net|org|cc|vip|top|xyz|club|bet|win|info|me|cn|co|tv|site|online|shop|live"
_KNOWN_ENDING = re.compile(rf"\.(?:{_ENDINGS})(?![a-z0-9-])")
_ADDRESS = r"(?:https?[:：]//)?(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,10}(?![a-z0-9-])(?:/[!-~]{0,200})?"
_TELLING_NAME = re.compile(
    r"bet\d|casino|slots|poker|porn|escort|viagra|lf\d{2}|\d{2}lf|shlf|yewang|aishanghai|longfeng|pincha|sangna|419|1314"
    r"|pk10|bocai|caipiao|\d{2,}[a-z]{0,8}\.(?:vip|top|cc|xyz|club|bet|win)\b"
)


@cache
def words() -> Words:
    """The words of advertising, compiled once."""
    data = yaml.safe_load(files("ingest").joinpath("data/advertising.yaml").read_text(encoding="utf-8"))
    fold = _folding(data["alike"].split())
    codes: dict[str, str] = {}
    for script in ("han", "latin", "other"):
        for kind, terms in data[script].items():
            for term in terms.translate(fold).split():
                chinese = term.isdigit() or re.search(f"[{HAN}]", term)
                codes.setdefault(term, _TERMS[kind] if chinese else _TERMS[kind].lower().replace("f", "i"))
    telling = (term for term, code in codes.items() if code in "SLsml")
    core = f"{_any_of((telling, _WHOLE), (_CONTACTS, _ID_SOON))}|{_KNOWN_ENDING.pattern}"
    atom = re.compile(
        f"(?P<contact>(?:[+加]{_GAP}?)?{_any_of((_CONTACTS, ''))}{_CONTACT_REST})"
        f"|(?P<address>{_ADDRESS})|(?P<term>{_any_of((codes, _WHOLE))})"
        rf"|(?P<name>[a-z]+\d[a-z\d]{{1,18}})|(?P<number>\d+(?:[.,]\d+)*%?)|(?P<zero>[{_ZERO_WIDTH}]+)|(?P<space>\s+)"
        f"|(?P<ornament>[{_ORNAMENT}][{_ORNAMENT}{_ZERO_WIDTH}]*)|(?P<stop>[、，。！？；：～｜…]+)|(?P<han>[{HAN}])"
        rf"|(?P<word>[^\W\d_{HAN}]+)|(?P<joiner>[-·•.*_~+|/,:!&'’]+)|(?P<other>.)",
        re.DOTALL,
    )
    return Words(fold, {term.replace("|", ""): code for term, code in codes.items()}, re.compile(core), atom)


def _folding(groups: Iterable[str]) -> dict[int, str]:
    """What counts as which other character: one for one, so that a folded text keeps its offsets."""
    spans = (
        (0x2100, 0x2180),
        (0x2460, 0x24EA),
        (0x2F00, 0x2FD6),
        (0xFF10, 0xFF1A),
        (0xFF21, 0xFF3B),
        (0xFF41, 0xFF5B),
        (0x1D400, 0x1D800),
        (ord("A"), ord("Z") + 1),
    )  # fmt: skip  letters in signs, circles, radicals, full width, mathematical type, and plain capitals
    odd = [*(chr(code) for span in spans for code in range(*span)), *"＠．＿－＋／"]
    table = {one: unicodedata.normalize("NFKC", one).lower() for one in odd}
    table |= {one: group[-1] for group in groups for one in group[:-1]}
    return {ord(one): to for one, to in table.items() if len(to) == 1 and to != one}


def _any_of(*groups: tuple[Iterable[str], str]) -> str:
    """A pattern of terms, the longest first, each group with what follows them. Chinese ones may be spaced out.

    It is a tree of their characters for each script, with a look at what stands there before any branch is tried.
    """
    trees: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    openings: tuple[set[str], set[str]] = set(), set()
    for terms, behind in groups:
        for term in terms:
            chinese = re.search(f"[{HAN}]", term) is not None
            branch = trees[chinese]
            for step in (*_steps(term), "" if behind == _WHOLE and chinese else behind):
                branch = branch.setdefault(step, {})
            openings[chinese].add(term[0])
    found = [
        f"(?=[{re.escape(''.join(sorted(opening)))}]){'' if chinese else _AT_START}{_grown(tree)}"
        for chinese, (tree, opening) in enumerate(zip(trees, openings, strict=True))
        if tree
    ]
    return f"(?:{'|'.join(reversed(found))})"  # "pg电子" before "pg"


def _steps(term: str) -> Iterator[str]:
    if re.search(f"[{HAN}]", term):
        yield from (f"{_GAP}{{0,2}}{one}" if place else one for place, one in enumerate(term))
    else:
        parted = f"[{_ZERO_WIDTH}·•._*-]?" if term.isdigit() else ""
        yield from (r"[\s_-]{1,2}" if one == "|" else (parted if place else "") + one for place, one in enumerate(term))


def _grown(tree: dict[str, Any]) -> str:
    """The last step of a term, which matches no character, has no branches, and comes after all longer terms."""
    branches = sorted(tree, key=lambda step: not tree[step])
    return "(?:" + "|".join(step + (_grown(tree[step]) if tree[step] else "") for step in branches) + ")"
