from pathlib import Path

import pytest
import yaml

from evals.cases import Case, SuiteError, load
from evals.check import check
from evals.drafts import draft, drafts, listing, promote
from evals.writing import append, as_yaml, case_id, create, kind_of
from shanghai_qa.errors import InputError
from shanghai_qa.journal import Entry
from shanghai_qa.values import Outcome, Tier, Turn
from tests.evals.samples import answer, case

SENTENCE = "WAIC drew 350,000 visits in 2025."
SOURCES = {"ai/waic": (SENTENCE,)}
TALK = (Turn("user", "What is WAIC?"), Turn("assistant", "A conference."))


def entry(id: int = 7, *, refused: bool = False, helpful: bool = False, **facts: object) -> Entry:
    given: dict[str, object] = {"reason": "it was 305,000", "history": ()}
    question = str(facts.pop("question", "How many came to WAIC?"))
    said = () if refused else (SENTENCE, SENTENCE)
    told = answer(*said, question=question, tier=Tier.UNVERIFIED, read_as=facts.pop("read_as", None))
    return Entry(id, "2026-01-02T03:04:05+00:00", helpful, answer=told, **(given | facts))  # type: ignore[arg-type]


# --- Drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_has_the_question_what_was_cited_and_the_reason_of_the_reader() -> None:
    assert draft(entry(), "came-waic") == Case(
        id="came-waic",
        question="How many came to WAIC?",
        kind="fact",
        outcome=Outcome.ANSWERED,
        must_cite=("ai/waic",),
        why="it was 305,000 (2026-01-02)",
    )


def test_what_was_refused_is_to_be_answered_from_any_document() -> None:
    refused = draft(entry(refused=True), "x")
    assert (refused.outcome, refused.must_cite) == (Outcome.ANSWERED, ())


@pytest.mark.parametrize(("helpful", "opinion"), [(False, "not helpful"), (True, "helpful")])
def test_a_reader_who_gave_no_reason_is_quoted_with_none(helpful: bool, opinion: str) -> None:
    why = draft(entry(reason="", helpful=helpful), "x").why
    assert why == f"a reader found the answer {opinion} and did not say why (2026-01-02)"


def test_the_kind_is_guessed_from_the_conversation_and_the_script() -> None:
    assert [kind_of("有多少？", TALK), kind_of("有多少？", ()), kind_of("How many?", ())] == [
        "follow-up",
        "chinese",
        "fact",
    ]


def test_no_check_passes_a_draft_until_it_is_said_what_must_be_said(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    promote([entry(), entry(8, refused=True, question="Who?")], path)
    with pytest.raises(SuiteError, match="came-waic: is to be answered, so it needs must_say") as refused:
        check(load(path), SOURCES)
    assert str(refused.value).count("so it needs must_say") == 2
    path.write_text(path.read_text(encoding="utf-8").replace("must_say: []", 'must_say: ["350,000"]'), encoding="utf-8")
    check(load(path), SOURCES)


def test_a_draft_says_above_it_what_was_said_and_what_is_to_be_filled_in() -> None:
    (written,) = drafts([entry()])
    comment = " ".join(line.removeprefix("# ") for line in written.splitlines() if line.startswith("#"))
    assert comment.startswith(
        "Draft, from entry 7 of the journal: a reader found the answer not helpful. It said: WAIC"
    )
    assert f"It said: {SENTENCE} [ai/waic, unverified] It said: " in comment
    assert "To fill in: must_say" in comment
    assert "The program refused to answer." in drafts([entry(refused=True)])[0]
    assert max(map(len, written.splitlines())) <= 120


def test_nothing_that_was_said_gets_out_of_a_comment_or_a_field() -> None:
    odd = "a\n- id: b\r\x85- id: c\u2028- id: d\x1b[2J # e: \ufffe"
    told = answer(odd, question=f"Q {odd}")
    one = Entry(1, "2026-01-02T03:04:05+00:00", False, odd, (Turn("user", odd),), told)
    (found,) = yaml.safe_load(drafts([one])[0])
    assert found["question"] == f"Q {odd}"
    assert found["history"] == [{"role": "user", "content": odd}]
    assert found["why"] == "a - id: b - id: c - id: d\ufffd[2J # e: \ufffd (2026-01-02)"


def test_a_follow_up_takes_its_id_from_what_it_was_read_as() -> None:
    (written,) = drafts([entry(question="Who founded it?", read_as="Who founded MiniMax?", history=TALK)])
    (found,) = yaml.safe_load(written)
    assert (found["id"], found["kind"], found["question"]) == ("founded-minimax", "follow-up", "Who founded it?")


def test_a_list_of_entries_has_one_line_for_each() -> None:
    assert list(listing([entry(reason="no,\nnot\tthat\x1b"), entry(8, reason="")])) == [
        "7\t2026-01-02T03:04:05+00:00\tHow many came to WAIC?\tno, not that\ufffd",
        "8\t2026-01-02T03:04:05+00:00\tHow many came to WAIC?\t(no reason given)",
    ]


def test_two_questions_of_the_same_words_get_ids_of_their_own() -> None:
    written = drafts([entry(), entry(8, question="Who came to WAIC?")], among=[case(id="came-waic")])
    assert [yaml.safe_load(one)[0]["id"] for one in written] == ["came-waic-2", "came-waic-3"]


def test_a_question_is_not_put_twice_into_a_suite(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    promote([entry()], path)
    before = path.read_bytes()
    with pytest.raises(SuiteError, match=r"suite\.yaml: entry 8 asks what case came-waic asks already"):
        promote([entry(8)], path)
    with pytest.raises(SuiteError, match=r"entry 10 asks what entry 9 asks already"):
        promote([entry(9, question="Who?"), entry(10, question="Who?")], path)
    assert path.read_bytes() == before
    promote([entry(8, history=TALK)], path)
    assert [one.id for one in load(path)] == ["came-waic", "came-waic-2"]


# --- Suites that are added to -----------------------------------------------------------------------------------------


def test_a_suite_keeps_what_a_person_wrote_into_it(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(f"# Mine.\n{as_yaml(case())}# The end.", encoding="utf-8")
    append(path, [as_yaml(case(id="b")), as_yaml(case(id="c"))])
    assert path.read_text(encoding="utf-8") == "\n".join(
        [f"# Mine.\n{as_yaml(case())}# The end.\n", as_yaml(case(id="b")), as_yaml(case(id="c"))]
    )
    assert [one.id for one in load(path)] == ["waic-visits", "b", "c"]


def test_a_new_suite_names_the_schema_that_lies_beside_it(tmp_path: Path) -> None:
    create(tmp_path / "a.yaml", [as_yaml(case())])
    (tmp_path / "schema.json").touch()
    promote([entry()], tmp_path / "b.yaml")
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8").startswith("- id: waic-visits\n")
    opening = "# yaml-language-server: $schema=schema.json\n\n# Draft, from entry 7"
    assert (tmp_path / "b.yaml").read_text(encoding="utf-8").startswith(opening)


def test_in_a_folder_of_suites_ids_and_questions_of_all_of_them_count(tmp_path: Path) -> None:
    (tmp_path / "schema.json").touch()
    create(tmp_path / "a.yaml", [as_yaml(case(id="came-waic", question="Who came to WAIC?"))])
    promote([entry()], tmp_path / "b.yaml")
    assert [one.id for one in load(tmp_path)] == ["came-waic", "came-waic-2"]
    with pytest.raises(SuiteError, match="asks what case came-waic asks already"):
        promote([entry(question="Who came to WAIC?")], tmp_path / "b.yaml")


@pytest.mark.parametrize("text", ["[{id: a}]", "  - id: a\n", "a: 1\n", "- [", "words"])
def test_a_suite_that_nothing_can_be_put_at_the_end_of_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"suite\.yaml: its list is not written as one `- id: …` a case"):
        append(path, [as_yaml(case())])
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["", "\n", "# Nothing yet.\n"])
def test_a_suite_without_cases_is_begun(tmp_path: Path, text: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    promote([entry()], path)
    assert [one.id for one in load(path)] == ["came-waic"]
    assert text.strip() in path.read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_suite_that_cannot_be_written_is_named() -> None:
    with pytest.raises(InputError, match="/dev/full cannot be written: No space left on device"):
        create(Path("/dev/full"), [as_yaml(case())])
    assert Path("/dev/full").is_char_device()


# --- A case as YAML ---------------------------------------------------------------------------------------------------


def test_a_case_is_written_in_the_order_of_its_fields_without_what_need_not_be_said() -> None:
    assert as_yaml(case(must_say=(("350,000",), ("visits", "visitors")), history=(Turn("user", "Hi"),))) == (
        "- id: waic-visits\n"
        "  question: How many came?\n"
        "  kind: number\n"
        "  outcome: answered\n"
        "  why: a number\n"
        "  history:\n"
        "  - role: user\n"
        "    content: Hi\n"
        "  must_say: ['350,000', [visits, visitors]]\n"
        "  must_cite: [ai/waic]\n"
    )


def test_what_must_be_said_is_left_out_only_where_nothing_can_be() -> None:
    assert "must_say: []" in as_yaml(case(must_say=()))
    assert "must_say" not in as_yaml(case(outcome=Outcome.NOT_IN_CORPUS, must_say=(), must_cite=()))


def test_a_case_that_is_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    written = case(
        id="2024", question="on: 'x' \"y\" # z \x00\x85\u2028 上海 😀 " + "word " * 60, why="- [a]\n\n  b\t",
        history=(Turn("user", "~"), Turn("assistant", " no")), must_say=(("1,087", "null"), ("yes",), ("0x1",)),
        must_lead=("1e3",), must_not_say=("\\n",), direct=("|", ">"), disagree=(("a",), ("b", "c")), tier=Tier.PRIMARY,
        guarded=True,
    )  # fmt: skip
    create(tmp_path / "suite.yaml", [as_yaml(written)])
    assert load(tmp_path / "suite.yaml") == (written,)


@pytest.mark.parametrize(
    ("question", "id"),
    [
        ("How many startups are in Quantum Valley?", "startups-quantum-valley"),
        ("What were SMIC's sales, in Café 8.5, by 1,087?", "smic-sales-cafe-8-5-1087"),
        ("Which one two three four five six seven eight nine?", "one-two-three-four-five-six"),
        ("量子谷 has WAIC", "waic"),
        ("有多少？", "question-3c742a"),  # sha256sum
        ("???", "question-a03b22"),
    ],
)
def test_an_id_is_made_of_the_words_that_mean_something(question: str, id: str) -> None:
    assert case_id(question, ()) == id


def test_an_id_that_is_taken_gets_a_number() -> None:
    assert case_id("Who founded SMIC?", {"founded-smic"}) == "founded-smic-2"
    assert case_id("Who founded SMIC?", {"founded-smic", "founded-smic-2", "x"}) == "founded-smic-3"
    assert case_id("Who founded SMIC?", {"founded-smic"}, "our-") == "our-founded-smic"
