"""From a case and the answer it got to what is wrong with the answer, in words."""

from collections.abc import Iterator, Sequence

from evals.cases import Case, Group, says, says_any
from shanghai_qa.values import Answer, Disagreement, Outcome


def faults(case: Case, answer: Answer) -> tuple[str, ...]:
    """Why an answer does not pass; empty where it does.

    A case that the corpus does not answer passes if it is refused, without a citation. Any other passes if it is not
    refused, says a string of each group and none that it must not say, and cites one of the expected documents; where
    only a part can be answered it has to say so, and where sources disagree it has to show their values.
    """
    return tuple(_of_answer(case, answer) if case.answerable else _of_refusal(answer))


def refused(answer: Answer) -> bool:
    return answer.outcome is Outcome.NOT_IN_CORPUS


def led(case: Case, answer: Answer) -> bool:
    """Whether the first statement says what is asked."""
    return bool(answer.statements) and says_any(answer.statements[0].text, case.leads)


def answers(case: Case, document_id: str, sentence: str) -> bool:
    """Whether a sentence of that document answers: it says so, in one of the expected documents where any is named."""
    expected = not case.must_cite or document_id in case.must_cite
    return case.answerable and expected and says_any(sentence, case.leads)


def cites(case: Case, answer: Answer) -> bool:
    """Whether one of the expected documents is cited, or any where none is named."""
    cited = {citation.source.id for citation in answer.citations}
    return not cited.isdisjoint(case.must_cite) if case.must_cite else bool(cited)


def shows(answer: Answer, groups: Sequence[Group]) -> bool:
    """Whether one disagreement of the answer has a claim for each group."""
    return any(_has_all(one, groups) for one in answer.disagreements)


def expectation(case: Case) -> str:
    """What the case expects, in words."""
    if not case.answerable:
        return "a refusal"
    said = " and ".join(" or ".join(group) for group in case.must_say)
    source = f", from {' or '.join(case.must_cite)}" if case.must_cite else ""
    part = ", and a word on what is missing" if case.outcome is Outcome.PARTLY_ANSWERED else ""
    shown = f", with {' against '.join(group[0] for group in case.disagree)} side by side" if case.disagree else ""
    return said + source + part + shown


def _of_refusal(answer: Answer) -> Iterator[str]:
    if not refused(answer):
        yield "answered, although the corpus does not hold the answer"
    elif answer.citations:
        yield "cites sources under a refusal"


def _of_answer(case: Case, answer: Answer) -> Iterator[str]:
    if refused(answer):
        yield "refused, although the corpus holds the answer"
        return
    if not case.must_say:
        yield "the case is a draft: it lacks must_say"
    said = " ".join(statement.text for statement in answer.statements)
    yield from (f"does not say {' or '.join(group)}" for group in case.must_say if not says_any(said, group))
    yield from (f"says {string}" for string in case.must_not_say if says(said, string))
    if not cites(case, answer):
        yield f"cites none of {', '.join(case.must_cite)}" if case.must_cite else "cites nothing"
    if case.outcome is Outcome.PARTLY_ANSWERED and answer.outcome is not Outcome.PARTLY_ANSWERED:
        yield "does not say that a part is missing"
    if case.disagree and not shows(answer, case.disagree):
        yield f"does not show {' against '.join(group[0] for group in case.disagree)}"


def _has_all(one: Disagreement, groups: Sequence[Group]) -> bool:
    values = [claim.value for claim in one.claims]
    return all(any(_is_one_of(value, group) for value in values) for group in groups)


def _is_one_of(value: str, group: Group) -> bool:
    return says_any(value, group) or any(says(string, value) for string in group)
