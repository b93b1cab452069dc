"""An index whose vectors a Chroma server keeps answers as one with Chroma's files inside, and shares it with others."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.maintain import check
from ingest.publish import ingest
from shanghai_qa import assistant as following
from shanghai_qa.errors import IndexUnusable
from shanghai_qa.settings import Settings, default_corpus
from shanghai_qa.store import Index, check_server, read_manifest
from tests.e2e.chroma_server import ChromaServer, serving
from tests.e2e.program import copy_of, run, snapshot_of, with_encoder_of, without_time
from tests.e2e.yards import EAST, NORTH, SOUTH, opened, put, told
from tests.made_vectors import publish, random_vectors

pytestmark = pytest.mark.corpus

QUESTIONS = ("How many startups are in Quantum Valley?", "How many qubits does Zuchongzhi 3.0 have?")
REPORT = default_corpus() / "report"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaServer]:
    """One with nothing in it."""
    with serving(tmp_path / "server") as server:
        yield server


def test_a_server_answers_like_files_and_keeps_one_collection(
    index: Path, server: ChromaServer, tmp_path: Path
) -> None:
    files, corpus = with_encoder_of(index, tmp_path / "files"), [REPORT, default_corpus() / "quantum"]
    ingest(corpus, Index(files), Settings())
    served = copy_of(files, tmp_path / "served")
    assert ingest(corpus, Index(served), Settings(), server.address).embedded == 0
    assert not list(served.rglob("chroma.sqlite3"))
    for question in QUESTIONS:
        here, there = (opened(folder).ask(question).to_dict() for folder in (files, served))
        assert here["outcome"] == "answered"
        assert without_time(there) == without_time(here)
    (first,) = server.collections
    put(served, [NORTH], server.address)
    (second,) = server.collections  # the old one is dropped
    assert second != first
    assert told(opened(served), "North") == "418 cranes"


def test_indices_on_one_server_leave_each_other_and_what_is_not_theirs_alone(
    index: Path, server: ChromaServer, tmp_path: Path
) -> None:
    server.client().create_collection("corpus-0123456789ab")
    one, other = (with_encoder_of(index, tmp_path / name) for name in ("one", "other"))
    for folder in (one, other):
        put(folder, [NORTH, EAST], server.address)
    copied = tmp_path / "copied"
    shutil.copytree(other, copied, symlinks=True)
    again = put(copied, [NORTH, EAST], server.address)  # nothing is new, but for a collection of its own
    assert (again.published, again.embedded) == (True, 0)
    assert len({(folder / "id").read_text() for folder in (one, other, copied)}) == 3
    assert len(server.collections) == 4
    assert not put(copied, [NORTH, EAST], server.address).published

    put(one, [SOUTH], server.address)
    assert [told(opened(folder), "East") for folder in (other, copied)] == ["77 cranes"] * 2
    put(other, [NORTH], server.address)
    for folder in (one, other, copied):
        Index(folder).remove_unused()
    assert told(opened(one), "South") == "95 cranes"
    assert told(opened(other), "North") == "418 cranes"
    assert told(opened(copied), "East") == "77 cranes"
    assert len(server.collections) == 4


def test_what_a_killed_ingest_left_on_the_server_is_dropped_by_the_next(
    index: Path, server: ChromaServer, tmp_path: Path
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    put(folder, [NORTH], server.address)
    (kept,) = server.collections
    assert kept == read_manifest(snapshot_of(folder)).collection
    own = kept.removesuffix(snapshot_of(folder).name)
    server.client().create_collection(f"{own}0123456789ab")
    assert not put(folder, [NORTH], server.address).published
    assert server.collections == [kept]


def test_an_index_leaves_a_server_that_is_down_and_says_what_it_leaves_there(
    index: Path, server: ChromaServer, tmp_path: Path
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    into = (REPORT, "--index", folder)
    assert run("ingest", *into, "--store", server.address, cwd=tmp_path).status == 0
    server.stop()
    way_out = f"no Chroma server answers at {server.address}; start it, or ingest again without --store"
    assert run("ask", QUESTIONS[0], "--index", folder, cwd=tmp_path).error == f"error: {way_out}"
    refused = run("ingest", *into, "--store", server.address, cwd=tmp_path)
    assert (refused.status, refused.err.splitlines()[-1]) == (1, f"error: {way_out}")
    left = run("ingest", *into, cwd=tmp_path)
    assert left.status == 0
    assert "0 passages embedded" in left.err
    warning = rf"^collections corpus-[0-9a-f]{{8}}-\* that nobody needs may be left on {server.address}: no Chroma"
    assert len(re.findall(warning, left.err, re.MULTILINE)) == 1
    assert "Traceback" not in left.err
    assert opened(folder).ask(QUESTIONS[0]).direct_answer == "32 startups"


def test_a_server_that_dies_in_mid_use_is_named_in_one_line_and_used_again_when_it_is_back(
    index: Path, server: ChromaServer, tmp_path: Path
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    put(folder, [NORTH], server.address)
    assistant = opened(folder)
    snapshot = Index(folder).open()
    server.stop()
    uses: list[Callable[[], object]] = [
        lambda: told(assistant, "North"),
        lambda: snapshot.lost([0]),
        lambda: opened(folder),
        lambda: list(check(Index(folder))),
        lambda: put(folder, [EAST], server.address),
    ]
    for use in uses:
        with pytest.raises(IndexUnusable) as caught:
            use()
        assert str(caught.value) == (
            f"no Chroma server answers at {server.address}; start it, or ingest again without --store"
        )
    server.start()
    assert told(assistant, "North") == "418 cranes"
    assert list(check(Index(folder))) == []
    snapshot.close()


def test_a_server_that_dies_while_it_is_written_to_is_named_too_and_the_index_stays_as_it_was(
    index: Path, server: ChromaServer, tmp_path: Path
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    put(folder, [NORTH])
    vectors = random_vectors(5000, 384)  # seconds to write

    def stop() -> None:
        until = time.monotonic() + 30
        while not server.collections and time.monotonic() < until:
            time.sleep(0.01)
        server.stop()

    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stop)
        with pytest.raises(IndexUnusable, match=f"^no Chroma server answers at {server.address}; start it"):
            publish(Index(folder), vectors, store=server.address)
        stopped.result(timeout=30)
    assert [path.name for path in (folder / "snapshots").iterdir()] == [Index(folder).current()]
    assert told(opened(folder), "North") == "418 cranes"


def test_a_reader_stays_with_what_it_has_while_the_server_of_the_new_is_down(
    index: Path, server: ChromaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_PAUSE_S", 0.0)
    folder = with_encoder_of(index, tmp_path / "index")
    put(folder, [NORTH])
    assistant = opened(folder)
    put(folder, [NORTH, EAST], server.address)
    server.stop()
    assert (told(assistant, "North"), assistant.info.documents) == ("418 cranes", 1)
    server.start()
    assert (told(assistant, "East"), assistant.info.documents) == ("77 cranes", 2)


@pytest.mark.parametrize(
    ("store", "shown"),
    [
        ("http://reader:s3cret@host:8000", "host:8000"),
        ("http://s3cret@host", "host"),
        ("http://reader:s3/c@ret@host:8000", "host:8000"),
        ("http://host:8000/base", "http://host:8000/base"),
        ("http://host:8000?token=s3cret", "http://host:8000"),
        ("http://host:8000#part", "http://host:8000#part"),
        ("localhost:8000", "localhost:8000"),
        ("ftp://host", "ftp://host"),
        ("http://host:99999", "http://host:99999"),
        ("http://", "http://"),
    ],
)
def test_an_address_that_holds_more_than_a_host_and_a_port_is_refused_without_its_password(
    store: str, shown: str, index: Path, tmp_path: Path
) -> None:
    refused = f"^the store '{re.escape(shown)}' is not an address; expected http://host:port"
    with pytest.raises(IndexUnusable, match=refused) as caught:
        check_server(store)
    assert "s3" not in str(caught.value)
    with pytest.raises(IndexUnusable, match=refused):
        put(with_encoder_of(index, tmp_path / "index"), [NORTH], store)
