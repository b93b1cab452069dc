"""Whether a suite can be trusted: every expectation can be met, and the questions are worded as people word them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evals.cases import Case, SuiteError, says, says_any
from ingest.sentences import located
from shanghai_qa.features import stems
from shanghai_qa.mentions import names
from shanghai_qa.values import Document
from shanghai_qa.words import terms

Sources = Mapping[str, tuple[str, ...]]
"""Document id → its sentences."""

_ECHOES = 2 / 3


@dataclass(frozen=True)
class Coverage:
    """What the answerable cases rest on: documents that some case must cite, and the share of cases that `echoes`."""

    documents: frozenset[str]
    echoing: float


def sentences_of(documents: Iterable[Document]) -> Sources:
    """The sentences that an answer over these documents could quote."""
    return {
        document.id: tuple(document.text[span.start : span.end] for _, span in located(document.text))
        for document in documents
    }


def check(cases: Sequence[Case], sources: Sources) -> None:
    """Refuse cases that no answer could pass; SuiteError lists every reason, a line each.

    An answerable case has something that must be said; of each group, of what must lead and of what must be shown as a
    disagreement, one sentence of the documents that it must cite says a string, and each of these documents says
    something of it. What must be said is not among what must not. Other cases expect nothing.
    """
    found = [f"{case.id}: {problem}" for case in cases for problem in problems(case, sources)]
    if found:
        raise SuiteError("\n".join(found))


def coverage(cases: Sequence[Case], sources: Sources) -> Coverage:
    """How wide a suite is; ValueError where no case is answerable."""
    answerable = [case for case in cases if case.answerable]
    if not answerable:
        raise ValueError("no answerable cases")
    echoing = sum(echoes(case, sources) for case in answerable)
    return Coverage(frozenset(id for case in answerable for id in case.must_cite), echoing / len(answerable))


def echoes(case: Case, sources: Sources) -> bool:
    """Whether a sentence that answers holds two thirds of the question's terms, those of names apart.

    Such a question is found by its words alone, and says little about how people fare who have not seen the text. A
    question of names and question words alone echoes nothing.
    """
    asked = set(terms(case.question)) - {term for name in names(case.question) for term in terms(name.text)}
    answering = [text for id in case.must_cite for text in sources.get(id, ()) if says_any(text, case.leads)]
    return any(len(asked & stems(text)) >= _ECHOES * len(asked) for text in answering) if asked else False


def problems(case: Case, sources: Sources) -> Iterator[str]:
    """Why no answer over `sources` could pass a case; nothing where one could. See `check`."""
    expected = {
        name: getattr(case, name) for name in ("must_say", "must_lead", "direct", "disagree", "must_cite", "tier")
    }
    if not case.answerable:
        yield from (f"is not_in_corpus, so {name} cannot be met" for name, value in expected.items() if value)
        return
    if not case.must_say:
        yield "is to be answered, so it needs must_say"
    yield from (f"{id} is no document" for id in case.must_cite if id not in sources)
    yield from (f"{string!r} must and must not be said" for string in set(case.leads) & set(case.must_not_say))
    yield from (f"the question says {string!r} itself" for string in case.leads if says(case.question, string))
    own = {id: sources[id] for id in (case.must_cite or sources) if id in sources}
    yield from _unmet(case, own)


def _unmet(case: Case, sources: Sources) -> Iterator[str]:
    said = [text for texts in sources.values() for text in texts]
    for group in dict.fromkeys((*case.must_say, *([case.leads] if case.leads else []), *case.disagree)):
        if not any(says_any(text, group) for text in said):
            yield f"no sentence of its documents says {' or '.join(group)}"
    for id in case.must_cite:
        wanted = [string for group in (*case.must_say, *case.disagree) for string in group]
        if id in sources and not any(says_any(text, wanted) for text in sources[id]):
            yield f"{id} says nothing of what must be said"
