"""Web pages: the main text of one, without menus, comments and footers, and what its head says of it."""

import re
from collections.abc import Iterator

from trafilatura import bare_extraction
from trafilatura.settings import Document

from ingest.formats.facts import said
from ingest.formats.file import File
from ingest.formats.markup import body, markdown
from ingest.loaded import Loaded

_CHARSET = re.compile(rb"""<meta[^>]{1,200}?charset\s*=\s*["']?\s*([\w.:-]{2,30})""", re.IGNORECASE)
_DATES = {"original_date": True, "extensive_search": False}  # when it was published, and no date that stands about


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    """The main text; of a page in which none stands out, all of its text."""
    named = _CHARSET.search(file.head)
    text = file.text(named[1].decode() if named else None)
    page = bare_extraction(
        text, output_format="html", include_comments=False, with_metadata=True, date_extraction_params=_DATES
    )
    if not isinstance(page, Document) or page.body is None:
        yield "", Loaded(markdown(body(text)))
        return
    facts = said(page.title, page.sitename, page.author, page.url, page.date)
    yield "", Loaded(markdown(page.body) or markdown(body(text)), facts)
