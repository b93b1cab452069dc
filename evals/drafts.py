"""From what readers said of answers to draft cases, which count only once a person has said what is right.

A draft lacks `must_say`, so `eval check` refuses it until that is filled in.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evals.cases import Case, SuiteError
from evals.writing import append, as_yaml, case_id, kind_of, one_line, standing
from shanghai_qa.journal import Entry
from shanghai_qa.values import Answer, Outcome

_ADVICE = (
    "To fill in: must_say, for each thing that a right answer says one string, or a list of strings of which one will "
    "do; must_cite, the documents that answer, of which these are those that were cited; kind, if another fits better. "
    "If the corpus does not hold the answer: outcome: not_in_corpus, without must_say and must_cite. "
    "Then: shanghai-qa eval check --suite FILE"
)


def listing(entries: Iterable[Entry]) -> Iterator[str]:
    """A line for each entry: number, time, question and reason, a tab between each."""
    for entry in entries:
        yield "\t".join(
            [str(entry.id), entry.at, one_line(entry.question), one_line(entry.reason) or "(no reason given)"]
        )


def drafts(entries: Sequence[Entry], among: Sequence[Case] = ()) -> tuple[str, ...]:
    """A draft case for each entry, as YAML, with ids that no case `among` which it will stand has.

    SuiteError where one of these, or an entry before, asks the same after the same conversation.
    """
    ids = {case.id for case in among}
    asked = {(case.question, case.history): f"case {case.id}" for case in among}
    written = []
    for entry in entries:
        key = (entry.question, entry.history)
        if key in asked:
            raise SuiteError(f"entry {entry.id} asks what {asked[key]} asks already; go on with that one")
        case = draft(entry, case_id(entry.answer.read_as or entry.question, ids))
        asked[key] = f"entry {entry.id}"
        ids.add(case.id)
        written.append(as_yaml(case, _notes(entry)))
    return tuple(written)


def promote(entries: Sequence[Entry], path: Path) -> tuple[str, ...]:
    """Put drafts of the entries at the end of a suite, which is begun if need be, and return them.

    SuiteError, naming the suite, where it has the question already; nothing is written then.
    """
    among = standing(path)
    try:
        written = drafts(entries, among)
    except SuiteError as error:
        raise SuiteError(f"{path}: {error}") from error
    append(path, written)
    return written


def draft(entry: Entry, id: str) -> Case:
    """The case that an entry leads to: to be answered, from the documents that were cited."""
    return Case(
        id=id,
        question=entry.question,
        history=entry.history,
        kind=kind_of(entry.question, entry.history),
        outcome=Outcome.ANSWERED,
        must_cite=tuple(dict.fromkeys(citation.source.id for citation in entry.answer.citations)),
        why=f"{_opinion(entry)} ({entry.at[:10]})",
    )


def _opinion(entry: Entry) -> str:
    return one_line(entry.reason) or f"a reader found the answer {_helpful(entry)} and did not say why"


def _helpful(entry: Entry) -> str:
    return "helpful" if entry.helpful else "not helpful"


def _notes(entry: Entry) -> Iterator[str]:
    yield f"Draft, from entry {entry.id} of the journal: a reader found the answer {_helpful(entry)}."
    yield from _told(entry.answer)
    yield _ADVICE


def _told(answer: Answer) -> Iterator[str]:
    if not answer.statements:
        yield "The program refused to answer."
    for statement in answer.statements:
        sources = (c.source for c in answer.citations if c.number in statement.citations)
        cited = ", ".join(f"{source.id}, {source.tier}" for source in sources)
        yield f"It said: {statement.text} [{cited}]"
