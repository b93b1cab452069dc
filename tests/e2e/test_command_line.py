"""The program from the outside: what it prints, where, and the status it ends with. Run from another folder."""

import csv
import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.settings import Settings
from tests.e2e.program import PROGRAM, copy_of, environment, run, snapshot_of

pytestmark = pytest.mark.corpus

QUANTUM_VALLEY = "How many startups are in Quantum Valley?"
STAR_MARKET = "When was the STAR Market launched?"
NOISE = ("xq7# zzk\x7f " * 700)[:5000]


# --- What it must show ------------------------------------------------------------------------------------------------


def test_the_startups_of_quantum_valley_are_counted_and_the_doubtful_source_is_named(
    index: Path, tmp_path: Path
) -> None:
    ran = run("ask", "--json", QUANTUM_VALLEY, "--index", index, cwd=tmp_path)
    assert ran.status == 0
    answer = ran.json
    assert answer["outcome"] == "answered"
    assert answer["direct_answer"] == "32 startups"
    lead = answer["statements"][0]
    assert "32" in lead["text"]
    cited = {c["number"]: c for c in answer["citations"]}
    assert [cited[n]["source"]["id"] for n in lead["citations"]] == ["report/port-to-tech-leader"]
    assert any("unverified source" in caveat for caveat in answer["caveats"])


def test_the_star_market_is_dated_in_the_first_sentence_with_a_citation(index: Path, tmp_path: Path) -> None:
    answer = run("ask", "--json", STAR_MARKET, "--index", index, cwd=tmp_path).json
    lead = answer["statements"][0]
    dates = ("13 June 2019", "June 13, 2019", "22 July 2019", "July 22, 2019")
    assert any(date in lead["text"] for date in dates), lead
    assert lead["citations"]


@pytest.mark.parametrize(
    "question",
    ["What is the population of Paris?", "What is the weather in Shanghai today?", "Write me a poem"],
)
def test_what_the_corpus_does_not_say_is_refused_with_status_3_and_without_sources(
    index: Path, tmp_path: Path, question: str
) -> None:
    ran = run("ask", "--json", question, "--index", index, cwd=tmp_path)
    assert ran.status == 3
    answer = ran.json
    assert answer["outcome"] == "not_in_corpus"
    assert answer["statements"] == answer["citations"] == answer["disagreements"] == []
    assert answer["direct_answer"] is None
    assert answer["missing"]


@pytest.mark.parametrize("question", ["", "  \t\n"], ids=["empty", "blank"])
def test_an_empty_question_is_wrong_use(index: Path, tmp_path: Path, question: str) -> None:
    ran = run("ask", "--json", question, "--index", index, cwd=tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert len(ran.err.splitlines()) == 1


def test_five_thousand_characters_of_noise_are_refused_or_called_too_long(index: Path, tmp_path: Path) -> None:
    ran = run("ask", "--json", NOISE, "--index", index, cwd=tmp_path)
    assert ran.status in (2, 3)
    assert "Traceback" not in ran.err
    if ran.status == 3:
        assert ran.json["citations"] == []
    else:
        assert (ran.out, len(ran.err.splitlines())) == ("", 1)


# --- How it is used ---------------------------------------------------------------------------------------------------


def test_a_person_reads_the_answer_and_numbered_sources_on_stdout_alone(index: Path, tmp_path: Path) -> None:
    ran = run("ask", QUANTUM_VALLEY, cwd=tmp_path, env=environment(SHANGHAI_QA_INDEX=str(index)))
    assert (ran.status, ran.err) == (0, "")
    assert "32 startups" in ran.out
    assert "[1]" in ran.out
    assert "report/port-to-tech-leader" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "x", "--topic", "cooking"],
        ["ask", "x", "--tier", "best"],
        ["ask", "x", "--from-year", "2025", "--to-year", "2020"],
        ["corpus", "list", "--topic", "cooking"],
        ["nonsense"],
        ["serve", "--port", "0"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_status_2(tmp_path: Path, arguments: list[str]) -> None:
    ran = run(*arguments, cwd=tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_filters_hold_for_every_source(index: Path, tmp_path: Path) -> None:
    filters = "--tier primary --tier established --topic ai --place SHANGHAI --from-year 2022 --to-year 2024".split()
    question = "What supports artificial intelligence companies in Shanghai?"
    ran = run("ask", "--json", question, *filters, "--index", index, cwd=tmp_path)
    assert ran.status == 0, ran
    sources = [citation["source"] for citation in ran.json["citations"]]
    assert sources
    assert {source["tier"] for source in sources} <= {"primary", "established"}
    assert {source["published"][:4] for source in sources} <= {"2022", "2023", "2024"}


def test_a_filter_that_shuts_out_the_only_source_leads_to_a_refusal_or_to_others(index: Path, tmp_path: Path) -> None:
    ran = run("ask", "--json", QUANTUM_VALLEY, "--tier", "primary", "--index", index, cwd=tmp_path)
    assert ran.status in (0, 3)
    assert {citation["source"]["tier"] for citation in ran.json["citations"]} <= {"primary"}


def test_a_follow_up_is_read_with_its_history(index: Path, tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "What is the STAR Market?"},
        {"role": "assistant", "content": "The STAR Market is a board of the Shanghai Stock Exchange."},
    ]
    history = tmp_path / "history.json"
    history.write_text(json.dumps(turns), encoding="utf-8")
    ran = run("ask", "--json", "When was it launched?", "--history", "history.json", "--index", index, cwd=tmp_path)
    assert ran.status == 0, ran
    assert "STAR Market" in ran.json["read_as"]
    assert "2019" in ran.json["statements"][0]["text"]


def test_a_batch_keeps_order_and_goes_on_after_a_bad_row(index: Path, tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": "a", "question": QUANTUM_VALLEY}),
        "{broken",
        json.dumps({"id": "c", "question": ""}),
        json.dumps({"id": 4, "question": "What is the population of Paris?", "note": "ignored"}),
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    ran = run("batch", "in.jsonl", "-o", "out.jsonl", "--index", index, cwd=tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert "in.jsonl:2:" in ran.err
    assert "in.jsonl:3:" in ran.err
    assert "Traceback" not in ran.err
    given = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in given] == ["a", None, "c", "4"]
    assert [row.get("outcome") for row in given] == ["answered", None, None, "not_in_corpus"]
    assert [bool(row.get("error")) for row in given] == [False, True, True, False]


def test_the_answers_of_a_batch_are_verified_and_bad_rows_counted(index: Path, tmp_path: Path) -> None:
    rows = [json.dumps({"question": STAR_MARKET}), "{broken", "[]"]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    run("batch", "in.jsonl", "-o", "out.jsonl", "--index", index, cwd=tmp_path)
    ran = run("verify", "out.jsonl", "--index", index, cwd=tmp_path)
    assert ran.status == 0, ran
    assert "answer 1, [1] found" in ran.out
    assert ran.err.splitlines()[0] == "2 rows without an answer skipped"
    assert ran.err.splitlines()[1].endswith("0 wrong, in 1 answer")


def test_a_batch_goes_on_after_a_question_that_is_no_text(index: Path, tmp_path: Path) -> None:
    rows = ['{"question": "\\ud800 star?"}', json.dumps({"question": STAR_MARKET})]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    ran = run("batch", "in.jsonl", "-o", "out.jsonl", "--index", index, cwd=tmp_path)
    assert "Traceback" not in ran.err
    given = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row.get("outcome") for row in given][1:] == ["answered"]


def test_a_table_of_questions_becomes_a_table_of_answers(index: Path, tmp_path: Path) -> None:
    with (tmp_path / "in.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [
                ["id", "question", "note"],
                ["1", STAR_MARKET, "x"],
                ["2", " ", "blank"],
                ["3", "科创板是什么时候开板的？", ""],
            ]
        )
    ran = run("batch", "in.csv", "-o", "out.csv", "--index", index, cwd=tmp_path)
    assert ran.status == 1
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        given = list(csv.DictReader(file))
    assert [row["id"] for row in given] == ["1", "2", "3"]
    assert "2019" in given[0]["answer"]
    assert given[1]["error"]
    assert not given[0]["error"]
    assert given[2]["question"] == "科创板是什么时候开板的？"


def test_a_batch_without_a_bad_row_ends_well(index: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"question": STAR_MARKET}) + "\n", encoding="utf-8")
    ran = run("batch", "in.jsonl", "-o", "out.jsonl", "--index", index, cwd=tmp_path)
    assert ran.status == 0, ran


def test_the_corpus_can_be_listed_and_a_document_shown_from_anywhere(tmp_path: Path) -> None:
    listed = run("corpus", "list", "--json", "--tier", "unverified", cwd=tmp_path)
    assert listed.status == 0
    assert "report/port-to-tech-leader" in [json.loads(line)["id"] for line in listed.out.splitlines()]
    shown = run("corpus", "show", "report/port-to-tech-leader", cwd=tmp_path)
    assert (shown.status, shown.err) == (0, "")
    assert "32 startups" in shown.out


# --- Wrong input: one line that says what to do ---------------------------------------------------------------------


def test_no_index_says_how_to_build_one(tmp_path: Path) -> None:
    error = run("ask", "x", "--index", "none", cwd=tmp_path).error
    assert "no index at none" in error
    assert "shanghai-qa ingest" in error


def test_an_index_of_another_model_says_so(index: Path, tmp_path: Path) -> None:
    env = environment(SHANGHAI_QA_EMBEDDING_MODEL="other/model")
    error = run("ask", STAR_MARKET, "--index", index, cwd=tmp_path, env=env).error
    assert "other/model" in error
    assert "shanghai-qa ingest" in error


def test_an_index_of_another_format_says_so(index: Path, tmp_path: Path) -> None:
    copied = copy_of(index, tmp_path / "copy")
    manifest = snapshot_of(copied) / "manifest.json"
    data = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(data | {"format": 999}), encoding="utf-8")
    error = run("ask", STAR_MARKET, "--index", copied, cwd=tmp_path).error
    assert "format 999" in error
    assert "shanghai-qa ingest" in error


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest", "nowhere", "--index", "new"],
        ["corpus", "check", "nowhere"],
        ["corpus", "list", "--corpus", "nowhere"],
    ],
    ids=" ".join,
)
def test_a_corpus_folder_that_does_not_exist_is_named(tmp_path: Path, arguments: list[str]) -> None:
    assert "nowhere does not exist" in run(*arguments, cwd=tmp_path).error


def test_an_ingest_of_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("ingest", "empty", "--index", "new", cwd=tmp_path)
    assert ran.status == 1
    assert "error: no document can be read in empty" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["batch", "gone.json", "-o", "out.jsonl"],
        ["verify", "folder.json"],
        ["ask", STAR_MARKET, "--history", "binary.json"],
    ],
    ids=" ".join,
)
def test_a_file_that_cannot_be_read_is_named(index: Path, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x80")
    (name,) = (argument for argument in arguments if argument.endswith(".json"))
    assert name in run(*arguments, "--index", index, cwd=tmp_path).error


@pytest.mark.parametrize("text", ["", "[]", '{"question": 1}', "not json"], ids=["empty", "list", "object", "text"])
def test_a_saved_answer_that_is_none_is_named(index: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "saved.json").write_text(text, encoding="utf-8")
    assert "saved.json" in run("verify", "saved.json", "--index", index, cwd=tmp_path).error


@pytest.mark.parametrize("text", ['[{"role": "judge", "content": "x"}]', "not json"])
def test_a_history_that_is_none_is_named(index: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "turns.json").write_text(text, encoding="utf-8")
    error = run("ask", STAR_MARKET, "--history", "turns.json", "--index", index, cwd=tmp_path).error
    assert "turns.json" in error


def test_a_table_without_a_column_of_questions_says_so(index: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("ask,id\nx,1\n", encoding="utf-8")
    error = run("batch", "in.csv", "-o", "out.csv", "--index", index, cwd=tmp_path).error
    assert "question" in error
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(("name", "value"), [("CANDIDATES", "many"), ("COLOUR", "red")])
def test_a_setting_that_cannot_be_is_named(index: Path, tmp_path: Path, name: str, value: str) -> None:
    env = environment(**{f"SHANGHAI_QA_{name}": value})
    assert f"SHANGHAI_QA_{name}" in run("ask", STAR_MARKET, "--index", index, cwd=tmp_path, env=env).error


def test_a_port_in_use_is_named_and_another_proposed(index: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = run("serve", "--port", str(port), "--index", index, cwd=tmp_path).error
    assert f"port {port} is in use" in error
    assert "--port" in error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["ask", STAR_MARKET], ["ask", "--json", STAR_MARKET]], ids=["text", "json"])
def test_an_output_that_is_full_is_one_line(index: Path, tmp_path: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, *arguments, "--index", index],
            cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "error: standard output: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_file_of_answers_that_is_full_is_named(index: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"question": STAR_MARKET}), encoding="utf-8")
    ran = run("batch", "in.jsonl", "-o", "/dev/full", "--index", index, cwd=tmp_path)
    assert ran.status == 1
    assert ran.err.splitlines()[-1] == "error: /dev/full cannot be written: No space left on device"
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_index_in_place_of_a_file_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "one.txt").write_text("The Lingang berth opened in 2031.\n", encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = run("ingest", "one.txt", "--index", place, cwd=tmp_path)
    expected = "file is a file; expected a folder" if place == "file" else "file/below: Not a directory"
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines()[-1].startswith(f"error: {expected}")
    assert "Traceback" not in ran.err


# --- How the server ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_quietly_while_a_page_is_open(index: Path, tmp_path: Path, told: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port), "--index", index],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert f":{port}/" in process.stdout.readline()
        with socket.create_connection(("127.0.0.1", port)) as page:
            page.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in page.recv(1000)
            process.send_signal(told)
            _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "Starting the page …\n")


# --- A damaged index --------------------------------------------------------------------------------------------------

PARTS = ["CURRENT", "manifest.json", "*.jsonl", "*.npy", "lexicon.json", "bm25/*.npy", "bm25/*.json", "chroma.sqlite3"]
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "other": lambda content: b"\x00no\xff" * 100,
}


@pytest.mark.parametrize("how", [*DAMAGE, "gone"])
@pytest.mark.parametrize("part", PARTS)
def test_a_damaged_index_says_to_build_it_again(index: Path, tmp_path: Path, part: str, how: str) -> None:
    copied = copy_of(index, tmp_path / "copy")
    files = [
        file for file in sorted(copied.glob("CURRENT")) + sorted(copied.glob("snapshots/**/*")) if file.match(part)
    ]
    assert files
    for file in files:
        if how == "gone":
            file.unlink()
        else:
            file.write_bytes(DAMAGE[how](file.read_bytes()))
    with pytest.raises(ShanghaiQAError) as raised:
        Assistant.open(copied, Settings()).ask(STAR_MARKET)
    assert "shanghai-qa ingest" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_words_changed_inside_an_index_are_noticed(index: Path, tmp_path: Path) -> None:
    copied = copy_of(index, tmp_path / "copy")
    documents = snapshot_of(copied) / "documents.jsonl"
    documents.write_bytes(documents.read_bytes().replace(b"32 startups", b"99 startups"))
    error = run("ask", QUANTUM_VALLEY, "--index", copied, cwd=tmp_path).error
    assert "documents.jsonl is damaged" in error
    assert "shanghai-qa ingest" in error


@pytest.mark.parametrize("name", ["encoder.json", "tokenizer.json", "model.onnx"])
def test_a_damaged_encoder_says_to_make_it_again(index: Path, tmp_path: Path, name: str) -> None:
    copied = copy_of(index, tmp_path / "copy")
    (copied / "encoders").unlink()
    shutil.copytree(index / "encoders", copied / "encoders")
    (file,) = copied.glob(f"encoders/*/{name}")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ShanghaiQAError, match="shanghai-qa ingest --rebuild"):
        Assistant.open(copied, Settings())


def test_an_ingest_mends_a_damaged_index(index: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "one.txt").write_text("The Lingang berth opened in 2031.\n", encoding="utf-8")
    copied = copy_of(index, tmp_path / "copy")
    (snapshot_of(copied) / "passages.npy").write_bytes(b"")
    ran = run("ingest", corpus, "--index", copied, cwd=tmp_path)
    assert ran.status == 0, ran
    assert run("ask", "When did the Lingang berth open?", "--index", copied, cwd=tmp_path).status == 0


# --- Saved answers as references, notes and tables --------------------------------------------------------------------


@pytest.fixture
def saved(index: Path, tmp_path: Path) -> Path:
    """Three saved rows: an answer, a refusal, and an error instead of an answer."""
    rows = [json.dumps({"question": question}) for question in (STAR_MARKET, "What is the population of Paris?", " ")]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    run("batch", "in.jsonl", "-o", "saved.jsonl", "--index", index, cwd=tmp_path)
    return tmp_path / "saved.jsonl"


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("markdown", f"# {STAR_MARKET}\n"),
        ("bibtex", "@"),
        ("ris", "TY  - "),
        ("csl-json", "["),
        ("csv", "question,claim,quote,"),
        ("html", "<!doctype html>\n"),
    ],
)
def test_saved_answers_are_exported_with_their_source(
    index: Path, saved: Path, tmp_path: Path, form: str, start: str
) -> None:
    arguments = ("export", saved, "--format", form, "--accessed", "2026-03-01", "--index", index)
    printed, written = run(*arguments, cwd=tmp_path), run(*arguments, "-o", "out", cwd=tmp_path)
    assert (printed.status, printed.err) == (0, "1 row without an answer skipped\n"), printed
    assert printed.out.startswith(start)
    assert "Milestones of the STAR Market" in printed.out
    assert ("2026" in printed.out) == (form != "csv")
    assert (written.status, written.out, written.err) == (0, "", printed.err)
    assert (tmp_path / "out").read_text(encoding="utf-8") == printed.out


def test_an_answer_goes_from_one_command_to_the_next(index: Path, tmp_path: Path) -> None:
    asked = run("ask", "--json", STAR_MARKET, "--index", index, cwd=tmp_path).out
    for dashes in ([], ["-", "-o", "-"]):
        done = subprocess.run(
            [PROGRAM, "export", *dashes, "--format", "ris", "--index", index],
            cwd=tmp_path, env=environment(), input=asked, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("TY  - ")


def test_authors_are_those_of_the_corpus(index: Path, assistant: Assistant, tmp_path: Path) -> None:
    (cited, *_) = (one for one in assistant.documents if one.authors)
    answers = assistant.ask("x").to_dict()
    source = {"id": cited.id, "title": "T", "publisher": None, "url": None, "published": None, "tier": "established"}
    citation = {"number": 1, "quote": "q", "start": 0, "end": 1, "section": "", "source": source | {"sha256": ""}}
    (tmp_path / "saved.json").write_text(json.dumps(answers | {"citations": [citation]}), encoding="utf-8")
    ran = run("export", "saved.json", "--format", "csl-json", "--index", index, cwd=tmp_path)
    assert json.loads(ran.out)[0]["author"] == [{"literal": author} for author in cited.authors]


def test_only_references_need_an_index(saved: Path, tmp_path: Path) -> None:
    for form in ("markdown", "csv", "html"):
        assert run("export", saved, "--format", form, "--index", "none", cwd=tmp_path).status == 0
    assert "no index at none" in run("export", saved, "--format", "bibtex", "--index", "none", cwd=tmp_path).error


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.json"], "gone.json cannot be read"),
        (["bad.json"], "bad.json is not a saved answer"),
        (["-"], "holds no answer"),
        (["lost.json"], "answer 1 cites [9], which it does not list"),
        (["lost.json", "-o", "nowhere/out"], "cannot write nowhere/out"),
        (["lost.json", "-o", "lost.json"], "lost.json holds the answers"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_exported_is_told_in_a_line(
    assistant: Assistant, tmp_path: Path, arguments: list[str], told: str
) -> None:
    answer = assistant.ask(STAR_MARKET).to_dict()
    lost = answer | {"statements": [{"text": "x", "citations": [9], "as_of": None}]}
    (tmp_path / "lost.json").write_text(json.dumps(lost), encoding="utf-8")
    (tmp_path / "bad.json").write_text('{"question": 1}', encoding="utf-8")
    assert told in run("export", "--format", "csv", *arguments, cwd=tmp_path).error
    assert (tmp_path / "lost.json").read_text(encoding="utf-8") == json.dumps(lost)


@pytest.mark.parametrize("arguments", [["x"], ["x", "--format", "endnote"], ["x", "-f", "ris", "--accessed", "today"]])
def test_a_format_or_day_that_there_is_not_is_wrong_use(tmp_path: Path, arguments: list[str]) -> None:
    ran = run("export", *arguments, cwd=tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert "Traceback" not in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_export_to_a_full_device_is_named(saved: Path, tmp_path: Path) -> None:
    error = run("export", saved, "--format", "csv", "-o", "/dev/full", cwd=tmp_path).error
    assert error == "error: /dev/full cannot be written: No space left on device"
