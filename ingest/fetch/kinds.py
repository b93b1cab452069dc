"""What an answer is, by its Content-Type and its first bytes, and whether ingest reads that.

The first bytes win, as servers call a PDF text/html and a feed text/plain. A kind is written as the ending of file
names that stands for it, by which the loaders of formats go.
"""

import re
from pathlib import PurePosixPath

LISTING = ".xml"  # a sitemap or feed
ZIPPED = ".gz"  # a sitemap, perhaps
HEAD_BYTES = 4096  # that decide

_KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/csv": ".csv",
    "application/jsonl": ".jsonl",
    "application/jsonlines": ".jsonl",
    "application/x-jsonlines": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
}
_VAGUE = ("", "text/plain", "application/octet-stream", "binary/octet-stream", "application/gzip", "application/x-gzip")
_TEXTS = (".html", ".htm", ".xhtml", ".md", ".markdown", ".txt", ".csv", ".tsv", ".jsonl", ".ndjson")
_ARCHIVES = (".docx", ".epub", ".zip")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_LISTS = ("urlset", "sitemapindex", "rss", "rdf", "feed")


def could_be_read(content_type: str | None) -> bool:
    """Whether an answer of that type is worth being read on."""
    declared = _bare(content_type)
    return declared in _KINDS or declared in _VAGUE or _is_xml(declared)


def kind(content_type: str | None, path: str, head: bytes) -> str | None:
    """The kind of an answer to a request for `path` that begins with `head`; None if ingest does not read it."""
    declared, name = _bare(content_type), PurePosixPath(path).suffix.lower()
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    if head.startswith(b"PK\x03\x04"):
        return next((each for each in (_KINDS.get(declared), name) if each in _ARCHIVES), ".zip")
    if head.startswith(b"\x1f\x8b"):
        return ZIPPED
    if _is_binary(content_type or "", head):
        return None
    root = _root(head)
    if root in _LISTS:
        return LISTING
    if root == "html":
        return ".html"
    if declared in _VAGUE:
        return name if name in _TEXTS else ".txt"
    return _KINDS[declared] if _KINDS.get(declared) in _TEXTS else None


def _bare(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _is_xml(declared: str) -> bool:
    return declared in ("application/xml", "text/xml") or declared.endswith("+xml")


def _is_binary(content_type: str, head: bytes) -> bool:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or re.search("utf-?(16|32)", content_type, re.IGNORECASE)
    return b"\0" in head and not wide


def _root(head: bytes) -> str | None:
    """The name of the first element, in lower case and without its prefix; None for what does not begin like XML."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not text.startswith(b"<"):
        return None
    found = re.search(rb"<(?:!doctype\s+)?(?:[a-z_][\w.-]*:)?([a-z_][\w.-]*)", _COMMENT.sub(b"", text).lower())
    return found[1].decode() if found else None
