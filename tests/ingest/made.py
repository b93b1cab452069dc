"""Small files of each format, made up for tests."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO

from docx import Document
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject

HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>SMIC opens a plant - Shanghai Daily</title>
<meta property="og:site_name" content="Shanghai Daily"><link rel="canonical" href="https://www.example.org/biz/1.html">
<meta name="author" content="Li Wei; Wang Fang">
<meta property="article:published_time" content="2024-03-05T08:00:00+08:00"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/b">Business</a></li></ul></nav>
<article><h1>SMIC opens a plant</h1>
<p>SMIC (中芯国际) opened a <b>new</b> plant in <a href="/l">Lingang</a> in March.</p>
<h2>Capacity</h2><p>The plant makes 100,000 wafers a month.<br>It cost 8.9 billion US dollars.</p>
<ul><li>First phase: 2024</li><li>Second phase: 2026</li></ul>
<table><tr><th>Year</th><th>Wafers</th></tr><tr><td>2024</td><td>100,000</td></tr></table></article>
<footer>Copyright 2024</footer></body></html>"""

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Chips of Shanghai</dc:title>
<dc:creator>Li Wei</dc:creator><dc:creator>Wang Fang</dc:creator><dc:publisher>Made Press</dc:publisher>
<dc:date>2023-05-01T00:00:00Z</dc:date></metadata>
<manifest><item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="b%20two.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
XHTML = """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>
<body>{}</body></html>"""

At = tuple[float, float, float, str]
"""A text on a page: from the left, from below, the size of its letters."""


def zipped(members: Mapping[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", packing) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def epub(**parts: str) -> bytes:
    """A book of two chapters; `parts` replace, by path with "_" for "/" and ".", or are added to, its own."""
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": PACKAGE,
        "OPS/nav.xhtml": XHTML.format("<p>Contents</p>"),
        "OPS/a.xhtml": XHTML.format("<h1>Makers</h1><p>SMIC makes chips.</p>"),
        "OPS/b two.xhtml": XHTML.format("<h1>Money</h1><p>The fund holds 34 billion yuan.</p>"),
    }
    return zipped(members | parts)


def word(*paragraphs: tuple[str, str], rows: Sequence[Sequence[str]] = (), title: str = "", author: str = "") -> bytes:
    """A Word document of paragraphs, each with the name of its style, and a table."""
    document = Document()
    document.core_properties.title, document.core_properties.author = title, author
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def pdf(*pages: Sequence[At], title: str | None = None, password: str | None = None, bold: Sequence[str] = ()) -> bytes:
    """A PDF of texts that stand somewhere on pages; those in `bold` are in bold type."""
    writer = PdfWriter()
    for texts in pages:
        page = writer.add_blank_page(612, 792)
        drawn = "\n".join(
            f"BT /{'B' if text in bold else 'F'} {size} Tf 1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj ET"
            for x, y, size, text in texts
        )
        content = DecodedStreamObject()
        content.set_data(drawn.encode())
        used = "".join(text for *_, text in texts)
        fonts = DictionaryObject({NameObject("/F"): _font("/Made", used), NameObject("/B"): _font("/Made-Bold", used)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = writer._add_object(content)
    if title is not None:
        writer.add_metadata({"/Title": title, "/Author": "Li Wei"})
    if password is not None:
        writer.encrypt(password, algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def lines(*texts: str, top: float = 700, distance: float = 14, size: float = 10) -> list[At]:
    """Lines of text one below the other."""
    return [(72, top - number * distance, size, text) for number, text in enumerate(texts)]


def _font(name: str, used: str) -> DictionaryObject:
    """A font for the characters used, in which each code is the character of Unicode that it stands for."""
    pairs = "\n".join(f"<{ord(one):04x}> <{ord(one):04x}>" for one in sorted(set(used)))
    codes = DecodedStreamObject()
    codes.set_data(
        "begincmap\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{len(set(used))} beginbfchar\n{pairs}\nendbfchar\nendcmap".encode()
    )
    letters = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/CIDFontType2"),
            NameObject("/BaseFont"): NameObject(name),
            NameObject("/DW"): NumberObject(500),
        }
    )
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type0"),
            NameObject("/BaseFont"): NameObject(name),
            NameObject("/Encoding"): NameObject("/Identity-H"),
            NameObject("/DescendantFonts"): ArrayObject([letters]),
            NameObject("/ToUnicode"): codes,
        }
    )
