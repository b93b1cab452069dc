from dataclasses import replace
from io import StringIO

from rich.console import Console

from shanghai_qa.prove import source_of
from shanghai_qa.terminal import show
from shanghai_qa.values import Answer, Citation, CorpusInfo, Outcome, Source, Statement
from tests.samples import document


def shown(source: Source) -> str:
    """An answer from a source, as a wide terminal shows it."""
    answer = Answer(
        question="Q?",
        language="en",
        outcome=Outcome.ANSWERED,
        corpus=CorpusInfo("v", 1, 1),
        statements=(Statement("SMIC grew.", (1,)),),
        citations=(Citation(1, "SMIC grew.", 0, 10, "", source),),
    )
    written = StringIO()
    show(answer, Console(file=written, width=200))
    return written.getvalue()


SOURCE = source_of(document(url="https://port.example"))


def test_a_source_is_shown_with_the_addresses_of_its_copies() -> None:
    two = replace(SOURCE, also_at=("https://a.example", "farm/[b]"))
    assert "    https://port.example\n    also at: https://a.example, farm/[b]\n" in shown(two)


def test_of_many_copies_three_are_shown_and_the_rest_counted() -> None:
    ten = replace(SOURCE, also_at=tuple(f"https://{n}.example" for n in range(10)))
    assert "also at: https://0.example, https://1.example, https://2.example and 7 more\n" in shown(ten)


def test_a_source_without_copies_says_nothing_of_them() -> None:
    assert "also at" not in shown(SOURCE)


def test_who_wrote_is_said_and_how_much_did_not_hold() -> None:
    answer = Answer("Q?", "en", Outcome.ANSWERED, CorpusInfo("v", 1, 1), answerer="openai:m", removed=1)
    written = StringIO()
    show(answer, Console(file=written, width=200))
    assert "Written by openai:m; 1 sentence that failed the check removed\n" in written.getvalue()
