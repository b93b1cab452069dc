import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest

from shanghai_qa.errors import InputError, SettingsError
from shanghai_qa.journal import NONE, Entry, Exchange, Journal, JournalError
from shanghai_qa.settings import Settings, default_journal, keeps_questions
from shanghai_qa.values import Answer, Citation, CorpusInfo, Outcome, Source, Statement, Tier, Turn

REFUSAL = Answer(question="Why?", language="en", outcome=Outcome.NOT_IN_CORPUS, corpus=CorpusInfo("v", 1, 1), id="7")
TALK = (Turn("user", "上海？"), Turn("assistant", "“Yes”,\nit is"))
SOURCE = Source("ai/a", "A", None, None, "2024", Tier.UNVERIFIED, "ab")
ANSWER = Answer(
    question="How many?",
    language="en",
    outcome=Outcome.ANSWERED,
    corpus=CorpusInfo("v", 1, 1),
    statements=(Statement("It has 32 labs.", (1,), "2024"),),
    citations=(Citation(1, "It has 32 labs.", 0, 15, "", SOURCE),),
    elapsed_ms={"total": 1.5},
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "deep" / "journal.sqlite", clock=lambda: datetime(2026, 1, 2, 3, 4, 5, 678, UTC))


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """As on a full disk: files of this process cannot grow above `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_reader_said_comes_back_as_it_was_said(journal: Journal) -> None:
    entry = journal.add(ANSWER, TALK, False, " 30, not 32 \n")
    assert entry == Entry(1, "2026-01-02T03:04:05+00:00", False, "30, not 32", TALK, ANSWER)
    assert entry.question == "How many?"
    assert Journal(journal.path).entries() == (entry,)
    assert journal.entry(1) == entry


def test_times_are_kept_in_utc(tmp_path: Path) -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=8)))
    assert Journal(tmp_path / "j", lambda: noon).add(REFUSAL, (), True).at == "2026-01-02T04:00:00+00:00"


def test_entries_are_listed_oldest_first_and_by_whether_they_found_the_answer_helpful(journal: Journal) -> None:
    for helpful in (True, False, True):
        journal.add(REFUSAL, (), helpful)
    assert [entry.id for entry in journal.entries()] == [1, 2, 3]
    assert [entry.id for entry in journal.entries(helpful=True)] == [1, 3]
    assert [entry.id for entry in journal.entries(helpful=False)] == [2]


def test_nothing_was_said_where_there_is_no_file_and_asking_makes_none(journal: Journal) -> None:
    assert journal.entries() == ()
    with pytest.raises(InputError, match=r"no entry 1 in .*; nothing was said yet; say it with: shanghai-qa feedback"):
        journal.entry(1)
    assert not journal.path.parent.exists()


def test_an_empty_file_is_a_journal_not_yet_begun(tmp_path: Path) -> None:
    (tmp_path / "j").touch()
    assert Journal(tmp_path / "j").entries() == ()
    assert Journal(tmp_path / "j").add(REFUSAL, (), True).id == 1


@pytest.mark.parametrize("id", [0, -1, 3, 10**30])
def test_a_number_without_an_entry_is_named_with_those_that_there_are(journal: Journal, id: int) -> None:
    journal.add(REFUSAL, (), True)
    journal.add(REFUSAL, (), False)
    with pytest.raises(InputError, match=rf"no entry {id} in .*journal\.sqlite; there are: 1, 2$"):
        journal.entry(id)


def test_of_many_entries_an_error_names_the_first_and_the_last(journal: Journal) -> None:
    for _ in range(13):
        journal.add(REFUSAL, (), True)
    with pytest.raises(InputError, match=r"there are: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …, 13$"):
        journal.entry(14)


def test_what_was_said_can_be_taken_back_and_this_undone(journal: Journal) -> None:
    first, second = journal.add(ANSWER, (), False, "wrong"), journal.add(REFUSAL, (), True)
    assert journal.remove(1) == first
    assert journal.entries() == (second,)
    with pytest.raises(InputError, match="there are: 2"):
        journal.remove(1)
    assert journal.restore(first) == journal.restore(first) == first
    assert journal.entries() == (first, second)


def test_what_was_taken_back_is_gone_from_the_file(journal: Journal) -> None:
    journal.add(ANSWER, (), False, "a secret reason")
    journal.add(ANSWER, (), False, "another reason")
    journal.remove(1)
    held = journal.path.read_bytes()
    assert (b"a secret reason" in held, b"another reason" in held) == (False, True)


def test_only_its_owner_may_read_a_journal(journal: Journal) -> None:
    before = os.umask(0)
    try:
        journal.add(ANSWER, (), True)
    finally:
        os.umask(before)
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_under_none_nothing_is_kept_and_each_use_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_journal({"SHANGHAI_QA_JOURNAL": "none"}) == NONE
    journal = Journal(NONE, keeps_questions=True)
    assert (journal.keeps_votes, journal.keeps_questions) == (False, False)
    assert journal.asked(ANSWER, (), "cli") is None
    for use in (
        journal.entries, journal.exchanges, lambda: journal.entry(1), lambda: journal.add(ANSWER, (), True),
        lambda: journal.remove(1), lambda: journal.prune(1),
    ):  # fmt: skip
        with pytest.raises(JournalError, match="nothing is kept, since the journal is 'none'; name another file with"):
            use()
    assert not list(tmp_path.iterdir())


def test_a_number_is_never_given_twice(journal: Journal) -> None:
    journal.add(ANSWER, (), True)
    journal.remove(1)
    assert journal.add(ANSWER, (), True).id == 2


def test_many_who_begin_a_journal_at_once_lose_nothing(journal: Journal) -> None:
    start = threading.Barrier(8)

    def say(n: int) -> int:
        start.wait()
        return Journal(journal.path).add(REFUSAL, (), True, str(n)).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(say, range(8)))
    assert sorted(ids) == list(range(1, 9))
    assert {entry.id: entry.reason for entry in journal.entries()} == {id: str(n) for n, id in enumerate(ids)}


def test_a_journal_that_another_process_holds_says_to_try_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.add(REFUSAL, (), True)
    monkeypatch.setattr("shanghai_qa.journal._PATIENCE_S", 0.0)
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="is being written by another process; try again"):
            journal.add(REFUSAL, (), True)
        assert len(journal.entries()) == 1


def test_characters_that_are_no_text_are_refused_and_nothing_is_written(journal: Journal) -> None:
    with pytest.raises(InputError, match="characters that are no text"):
        journal.add(ANSWER, (), False, "\ud800")
    assert not journal.path.exists()


@pytest.mark.parametrize("content", [b"hello", b"id,question\n" * 1000], ids=["short", "long"])
def test_a_file_that_is_no_journal_is_named_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j").write_bytes(content)
    journal = Journal(tmp_path / "j")
    for use in (journal.entries, lambda: journal.add(ANSWER, (), True)):
        with pytest.raises(JournalError, match=r"j is no journal .*move it away.*SHANGHAI_QA_JOURNAL"):
            use()
    assert (tmp_path / "j").read_bytes() == content


def changed(path: Path, *statements: str) -> Journal:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return Journal(path)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    journal = changed(tmp_path / "j", "CREATE TABLE entry (id)")
    for use in (journal.entries, lambda: journal.add(ANSWER, (), True)):
        with pytest.raises(JournalError, match="is another program's database; name another file"):
            use()


def test_a_journal_of_a_later_format_is_not_touched(journal: Journal) -> None:
    journal.add(ANSWER, (), True)
    with pytest.raises(JournalError, match="has format 3, this version knows 2; use a newer version"):
        changed(journal.path, "PRAGMA user_version = 3").entries()


def test_an_entry_that_cannot_be_read_is_named(journal: Journal) -> None:
    journal.add(ANSWER, (), True)
    with pytest.raises(JournalError, match=r"journal\.sqlite: entry 1 cannot be read: "):
        changed(journal.path, "UPDATE entry SET answer = '{}'").entries()


def test_a_full_disk_is_named_and_what_was_written_before_stays(journal: Journal) -> None:
    before = journal.add(ANSWER, (), True)
    with no_file_above(journal.path.stat().st_size), pytest.raises(JournalError, match=r"cannot be used: .*make room"):
        journal.add(ANSWER, (), False, "x" * 100_000)
    assert journal.entries() == (before,)
    assert journal.add(ANSWER, (), True).id == 2


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "j", tmp_path):
        with pytest.raises(JournalError, match=rf"{re.escape(str(path))} cannot be .*SHANGHAI_QA_JOURNAL"):
            Journal(path).add(ANSWER, (), True)


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may do anything may write to it")
def test_a_journal_that_may_only_be_read_can_be_read(journal: Journal) -> None:
    entry = journal.add(ANSWER, (), True)
    journal.path.chmod(0o444)
    assert journal.entries() == (entry,)
    with pytest.raises(JournalError, match="cannot be used: attempt to write a readonly database"):
        journal.add(ANSWER, (), True)


def test_a_name_with_signs_that_mean_something_in_an_address_is_a_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "what? 100%#1.sqlite")
    journal.add(ANSWER, (), True)
    assert [path.name for path in tmp_path.iterdir()] == ["what? 100%#1.sqlite"]
    assert len(journal.entries()) == 1


def test_the_place_of_the_journal_is_no_setting_of_answers() -> None:
    environment = {"SHANGHAI_QA_JOURNAL": "/j"}
    assert Settings.from_environment(environment) == Settings()
    assert default_journal(environment) == Path("/j")
    assert default_journal({}) == Path(__file__).parents[1] / ".journal.sqlite"


# --- Questions


@pytest.fixture
def keeping(journal: Journal) -> Journal:
    return Journal(journal.path, journal._clock, keeps_questions=True)


def test_what_is_asked_is_kept_only_where_that_is_turned_on(journal: Journal, keeping: Journal) -> None:
    assert journal.asked(ANSWER, TALK, "cli") is None
    assert not journal.path.exists()
    kept = keeping.asked(ANSWER, TALK, "cli")
    assert kept == Exchange(1, "2026-01-02T03:04:05+00:00", "cli", TALK, ANSWER)
    assert (journal.exchanges(), journal.entries()) == ((kept,), ())


def test_a_question_that_cannot_be_kept_is_logged_and_costs_nobody_the_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "j").write_text("no journal", encoding="utf-8")
    assert Journal(tmp_path / "j", keeps_questions=True).asked(ANSWER, (), "api") is None
    assert "a question was not kept: " in caplog.text
    assert "is no journal" in caplog.text


def test_nothing_about_anybody_is_kept(keeping: Journal) -> None:
    kept = keeping.asked(replace(ANSWER, id="alice-7"), (), "api")
    assert kept
    assert keeping.exchanges() == (kept,)
    assert kept.answer == ANSWER
    keeping.add(ANSWER, (), True)
    with closing(sqlite3.connect(keeping.path)) as connection:
        columns = {
            table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            for (table,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
            ).fetchall()
        }
    assert columns == {
        "entry": {"id", "at", "helpful", "reason", "history", "answer"},
        "exchange": {"id", "at", "door", "history", "answer"},
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", False), ("no", False), ("0", False), ("false", False), ("yes", True), ("1", True), ("on", True)],
)
def test_keeping_is_off_unless_the_setting_says_yes(given: str, kept: bool) -> None:
    environment = {"SHANGHAI_QA_KEEP_QUESTIONS": given}
    assert keeps_questions(environment) is kept
    assert Settings.from_environment(environment) == Settings()
    assert keeps_questions({}) is False


def test_a_setting_that_says_neither_is_named() -> None:
    with pytest.raises(SettingsError, match="SHANGHAI_QA_KEEP_QUESTIONS is 'perhaps'; expected yes or no"):
        keeps_questions({"SHANGHAI_QA_KEEP_QUESTIONS": "perhaps"})


def test_what_is_older_is_pruned_and_gone_from_the_file(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for days in (40, 30, 0):
        journal = Journal(
            tmp_path / "j", partial(datetime.fromisoformat, str(now - timedelta(days))), keeps_questions=True
        )
        journal.add(ANSWER, (), False, f"reason {days}")
        journal.asked(ANSWER, (Turn("user", f"asked {days}"),), "cli")
    assert journal.prune(31) == 2
    assert [entry.reason for entry in journal.entries()] == ["reason 30", "reason 0"]
    assert [one.history[0].content for one in journal.exchanges()] == ["asked 30", "asked 0"]
    held = journal.path.read_bytes()
    assert (b"reason 40" in held, b"asked 40" in held, b"asked 30" in held) == (False, False, True)
    assert journal.prune(31) == 0
    assert journal.prune(0) == 2
    assert journal.add(ANSWER, (), True).id == 4


def test_there_is_nothing_to_prune_where_there_is_no_file_and_no_age_below_0(journal: Journal) -> None:
    assert journal.prune(1) == 0
    assert not journal.path.exists()
    with pytest.raises(ValueError, match="at least 0, got -1"):
        journal.prune(-1)


# --- A journal of format 1

OLD = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, helpful INTEGER NOT NULL, reason TEXT NOT NULL,
    history TEXT NOT NULL, answer TEXT NOT NULL
)
"""


def old_journal(path: Path, entries: int) -> Journal:
    row = ("2026-01-02T03:04:05+00:00", 0, "old", "[]", ANSWER.to_json())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(OLD)
        connection.executemany("INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?)", [row] * entries)
        connection.execute(f"PRAGMA application_id = {0x53515A4A}")
        connection.execute("PRAGMA user_version = 1")
    return Journal(path, keeps_questions=True)


def format_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_older_journal_is_read_as_it_is(tmp_path: Path) -> None:
    journal = old_journal(tmp_path / "j", 3)
    before = journal.path.read_bytes()
    assert len(journal.entries()) == 3
    assert journal.exchanges() == ()
    assert journal.path.read_bytes() == before


def test_the_first_write_brings_an_older_journal_up_and_keeps_all_of_it(tmp_path: Path) -> None:
    for kind in ("vote", "question"):
        journal = old_journal(tmp_path / kind, 3)
        old = journal.entries()
        if kind == "vote":
            journal.add(ANSWER, (), True)
        else:
            journal.asked(ANSWER, (), "cli")
        assert format_of(journal.path) == 2
        assert journal.entries()[:3] == old
        assert len(journal.entries()) + len(journal.exchanges()) == 4
    assert old_journal(tmp_path / "pruned", 3).prune(0) == 3


def test_a_full_disk_leaves_an_older_journal_as_it_was(tmp_path: Path) -> None:
    journal = old_journal(tmp_path / "j", 3)
    with no_file_above(journal.path.stat().st_size), pytest.raises(JournalError):
        journal.add(ANSWER, (), False, "x" * 100_000)
    assert (format_of(journal.path), len(journal.entries())) == (1, 3)


# --- Killed writers

_WRITER = """
import sys
from pathlib import Path
from shanghai_qa.journal import Journal
from tests.test_journal import ANSWER
journal = Journal(Path(sys.argv[1]), keeps_questions=True)
print("ready", flush=True)
sys.stdin.readline()
while True:
    print("question", journal.asked(ANSWER, (), "cli").id, flush=True)
    print("vote", journal.add(ANSWER, (), True).id, flush=True)
"""


def test_writers_killed_at_any_time_leave_whole_entries_and_lose_none_that_they_told_of(tmp_path: Path) -> None:
    journal = old_journal(tmp_path / "j", 5)
    told: dict[str, set[int]] = {"vote": {1, 2, 3, 4, 5}, "question": set()}
    for n in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, journal.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(0.002 * n**2)
        process.send_signal(signal.SIGKILL)
        for line in process.communicate(timeout=30)[0].splitlines():
            kind, _, id = line.partition(" ")
            if id:
                told[kind].add(int(id))
        assert {entry.id for entry in journal.entries()} >= told["vote"]
        assert {one.id for one in journal.exchanges()} >= told["question"]
        assert all(entry.answer == ANSWER for entry in journal.entries())
    assert told["question"]
