import os
import re
import resource
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shanghai_qa.errors import InputError
from shanghai_qa.journal import Entry, Journal, JournalError
from shanghai_qa.settings import Settings, default_journal
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
    with pytest.raises(JournalError, match="has format 2, this version knows 1; use a newer version"):
        changed(journal.path, "PRAGMA user_version = 2").entries()


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
