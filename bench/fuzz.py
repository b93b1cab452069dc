"""Bad files by the thousand: each has to give an error by name or a good document, in time and in bounds.

Run with `python bench/fuzz.py --count 10000 --seed 1`. The same seed makes the same files. Files are read as ingest
reads them, long or foreign ones in a process apart, but one after the other, so that time and memory are those of one;
and what comes of them is split into passages and the texts that are embedded.
"""

import argparse
import json
import random
import resource
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import chain, pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from ingest.embed import texts_of
from ingest.formats import ENDINGS
from ingest.formats.apart import Apart, BrokenOff
from ingest.formats.facts import is_date
from ingest.formats.front import SIDECAR
from ingest.gather import Gathered, Job, Told, read
from ingest.loaded import PAGE
from ingest.split import split
from shanghai_qa.values import Document, Tier
from tests.ingest.made import CONTAINER, HTML, PACKAGE, XHTML, epub, lines, pdf, word, zipped

MAX_SECONDS = 10.0  # of a processor, from one document or error to the next; by the clock, others may take their share
MAX_BYTES = 1_000_000_000

Dice = random.Random
Bad = tuple[str, bytes]
"""The name of a file, and what is in it."""

FRONT = "---\ntitle: Plants\npublished: 2024-03-05\ntier: primary\ntopics: [ai]\nplaces: [Pudong]\n---\n"
PROSE = "SMIC makes chips in Shanghai. In 2024 it sold 8 billion US dollars' worth. 张江的芯片企业发布新品。\n"
TEXT = f"# Plants\n\n{PROSE * 3}\n## More\n\n- one\n- two\n\n{PROSE}"


@cache
def good() -> dict[str, bytes]:
    """A small sound file of each kind."""
    pages = [lines("Report of SMIC", *[f"Line {n} of semi-" for n in range(12)], str(page)) for page in range(4)]
    files = {
        "a.md": (FRONT + TEXT).encode(),
        "b.md": TEXT.encode(),
        "c.txt": TEXT.encode(),
        "d.html": HTML.encode(),
        "e.pdf": pdf(*pages, title="Plants"),
        "f.docx": word(("Title", "Plants"), ("Heading 1", "SMIC"), ("Normal", PROSE), rows=[["a", "b"]], title="P"),
        "g.epub": epub(),
        "h.csv": f'id,title,text,date\n1,Plants,"{PROSE}",2024-03-05\n2,More,{PROSE}'.encode(),
        "i.jsonl": "\n".join(json.dumps({"id": n, "title": "Plants", "text": PROSE}) for n in range(3)).encode(),
    }
    files["j.zip"] = zipped({name: data for name, data in files.items() if len(data) < 5000})
    return files


def _any(dice: Dice) -> Bad:
    return dice.choice(list(good().items()))


# --- Ways of being bad ----------------------------------------------------------------------------------------------


def cut_off(dice: Dice) -> Bad:
    name, data = _any(dice)
    return name, data[: dice.randrange(len(data))]


def bits_flipped(dice: Dice) -> Bad:
    name, data = _any(dice)
    changed = bytearray(data)
    for _ in range(2 ** dice.randrange(8)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return name, bytes(changed)


def spliced(dice: Dice) -> Bad:
    name, data = _any(dice)
    at, length = dice.randrange(len(data)), dice.randrange(200)
    other = _any(dice)[1]
    start = dice.randrange(len(other))
    piece = dice.choice([b"", dice.randbytes(length), data[at:] * 2, other[start : start + length], b"\0" * length])
    return name, data[:at] + piece + data[at + dice.choice([0, length]) :]


def packed_anew(dice: Dice) -> Bad:
    """A container with one part that is bad in turn."""
    name = dice.choice(["f.docx", "g.epub", "j.zip"])
    with zipfile.ZipFile(BytesIO(good()[name])) as parts:
        members = {info.filename: parts.read(info) for info in parts.infolist()}
    part = dice.choice(list(members))
    data = members[part] or b"x"
    at = dice.randrange(len(data))
    members[part] = dice.choice([data[:at], b"", data[:at] + dice.randbytes(9) + data[at:], data.replace(b"<", b"<<")])
    if dice.random() < 0.3:
        del members[part]
    return name, zipped(members)


def other_ending(dice: Dice) -> Bad:
    return f"x{dice.choice(list(ENDINGS))}", _any(dice)[1]


def encrypted(dice: Dice) -> Bad:
    way = dice.choice(["pdf", "zip", "ole", "book"])
    if way == "pdf":
        return "x.pdf", pdf(lines("Secret."), password=dice.choice(["", "secret"]))
    if way == "ole":
        return dice.choice(["x.docx", "x.txt", "x.pdf"]), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + dice.randbytes(2000)
    if way == "book":
        reference = "<encryption><CipherReference URI='OPS/a.xhtml'/></encryption>"
        return "x.epub", epub(**{"META-INF/encryption.xml": reference})
    data = bytearray(good()["j.zip"])
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(mark, place + 1)
    return "x.zip", bytes(data)


@cache
def _zeros(megabytes: int) -> bytes:
    return zipped({"bomb.txt": b"a" * (megabytes * 1_000_000)})


def bomb(dice: Dice) -> Bad:
    way = dice.choice(["flat", "nested", "deep", "overlapping", "many", "lying", "docx", "epub", "entities", "pdf"])
    if way == "flat":
        return "x.zip", _zeros(dice.choice([1, 2, 20, 100]))
    if way == "nested":
        inner = zipped({f"{n}.txt": TEXT * 100 for n in range(20)})
        return "x.zip", zipped({f"{n}.zip": zipped({f"{m}.zip": inner for m in range(4)}) for n in range(4)})
    if way == "deep":
        data = good()["j.zip"]
        for _ in range(dice.randrange(2, 8)):
            data = zipped({"x.zip": data}, zipfile.ZIP_STORED)
        return "x.zip", data
    if way == "overlapping":
        return "x.zip", _overlapping(dice.choice([2, 100, 5000]))
    if way == "many":
        return "x.zip", zipped({f"{n}.txt": "" for n in range(dice.choice([100, 3000]))}, zipfile.ZIP_STORED)
    if way == "lying":
        return "x.zip", _with_size(good()["j.zip"], dice.choice([0, 1, 2**31, 2**32 - 1]))
    if way == "docx":
        return "x.docx", zipped({"[Content_Types].xml": "", "word/document.xml": b" " * 50_000_000})
    if way == "epub":
        return "x.epub", epub(**{"OPS/a.xhtml": XHTML.format("<p>a</p>" * dice.choice([10, 100_000, 1_000_000]))})
    if way == "entities":
        return "x.epub", epub(**{"OPS/a.xhtml": _laughs(XHTML.format("&l9;")), "OPS/book.opf": _laughs(PACKAGE)})
    return "x.pdf", _pdf_with(b"BT /F 9 Tf <0041> Tj ET\n" * dice.choice([10, 100_000, 3_000_000]))


def path_trick(dice: Dice) -> Bad:
    names = [
        "../evil.md", "/etc/evil.md", "a/../../evil.md", "..\\evil.md", "C:\\evil.md", "C:evil.md", "a//b.md", "./a.md",
        "a\0.md", "\ud7ff.md", "a" * 5000 + ".md", "/" * 300 + "a.md", "con.md", ".md", "a/.md", "a\nb.md", "..",
        "张江.md", "a\u202eb.md", "~/a.md", "-rf.md", "$(x).md", "%2e%2e/a.md", "a.md/", "README.md", "a.md.meta.yaml",
        ".txt",
    ]  # fmt: skip
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in dice.sample(names, 5):
            info = zipfile.ZipInfo(name)
            info.filename = name
            if dice.random() < 0.2:
                info.external_attr = 0o120777 << 16
            file.writestr(info, dice.choice([TEXT, "/etc/passwd"]))
    return "x.zip", out.getvalue()


def deep(dice: Dice) -> Bad:
    depth = dice.choice([50, 300, 3000, 50_000])
    tag = dice.choice(["div", "table", "ul", "b", "p", "blockquote", "span", "tr", "font", "li", "h2"])
    nested = f"<{tag}>" * depth + "word" + f"</{tag}>" * dice.choice([0, depth])
    opening, closing = dice.choice([("[", "]"), ('{"text":', "}"), ('{"a":', "}"), ("{a: ", "}"), ("- ", "")])
    json_like = opening * depth + '"x"' + closing * dice.choice([0, depth])
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    linked = '<script type="application/ld+json">' + json_like + "</script>"
    return dice.choice(
        [
            ("x.html", f"<html><body>{nested}<p>{PROSE}</p></body></html>".encode()),
            ("x.html", f"<html><head>{linked}</head><body><p>{PROSE}</p></body></html>".encode()),
            ("x.epub", epub(**{"OPS/a.xhtml": XHTML.format(nested)})),
            ("x.docx", _word_with(f"<w:{tag}>" * depth)),
            ("x.docx", _word_with("<w:tbl><w:tr><w:tc>" * min(depth, 80) + "<w:p><w:r><w:t>x</w:t></w:r></w:p>")),
            ("x.jsonl", f"{json_like}\n{json.dumps({'text': PROSE})}\n".encode()),
            ("x.jsonl", f'{{"text": "x", "authors": {json_like}}}\n'.encode()),
            ("x.md", f"---\ntitle: {json_like}\n---\n{TEXT}".encode()),
            ("x.md", f"---\n{json_like}\n---\n{TEXT}".encode()),
            ("x.md", f"---\na0: &a0 [x]\n{laughs}\ntitle: *a8\n---\n{TEXT}".encode()),
            ("x.md", (FRONT + "> " * min(depth, 3000) + "- " * 100 + "x\n").encode()),
            ("x.pdf", _pdf_with(b"q " * depth + b"[" * depth + b"<<" * depth)),
            ("x.pdf", good()["e.pdf"].replace(b"/Kids [", b"/Kids " + b"[" * depth)),
            ("x.pdf", good()["e.pdf"].replace(b"/Kids [", b"/Kids [ 1 0 R 2 0 R")),
        ]
    )


def wrong_type(dice: Dice) -> Bad:
    odd: list[object] = [
        None,
        0,
        -1,
        1e400,
        True,
        [],
        {},
        [[]],
        {"a": 1},
        "",
        " ",
        "\ud800",
        "x" * 400,
        "\0",
        [1, None],
        10**400,
    ]
    fields = ["text", "title", "url", "date", "publisher", "authors", "tier", "topics", "places", "id", "\ud7ff"]
    if dice.random() < 0.4:
        record = {"text": PROSE} | {name: dice.choice(odd) for name in dice.sample(fields, 5)}
        rows = [json.dumps(record), dice.choice(["", "null", "3", "[]", "{", '"x"', "NaN", '{"text": }'])]
        return "x.jsonl", "\n".join(dice.sample(rows, 2)).encode("utf-8", "surrogatepass")
    cells = [
        dice.choice(["x", "", '"', '"a""b"', "a;b", "\0", "9" * 300, "\r", '"\n"', "2024-13-40"]) for _ in range(12)
    ]
    yaml = "\n".join(f"{dice.choice(fields)}: {json.dumps(dice.choice(odd))}" for _ in range(4))
    return dice.choice(
        [
            ("x.csv", ("text,title,date,id\n" + ",".join(cells) + "\n" + PROSE).encode()),
            ("x.tsv", ("text\ttitle\n" + "\t".join(cells) + "\n").encode()),
            ("x.csv", (",".join(cells) + "\n" + ",".join(cells)).encode()),
            ("x.md", f"---\n{yaml}\n---\n{TEXT}".encode()),
            (
                "x.epub",
                epub(**{"META-INF/container.xml": CONTAINER.replace("OPS/book.opf", dice.choice(["", "..", "x"]))}),
            ),
            ("x.epub", epub(**{"OPS/book.opf": PACKAGE.replace("href", dice.choice(["id", "x"]))})),
            ("x.epub", epub(**{"OPS/a.xhtml": dice.choice(["", "<", "\0", "<p>", "%PDF-1.4"])})),
            ("x.docx", zipped({"[Content_Types].xml": dice.choice(["", "<Types/>", "<a"])})),
            ("x.pdf", good()["e.pdf"].replace(b"/Contents", dice.choice([b"/Nothing", b"/Parent", b"/Kids"]))),
            ("x.pdf", good()["e.pdf"].replace(b"/Count 4", dice.choice([b"/Count -1", b"/Count 4e9", b"/Count (x)"]))),
            ("x.pdf", good()["e.pdf"].replace(b"/MediaBox", b"/Type 3 0 R /MediaBox")),
            ("x.pdf", good()["e.pdf"].replace(b"/ToUnicode", dice.choice([b"/ToNothing", b"/DW"]))),
        ]
    )


def giant_line(dice: Dice) -> Bad:
    length = dice.choice([100_000, 900_000, 1_100_000, 4_000_000])
    unit = dice.choice(
        ["a", " ", "word ", "张", "。", "a.", "- ", "# ", "|", "\t", "1,", '"', "<b>", "&amp;", "@", "9-", "(", "“"]
    )
    line = (unit * length)[:length]
    return dice.choice(
        [
            ("x.txt", line.encode()),
            ("x.txt", f"{PROSE}{line}\n{PROSE}".encode()),
            ("x.md", f"{FRONT}{line}".encode()),
            ("x.md", f"---\ntitle: {line}\n---\n{TEXT}".encode()),
            ("x.html", f"<html><body><p>{line}</p></body></html>".encode()),
            ("x.html", f"<html><head><title>{line}</title></head><body><p>{PROSE}</p></body></html>".encode()),
            ("x.html", f"<html><body><p class='{line}'>{PROSE}</p></body></html>".encode()),
            ("x.csv", f"text,title\n{line},x\n".encode()),
            ("x.csv", f"{line},text\n{line},{PROSE}".encode()),
            ("x.jsonl", json.dumps({"text": line, "title": line}).encode()),
            ("x.jsonl", (line + "\n" + json.dumps({"text": PROSE})).encode()),
            ("x.txt", ("\n" * length).encode()),
            ("x.txt", (f"{unit}\n" * (length // 10)).encode()),
            ("x.pdf", pdf([(72, 700, 10, line[:50_000])])),
            ("x.docx", word(("Normal", line[:200_000]))),
        ]
    )


def wrong_encoding(dice: Dice) -> Bad:
    name, data = dice.choice([each for each in good().items() if each[0][0] in "abcdhi"])
    coded = dice.choice(
        ["gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "shift-jis", "cp1252", "utf-7"]
    )
    changed = data.decode().encode(coded, "replace")
    mixed = data + changed if dice.random() < 0.2 else changed
    return name, mixed


def nothing(dice: Dice) -> Bad:
    data = dice.choice(
        [
            b"", b"\0", b"\0" * 5000, b"\n", b" " * 100, b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff\0", b"---\n---\n",
            b"%PDF-1.7", b"%PDF-1.7\n%%EOF", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04", b"<html>", b"<!doctype html>",
            b"{}", b"[]", b"text\n", b"text,title\n,,\n", b"\x89PNG\r\n", PAGE.encode(), "\u200b".encode(), b"#",
            b"---", b"\xff" * 99,
        ]
    )  # fmt: skip
    return f"x{dice.choice(list(ENDINGS))}", data


def noise(dice: Dice) -> Bad:
    opening = dice.choice([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"<html>", b"---\n", b"{", b"text,title\n"])
    return f"x{dice.choice(list(ENDINGS))}", opening + dice.randbytes(dice.choice([10, 1000, 50_000]))


def hard_on_patterns(dice: Dice) -> Bad:
    """Text that is short of what patterns look for, again and again."""
    pieces = [
        "a-", "1.", "1,", "((", "[[", "**", "_a", "&a", "<a", "“a", "微信", "QQ1", "+86 ", "13", "@a", "http://",
        "\u200b", "e\u0301", "\ud7ff", "# ", "| ", "- ", "…", "Mr. ", "U.S.", "\xad", "。", " \n", "\r", PAGE,
    ]  # fmt: skip
    text = "".join(dice.choices(pieces, k=3)) * dice.choice([100, 3000, 30_000])
    return dice.choice([("x.txt", text.encode()), ("x.md", (FRONT + text).encode()), ("x.html", f"<p>{text}".encode())])


def bad_sidecar(dice: Dice) -> Bad:
    """A sound file; what stands beside it in a ZIP file is bad."""
    name, data = _any(dice)
    yaml = dice.choice([b"", b"\xff", b"tier: gold", b"- a", b"{" * 5000, b"title: [", b"a: &a [*a]", b"x" * 50_000])
    return "x.zip", zipped({name: data, name + SIDECAR: yaml})


WAYS: tuple[Callable[[Dice], Bad], ...] = (
    cut_off, bits_flipped, spliced, packed_anew, other_ending, encrypted, bomb, path_trick, deep, wrong_type,
    giant_line, wrong_encoding, nothing, noise, hard_on_patterns, bad_sidecar,
)  # fmt: skip
_OFTEN: dict[Callable[[Dice], Bad], int] = {cut_off: 4, bits_flipped: 4, spliced: 4, packed_anew: 2}


def _overlapping(times: int) -> bytes:
    """A ZIP file whose directory names its one member many times."""
    data = zipped({"0.txt": TEXT})
    start = data.rfind(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    entry = data[start:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, times, times, len(entry) * times, start, 0)
    return data[:start] + b"".join(entry.replace(b"0.txt", b"%05d" % n) for n in range(times)) + tail


def _with_size(data: bytes, size: int) -> bytes:
    """A ZIP file that says each member unpacks to `size` bytes."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(mark)
        while place >= 0:
            changed[place + at : place + at + 4] = struct.pack("<L", size)
            place = data.find(mark, place + 1)
    return bytes(changed)


def _laughs(xml: str) -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'
    return xml.replace("?>", f"?>{declared}", 1)


def _word_with(body: str) -> bytes:
    """A Word document with that in its body."""
    with zipfile.ZipFile(BytesIO(good()["f.docx"])) as parts:
        members = {info.filename: parts.read(info) for info in parts.infolist()}
    members["word/document.xml"] = members["word/document.xml"].replace(b"<w:body>", f"<w:body>{body}".encode())
    return zipped(members)


def _pdf_with(content: bytes) -> bytes:
    """A PDF of one page that draws that."""
    packed = zlib.compress(content)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % (n, each) for n, each in enumerate(objects, start=1))
    return out + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF"


# --- Reading them ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of a file: `wrong` says why that is neither a good document nor an error by name."""

    way: str
    name: str
    documents: int
    errors: tuple[str, ...]
    stopped: bool
    wrong: str | None
    seconds: float
    clock: float
    bytes: int


@dataclass(frozen=True)
class Cost:
    """What reading a file took: at most so many seconds from one value to the next, and bytes."""

    seconds: float
    bytes: int


Value = Told | str | Cost


def run(count: int, seed: int, folder: Path) -> Iterator[Outcome]:
    """Make so many files, one after the other, and read each."""
    ways = [way for way in WAYS for _ in range(_OFTEN.get(way, 1))]
    with Apart(measured, 1) as apart:
        for number in range(count):
            dice = Dice(f"{seed}-{number}")
            way = dice.choice(ways)
            name, data = way(dice)
            path = folder / f"{number}-{name}"
            path.write_bytes(data)
            yield _outcome(way.__name__, path, apart)
            path.unlink()


def measured(job: Job, tell: Callable[[Value], None]) -> None:
    """`read`, split, and then tell what it cost: seconds, and bytes beyond those that the process held before."""
    with suppress(OSError):  # no Linux: then it is the most that this process ever held
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before, times = _held(), [time.process_time()]

    def timed(value: Value) -> None:
        if isinstance(value, Told):
            _split(value.gathered.document)
        times.append(time.process_time())
        tell(value)

    read(job, timed)
    times.append(time.process_time())
    tell(Cost(max(end - start for start, end in pairwise(times)), _held() - before))


def _split(document: Document) -> None:
    """Make the passages and the texts that ingest would; ValueError where a sentence is not where it is said to be."""
    for passage in split(document, lambda text: len(text) // 3, 256):
        if not all(0 <= span.start < span.end <= len(document.text) for span in passage.sentences):
            raise ValueError(f"{passage.id} has a sentence that is not in its document")
        texts_of(document, passage)


def _held() -> int:
    """The most bytes that this process held since that was last set back."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _outcome(way: str, path: Path, apart: Apart[Job, Value]) -> Outcome:
    job = Job(path, path.name, path.name, path.stem, path.stat().st_size)
    started = time.perf_counter()
    told: list[Value | BrokenOff] = []
    crash = None
    try:
        if job.is_short:
            measured(job, told.append)
        else:
            told += apart.give(job)
    except Exception as error:  # what this is here to find
        crash = f"{type(error).__name__}: {error}"
    clock = time.perf_counter() - started
    cost = next((each for each in told if isinstance(each, Cost)), Cost(clock, 0))
    broken = [each.why for each in told if isinstance(each, BrokenOff)]
    errors = tuple(each for each in told if isinstance(each, str)) + tuple(f"{path.name}: {why}" for why in broken)
    found = [each.gathered for each in told if isinstance(each, Told)]
    wrong = crash or _wrong(path.name, errors, found, cost)
    stopped = any("cannot be read within" in error for error in errors)
    return Outcome(way, path.name, len(found), errors, stopped, wrong, cost.seconds, clock, cost.bytes)


def _wrong(name: str, errors: tuple[str, ...], found: list[Gathered], cost: Cost) -> str | None:
    if not errors and not found:
        return "neither a document nor an error"
    if unnamed := [error for error in errors if not error.startswith(name) or "\n" in error]:
        return f"an error that does not name it: {unnamed[0]}"
    if died := [error for error in errors if "ended the process" in error]:
        return died[0]
    if cost.bytes > MAX_BYTES:
        return f"{cost.bytes / 1e6:,.0f} MB"
    if cost.seconds > MAX_SECONDS:
        return f"{cost.seconds:.1f} s"
    return next(filter(None, map(flaw, found)), None)


def flaw(gathered: Gathered) -> str | None:
    """What is wrong with a document, if anything is."""
    document = gathered.document
    if not document.text.strip() or not document.title.strip():
        return "no text, or no title"
    if PAGE in document.text + document.title:
        return "a mark of a page in the text"
    if document.published is not None and not is_date(document.published):
        return f"published {document.published!r}"
    if not isinstance(document.tier, Tier):
        return f"tier {document.tier!r}"
    if list(document.pages) != sorted(document.pages) or not all(0 <= p < len(document.text) for p in document.pages):
        return "pages out of order or range"
    try:
        repr(document).encode()
        document.text.encode()
    except UnicodeEncodeError:
        return "text that cannot be written"
    return None


def table(outcomes: Iterable[Outcome]) -> Table:
    """How files of each way came out."""
    rows: dict[str, list[Outcome]] = {way.__name__: [] for way in WAYS}
    for outcome in outcomes:
        rows[outcome.way].append(outcome)
    names = "files documents errors stopped wrong longest clock memory".split()
    shown = Table(Column("way", no_wrap=True), *names, box=None)
    for way, some in [*rows.items(), ("all", list(chain.from_iterable(rows.values())))]:
        good_ones = sum(outcome.documents > 0 for outcome in some)
        shown.add_row(
            way.replace("_", " "),
            *(f"{number:,}" for number in (len(some), good_ones, len(some) - good_ones)),
            f"{sum(outcome.stopped for outcome in some):,}",
            f"{sum(outcome.wrong is not None for outcome in some):,}",
            f"{max((outcome.seconds for outcome in some), default=0):.2f} s",
            f"{max((outcome.clock for outcome in some), default=0):.2f} s",
            f"{max((outcome.bytes for outcome in some), default=0) / 1e6:,.0f} MB",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for outcome in run(given.count, given.seed, Path(folder)):
            outcomes.append(outcome)
            if outcome.wrong:
                print(f"{outcome.way} {outcome.name}: {outcome.wrong}", file=sys.stderr)
    Console().print(table(outcomes))
    sys.exit(any(outcome.wrong for outcome in outcomes))


if __name__ == "__main__":
    main()
