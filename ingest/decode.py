"""Makes text of the bytes of a file, in whatever encoding they are, and mends text that was decoded wrongly before.

Bytes go in; text comes out, without a byte order mark. What is UTF-8 is UTF-8, whatever it is declared to be; otherwise
the declared encoding is believed where its text is as likely as that of the encoding that the bytes look like. Files in
which paragraphs of two encodings were put together are decoded line by line. Text that is right is never changed.
"""

import codecs
import re
from functools import cache

import chardet
from ftfy import TextFixerConfig, fix_encoding
from ftfy.badness import badness, is_bad

from shanghai_qa.errors import CorpusError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"\x84\x31\x95\x33", "gb18030"),
)  # fmt: skip
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "big5hkscs": "cp950",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "euc_jis_2004": "euc_jp",
    "euc_kr": "cp949",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
}  # fmt: skip  what pages that declare the one are written in
_LIKELY = (
    "gb18030", "big5hkscs", "cp932", "euc_jis_2004", "cp949", "cp1252", "cp1250", "cp1251", "koi8-r", "cp1253",
    "cp1254",
)  # fmt: skip
_SAMPLE = 200_000  # bytes that tell the encoding
_NOT_TEXT = 0.02  # share of control characters, or of bytes that no encoding takes, from which it is none


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of the bytes; `declared` is what a header or the file says of its encoding, and may be wrong.

    Single bytes that the encoding does not take become U+FFFD. CorpusError for what is not text.
    """
    text = _decoded(data, _codec(declared))
    controls = len(_CONTROLS.findall(text))
    if "\x00" in text or controls > max(2, _NOT_TEXT * len(text)):
        raise _not_text("it holds NUL bytes" if "\x00" in text else "it holds control characters")
    if text.count("\ufffd") > max(4, _NOT_TEXT * len(text)):
        raise _not_text("its bytes fit no encoding")
    return mended(text)


_CONTROLS = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def _not_text(why: str) -> CorpusError:
    return CorpusError(f"it is not text ({why}); save it as text in UTF-8, or in a format that ingest reads")


def _codec(name: str | None) -> str | None:
    """Python's name of a declared encoding, or of one that holds it; None for one that there is not."""
    try:
        found = codecs.lookup((name or "").strip(" \"';")).name
        "".encode(found)  # some only turn bytes into bytes
    except (LookupError, ValueError):
        return None
    return _WIDER.get(found, found)


def _decoded(data: bytes, declared: str | None) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if wide := _wide(data, declared):
        return wide
    if declared and declared.startswith("iso2022") and b"\x1b" in data:
        return data.decode(declared, "replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data, declared)
    return _believed(data, declared) or text


# --- UTF-16 and UTF-32 without a mark -------------------------------------------------------------------------------


def _wide(data: bytes, declared: str | None) -> str | None:
    """The text where the bytes are two or four to a character: half of them NUL, or pairs that are all Chinese."""
    without_nul = b"\x00" not in data[:_SAMPLE]
    if len(data) < 4 or (without_nul and _is_utf8(data)):
        return None
    best, most = None, 0.9
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        whole = data[: len(data) - len(data) % (4 if "32" in encoding else 2)]
        sample = whole[:_SAMPLE].decode(encoding, "replace")
        usual = _usual(sample) + (0.05 if declared and encoding.startswith(declared) else 0)
        korean = without_nul and _HANGUL.search(sample)  # Korean has blanks, and so NUL bytes; GBK looks like it
        if usual > most and "\x00" not in sample and not korean:
            best, most = whole.decode(encoding, "replace"), usual
    return best


_HANGUL = re.compile("[\uac00-\ud7a3]")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# --- Encodings before Unicode ---------------------------------------------------------------------------------------


def _believed(data: bytes, declared: str | None) -> str | None:
    """The text as declared, where the bytes would be UTF-8 by chance: a few Chinese characters in two bytes each."""
    if declared not in ("gb18030", "cp950") or not re.search(rb"[\xc2-\xdf][\x80-\xbf]", data):
        return None
    high = re.findall(rb"[\x80-\xff]+", data)
    if max(map(len, high)) > 12 or min(map(len, high)) < 4 or re.search(rb"[\xe0-\xff]", data):
        return None
    text = _strict(data, declared)
    return text if text and _usual(text) == 1 else None


def _legacy(data: bytes, declared: str | None) -> str:
    """Decode what is not UTF-8, or not throughout: lines that are UTF-8 as that, the others as what they look like."""
    lines = data.split(b"\n")
    others = [line for line in lines if not line.isascii() and not _is_nearly_utf8(line)]
    guess = _guess(b"\n".join(others)[:_SAMPLE], declared) if others else "utf-8"
    return "\n".join(_line(line, guess) for line in lines)


def _line(line: bytes, guess: str) -> str:
    by_chance = guess in ("gb18030", "cp950") and _TWO_BYTES_ALONE.fullmatch(line)
    if by_chance and (text := _strict(line, guess)) and _usual(text) == 1:
        return text
    return line.decode("utf-8" if _is_nearly_utf8(line) else guess, "replace")


_TWO_BYTES_ALONE = re.compile(rb"(?:[\x00-\x7f]|(?<![A-Za-z])(?:[\xc2-\xdf][\x80-\xbf])+(?![A-Za-z]))*")


def _is_nearly_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8 but for a few bytes, as where a file was cut off."""
    text = line.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return not broken or broken * 4 <= sum(character > "\u07ff" for character in text) - broken


def _guess(data: bytes, declared: str | None) -> str:
    """The encoding that the bytes look like; the declared one where its text is as likely."""
    found = chardet.detect(data, include_encodings=_LIKELY)["encoding"]
    guess = _codec(found) or "cp1252"
    if _in_words(data):
        guess = "cp1252" if declared is None or not declared.startswith(("cp125", "iso8859", "koi8")) else declared
    if declared is None or declared == guess or declared.startswith(("utf", "iso2022")):
        return guess
    text, other = _strict(data, declared), _strict(data, guess)
    if text is None:
        return guess
    of_one_byte = declared.startswith(("cp125", "iso8859", "koi8", "mac"))
    if other is not None and (
        of_one_byte != guess.startswith(("cp125", "koi8")) or _usual(text) < _usual(other) - 0.02
    ):
        return guess
    return declared


def _in_words(data: bytes) -> bool:
    """Whether the bytes beyond ASCII stand one by one among others, as accents and quotation marks do."""
    runs = re.findall(rb"[\x80-\xff]+", data)
    return bool(runs) and sum(len(run) == 1 for run in runs) >= 0.9 * len(runs) and len(data) > 3 * len(runs)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


@cache
def _common() -> frozenset[str]:
    """The characters in frequent use: the first levels of GB 2312 (by sound) and of Big5 (by strokes), and kana."""
    simplified = (bytes((lead, trail)) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF))
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    traditional = (bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails)
    return frozenset(
        "".join(pair.decode("gb2312", "ignore") for pair in simplified)
        + "".join(pair.decode("big5", "ignore") for pair in traditional)
    )


_EXPECTED = re.compile(
    "[\t\n\r -~\xa0-\xff\u2010-\u2027\u2030-\u203a\u20ac\u2122\u3000-\u30ff\uac00-\ud7a3\uff01-\uffee]"
)


def _usual(text: str) -> float:
    """Share of characters that texts are commonly made of; 1 for an empty one."""
    common = _common()
    usual = sum(character in common or _EXPECTED.match(character) is not None for character in text)
    return usual / len(text) if text else 1.0


# --- Text decoded wrongly before ------------------------------------------------------------------------------------

_AS_IS = TextFixerConfig(
    unescape_html=False, remove_terminal_escapes=False, fix_latin_ligatures=False, fix_character_width=False,
    uncurl_quotes=False, fix_line_breaks=False, remove_control_chars=False, normalization=None, explain=False,
)  # fmt: skip
_BYTES_AS_LETTERS = re.compile("[\x80-\xff]{6,}")
_READ_AS_CHINESE = re.compile("[\u0080-\uffff]{2,}")


def mended(text: str) -> str:
    """The text with what an earlier program misread put right, where it can be told for sure: "â€™" is "’".

    UTF-8 read as windows-1252, Latin-1 or the like (ftfy), UTF-8 read as GBK, and GBK read as Latin-1.
    """
    if text.isascii():
        return text
    return "\n".join(line if line.isascii() else _mended(line) for line in text.split("\n"))


def _mended(line: str) -> str:
    line = _BYTES_AS_LETTERS.sub(lambda run: _from_latin(run[0]), line)
    line = _READ_AS_CHINESE.sub(lambda run: _from_chinese(run[0]), line)
    if not is_bad(line):
        return line
    fixed = fix_encoding(line, _AS_IS)
    return fixed if badness(fixed) * 4 <= badness(line) else line


def _from_latin(run: str) -> str:
    """GBK that was read as Latin-1: six letters beyond ASCII in a row that make three common Chinese characters."""
    text = _strict(run.encode("latin-1"), "gb2312")
    return text if text and all(character in _common() for character in text) else run


def _from_chinese(run: str) -> str:
    """UTF-8 that was read as GBK: rare characters whose bytes are common characters, or signs, in UTF-8."""
    rare = sum(character not in _common() and not _EXPECTED.match(character) for character in run)
    if not rare or rare * 4 < len(run):
        return run
    try:
        text = run.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return run
    beyond = [character for character in text if not character.isascii()]
    sure = all(character in _common() or _SIGN.match(character) for character in beyond)
    return text if sure and len(beyond) * 3 >= len(run) else run


_SIGN = re.compile("[\u2013-\u2026\u20ac\u3001-\u3011\uff01-\uff5e]")
