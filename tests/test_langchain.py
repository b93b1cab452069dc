"""The retriever, used as LangChain uses one."""

import asyncio
import json

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from pydantic import ValidationError

from shanghai_qa.assistant import Assistant
from shanghai_qa.langchain import PassageRetriever
from shanghai_qa.values import Filters, Tier

pytestmark = pytest.mark.corpus

VALLEY = "How many startups are in Quantum Valley?"


def test_a_passage_says_where_it_stands_and_who_stands_behind_it(assistant: Assistant) -> None:
    found = PassageRetriever(assistant=assistant, limit=3).invoke(VALLEY)
    assert len(found) == 3
    assert found[0].metadata["source"] == "report/port-to-tech-leader"
    assert found[0].metadata["tier"] == "unverified"
    for document in found:
        meta = document.metadata
        text = assistant.document(meta["source"]).text
        assert text[meta["start"] : meta["end"]] == document.page_content
        assert document.id == f"{meta['source']}#{meta['start']}"
        assert all(text[start:end] in document.page_content for start, end in meta["sentences"])
        assert json.loads(json.dumps(meta)) == meta


def test_it_is_a_link_of_a_chain_and_runs_later_too(assistant: Assistant) -> None:
    retriever: BaseRetriever = PassageRetriever(assistant=assistant, limit=1, filters=Filters(tiers=(Tier.PRIMARY,)))

    def tiers_of(found: list[Document]) -> list[str]:
        return [document.metadata["tier"] for document in found]

    tiers = retriever | RunnableLambda(tiers_of)
    assert tiers.invoke(VALLEY) == asyncio.run(tiers.ainvoke(VALLEY)) == ["primary"]


def test_a_retriever_of_nothing_is_refused(assistant: Assistant) -> None:
    with pytest.raises(ValidationError, match="limit"):
        PassageRetriever(assistant=assistant, limit=0)
