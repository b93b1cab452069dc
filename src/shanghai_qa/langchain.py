"""An assistant as a LangChain retriever: a question in, the passages that speak of it out as LangChain `Document`s.

An `Assistant` itself is a LangChain `Runnable`, whose answers are proven. This is for those who build their own chain
on the same search, and then prove for themselves.
"""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from shanghai_qa.assistant import Assistant
from shanghai_qa.values import NO_FILTERS, Filters, Hit


class PassageRetriever(BaseRetriever):
    """Gives at most `limit` passages of the documents that `filters` admit, best first, as `Assistant.search` does.

    `page_content` is the exact text of the source from `start` to `end`, so that any part of it can be cited by its
    offsets; the metadata is that of `metadata_of`.

    >>> retriever = PassageRetriever(assistant=Assistant.open(), limit=3)
    >>> found = retriever.invoke("How many startups are in Quantum Valley?")[0]
    >>> found.metadata["source"], found.metadata["tier"]
    ('report/port-to-tech-leader', 'unverified')
    >>> text = retriever.assistant.document(found.metadata["source"]).text
    >>> text[found.metadata["start"] : found.metadata["end"]] == found.page_content
    True
    """

    assistant: Assistant
    limit: int = Field(default=8, ge=1)
    filters: Filters = NO_FILTERS

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        hits = self.assistant.search(query, filters=self.filters, limit=self.limit)
        return [
            Document(page_content=hit.text, id=f"{hit.source.id}#{hit.start}", metadata=metadata_of(hit))
            for hit in hits
        ]


def metadata_of(hit: Hit) -> dict[str, Any]:
    """What a hit says beside its text, flat and of plain values; what a source lacks is None.

    `source` is the document's id; `sentences` are [start, end] of each, in the document's text as `start` and `end`.
    """
    source = hit.source
    return {
        "source": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "url": source.url,
        "date": source.published,
        "tier": source.tier.value,
        "sha256": source.sha256,
        "section": hit.section,
        "start": hit.start,
        "end": hit.end,
        "sentences": [[sentence.start, sentence.end] for sentence in hit.sentences],
        "rank": hit.rank,
    }
