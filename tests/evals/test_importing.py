import json
from pathlib import Path

import pytest

from evals.cases import Case, load
from evals.importing import doubts, read_cases
from evals.writing import as_yaml, create
from shanghai_qa.errors import InputError
from shanghai_qa.values import Outcome, Tier, Turn
from tests.evals.samples import OUTSIDE, case

TALK = [{"role": "user", "content": "What is WAIC?"}, {"role": "assistant", "content": "A fair."}]
TURNS = (Turn("user", "What is WAIC?"), Turn("assistant", "A fair."))


def table(tmp_path: Path, text: str, name: str = "q.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def lines(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "q.jsonl"
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


# --- Tables -----------------------------------------------------------------------------------------------------------


def test_a_question_is_enough_and_the_rest_is_guessed(tmp_path: Path) -> None:
    found = read_cases(table(tmp_path, "question\nHow many came?\n有多少？\n"))
    assert found.cases[0] == Case(
        id="came", question="How many came?", kind="fact", outcome=Outcome.ANSWERED, why="line 2 of q.csv"
    )
    assert found.cases[1].kind == "chinese"
    assert (found.problems, found.unused) == ((), ())


def test_columns_with_the_names_of_fields_or_common_names_need_no_mapping(tmp_path: Path) -> None:
    text = "\ufeffID, Question ,answerable,ANSWERS,sources,note\na,How many?,TRUE,350,ai/waic | ai/b,x\nb,Who?,no,,,\n"
    found = read_cases(table(tmp_path, text))
    assert found.cases == (
        Case(
            id="a", question="How many?", kind="fact", outcome=Outcome.ANSWERED, must_say=(("350",),),
            must_cite=("ai/waic", "ai/b"), why="line 2 of q.csv",
        ),
        Case(id="b", question="Who?", kind="fact", outcome=Outcome.NOT_IN_CORPUS, why="line 3 of q.csv"),
    )  # fmt: skip
    assert found.unused == ("note",)


def test_a_mapped_column_goes_before_one_with_the_name_of_the_field(tmp_path: Path) -> None:
    path = table(tmp_path, "question,Prompt Text,answer,gold\nold,How many?,350,360\n")
    found = read_cases(path, {"question": " prompt text", "must_say": "gold"})
    assert (found.cases[0].question, found.cases[0].must_say) == ("How many?", (("360",),))
    assert found.unused == ("question", "answer")


def test_the_name_of_a_field_goes_before_a_common_name(tmp_path: Path) -> None:
    found = read_cases(table(tmp_path, "question,answer,must_say,answers\nQ?,a,b,c\n"))
    assert found.cases[0].must_say == (("b",),)
    assert found.unused == ("answer", "answers")


def test_a_cell_holds_alternatives_and_what_has_to_be_said_beside_them(tmp_path: Path) -> None:
    path = table(tmp_path, "question,must_say,disagree,direct\nQ?,350 | 351 && 2025 ||&&,350 && 360,350 visits|350\n")
    (one,) = read_cases(path).cases
    assert one.must_say == (("350", "351"), ("2025",))
    assert one.disagree == (("350",), ("360",))
    assert one.direct == ("350 visits", "350")


def test_every_field_of_a_case_can_be_given(tmp_path: Path) -> None:
    given = case(
        kind="date", history=TURNS, tier=Tier.PRIMARY, must_lead=("350",), must_not_say=("1",), direct=("2", "3"),
        disagree=(("4",), ("5",)), guarded=True, outcome=Outcome.PARTLY_ANSWERED,
    )  # fmt: skip
    row = {
        "id": "waic-visits", "question": "How many came?", "kind": "Date", "outcome": "partly_answered",
        "why": "a number", "history": json.dumps(TALK), "must_say": "350,000", "must_lead": "350", "must_not_say": "1",
        "direct": "2|3", "disagree": "4&&5", "must_cite": "ai/waic", "tier": "PRIMARY", "guarded": "true",
    }  # fmt: skip
    cells = ['"{}"'.format(cell.replace('"', '""')) for cell in row.values()]
    assert read_cases(table(tmp_path, f"{','.join(row)}\n{','.join(cells)}\n")).cases == (given,)
    as_objects = row | {"history": TALK, "direct": ["2", "3"], "disagree": ["4", "5"], "guarded": True}
    assert read_cases(lines(tmp_path, as_objects)).cases == (given,)


@pytest.mark.parametrize(
    "text",
    [
        "question;answer\nHow many, or few?;350\n",
        "question\tanswer\nHow many, or few?\t350\n",
        '"question";"answer"\r\n"How many, or few?";"350"\r\n',
        'question,answer\n"How many, or few?",350\n,\n\n',
        'answer,question\n350,"How many, or few?"',
    ],
    ids=["semicolons", "tabs", "quoted", "commas", "other order"],
)
def test_the_first_line_tells_what_separates_the_columns(tmp_path: Path, text: str) -> None:
    found = read_cases(table(tmp_path, text))
    assert [(one.question, one.must_say) for one in found.cases] == [("How many, or few?", (("350",),))]
    assert found.problems == ()


# --- JSON Lines -------------------------------------------------------------------------------------------------------


def test_a_list_of_answers_holds_alternatives_and_must_say_what_it_does_in_a_suite(tmp_path: Path) -> None:
    rows = [
        {"question": "A?", "answers": ["350", "351"]},
        {"question": "B?", "must_say": ["350", ["in 2025", "2025"]]},
        {"question": "C?", "answers": [["350"], ["2025", ""]]},
        {"question": "D?", "answers": "a | b", "source": "ai/waic"},
        {"question": "E?", "answers": None},
    ]
    found = read_cases(lines(tmp_path, *rows))
    assert [one.must_say for one in found.cases] == [
        (("350", "351"),),
        (("350",), ("in 2025", "2025")),
        (("350",), ("2025",)),
        (("a | b",),),
        (),
    ]
    assert found.cases[3].must_cite == ("ai/waic",)


def test_a_number_is_said_as_it_is_written(tmp_path: Path) -> None:
    path = table(tmp_path, '{"id": 7, "question": "A?", "answers": [1087, 2.50]}\n', "q.jsonl")
    (one,) = read_cases(path).cases
    assert (one.id, one.must_say) == ("7", (("1087", "2.50"),))


@pytest.mark.parametrize(
    ("given", "outcome"),
    [(True, "answered"), (False, "not_in_corpus"), ("Yes", "answered"), (0, "not_in_corpus"), ("answered", "answered")],
)
def test_whether_it_can_be_answered_is_said_in_many_ways(tmp_path: Path, given: object, outcome: str) -> None:
    (one,) = read_cases(lines(tmp_path, {"question": "A?", "answerable": given})).cases
    assert one.outcome == outcome


# --- Ids and kinds ----------------------------------------------------------------------------------------------------


def test_ids_are_made_where_none_are_given_and_never_twice(tmp_path: Path) -> None:
    path = table(tmp_path, "id,question\n,Who founded SMIC?\n,Who founded SMIC?\nours-founded-smic,Who?\n,Where?\n")
    found = read_cases(path, prefix="ours-", taken=["ours-where"])
    made = [one.id for one in found.cases]
    assert made[:3] == ["ours-founded-smic", "ours-founded-smic-2", "ours-ours-founded-smic"]
    assert made[3].startswith("ours-question-")


def test_an_id_that_a_row_asks_for_is_kept_for_it(tmp_path: Path) -> None:
    path = table(tmp_path, "id,question\n,Who founded SMIC?\nfounded-smic,Who?\n")
    assert [one.id for one in read_cases(path).cases] == ["founded-smic-2", "founded-smic"]


def test_an_id_that_stands_there_already_is_a_bad_row(tmp_path: Path) -> None:
    found = read_cases(table(tmp_path, "id,question\na,One?\na,Two?\nb,Three?\n"), taken=["b"])
    assert [one.question for one in found.cases] == ["One?"]
    assert [problem.partition(";")[0] for problem in found.problems] == [
        "3: another case has the id a",
        "4: another case has the id b",
    ]


def test_a_kind_for_all_is_that_of_rows_without_one(tmp_path: Path) -> None:
    path = table(tmp_path, "question,kind\nA?,\nB?,date\n")
    assert [one.kind for one in read_cases(path, kind="number").cases] == ["number", "date"]


# --- What is wrong ----------------------------------------------------------------------------------------------------


def test_bad_rows_are_told_with_their_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = (
        "question,kind,outcome,tier,history\n"
        ",fact,,,\n"
        "A?,guess,,,\n"
        "B?,,perhaps,,\n"
        "C?,,,best,\n"
        "D?,,,,not json\n"
        'E?,,,,"[{""role"": ""boss"", ""content"": ""x""}]"\n'
        "F?,,,,,more\n"
        '"G,\n'
        'or H?",,,,\n'
    )
    found = read_cases(table(tmp_path, text))
    assert [one.question for one in found.cases] == ["G,\nor H?"]
    assert found.cases[0].why == "line 10 of q.csv"
    told = [
        "2: no question",
        "3: kind: Input should be 'fact', 'number'",
        "4: outcome is 'perhaps'; expected answered, partly_answered, not_in_corpus, true or false",
        "5: tier: Input should be 'primary'",
        "6: its history is not JSON",
        "7: history: role is 'boss'; expected user or assistant",
        "8: has more cells than there are columns",
    ]
    assert len(found.problems) == len(told)
    for problem, start in zip(found.problems, told, strict=True):
        assert problem.startswith(start)


def test_bad_lines_are_told_too(tmp_path: Path) -> None:
    rows = [
        '{"question": "A?"}', "", "{broken", "[]", '{"question": 1.50}', '{"question": ["B?"]}',
        '{"question": "\\ud800"}', '{"question": "C?", "id": [1]}', '{"question": "D?", "answers": {"text": []}}',
        f'{{"question": "E?", "history": {"[" * 100_000}}}', '{"question": "F?", "history": [3]}',
    ]  # fmt: skip
    found = read_cases(table(tmp_path, "\n".join(rows), "q.jsonl"))
    assert [one.question for one in found.cases] == ["A?", "1.50"]
    told = [
        "3: not JSON", "4: not an object such as", "6: no question", "7: has characters that are no text",
        '8: id is ["1"]; expected a word', "9: must_say", "10: not JSON: it is nested too deeply", "11: history.0",
    ]  # fmt: skip
    assert len(found.problems) == len(told)
    for problem, start in zip(found.problems, told, strict=True):
        assert problem.startswith(start)


@pytest.mark.parametrize(
    ("text", "columns", "told"),
    [
        ("ask,id\nx,1\n", {}, "no column for the question; name it with --map question=COLUMN; .* 'ask', 'id'$"),
        ("question\nx\n", {"must_say": "Gold"}, "no column named 'gold'; the columns are: 'question'$"),
        (f"question\n{'x' * 10_000_001}\n", {}, r"q\.csv:2: field larger than field limit"),
    ],
    ids=["no question", "no such column", "endless cell"],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, columns: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_cases(table(tmp_path, text), columns)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        read_cases(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("question\nWo ist Köln?\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv is not text in UTF-8"):
        read_cases(tmp_path / "latin.csv")


@pytest.mark.parametrize(("name", "text"), [("q.csv", ""), ("q.csv", "question\n"), ("q.jsonl", ""), ("q.jsonl", "\n")])
def test_an_empty_file_has_no_cases(tmp_path: Path, name: str, text: str) -> None:
    assert read_cases(table(tmp_path, text, name)).cases == ()


# --- What becomes of it -----------------------------------------------------------------------------------------------


def test_what_was_imported_is_a_suite(tmp_path: Path) -> None:
    path = lines(tmp_path, {"question": "A?", "answers": ["yes", "1,087"]}, {"question": "B?", "answerable": False})
    cases = read_cases(path).cases
    create(tmp_path / "suite.yaml", [as_yaml(one) for one in cases])
    assert load(tmp_path / "suite.yaml") == cases


def test_cases_that_no_answer_could_pass_are_doubted(tmp_path: Path) -> None:
    sources = {"ai/waic": ("WAIC drew 350,000 visits in 2025.",)}
    wrong, open = case(id="wrong", must_say=(("351,000",),)), case(id="open", must_say=(), must_cite=())
    assert doubts([case(), OUTSIDE, wrong, open], sources) == (
        "wrong: no sentence of its documents says 351,000\nwrong: ai/waic says nothing of what must be said",
        "open: is to be answered, so it needs must_say",
    )
