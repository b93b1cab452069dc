"""Ingest from the outside: what it reports, what it keeps, and what readers see meanwhile. Small corpora."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.publish import Summary, ingest
from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import CorpusError, ShanghaiQAError
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from tests.e2e.program import run, snapshot_of, with_encoder_of

pytestmark = pytest.mark.corpus

HEAD = """---
title: "{title}"
publisher: Port Gazette
authors: []
url: https://port.example/{name}
published: 2031-05-06
tier: established
topics: [trade]
places: [Lingang]
---
"""
CRANES = "The Lingang crane yard runs 418 cranes in 2031."
FERRIES = "The Lingang ferry line carried 77,000 riders in May 2031."
TUNNELS = "The Lingang tunnel is 9.4 km long and opened on 3 April 2031."
DOCUMENTS = {
    "trade/cranes": f"{CRANES} The yard was built by Orbit Harbour Works.",
    "trade/ferries": f"## Riders\n{FERRIES} A ticket costs 6 yuan.",
    "trade/tunnels": TUNNELS,
}


class Site:
    """A corpus and an index of it, each in a folder of its own."""

    def __init__(self, folder: Path, index: Path) -> None:
        self.corpus = folder / "corpus"
        self.index = with_encoder_of(index, folder / "index")
        self.write(DOCUMENTS)

    def write(self, documents: Mapping[str, str]) -> None:
        for id, text in documents.items():
            path = (self.corpus / id).with_suffix(".md")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(HEAD.format(title=f"About {path.stem}", name=path.stem) + text + "\n", encoding="utf-8")

    def remove(self, id: str) -> None:
        (self.corpus / id).with_suffix(".md").unlink()

    def ingest(self, rebuild: bool = False) -> Summary:
        return ingest([self.corpus], Index(self.index), Settings(), rebuild=rebuild)

    def assistant(self) -> Assistant:
        return Assistant.open(self.index, Settings())

    @property
    def snapshots(self) -> list[str]:
        return sorted(path.name for path in (self.index / "snapshots").iterdir())

    @property
    def passages(self) -> set[str]:
        snapshot = Index(self.index).open()
        try:
            return {passage.id for passage in snapshot.contents.passages}
        finally:
            snapshot.close()


@pytest.fixture
def site(tmp_path: Path, index: Path) -> Site:
    return Site(tmp_path, index)


def _cited(assistant: Assistant, question: str) -> set[str]:
    return {citation.source.id for citation in assistant.ask(question).citations}


def test_a_first_ingest_adds_everything_and_answers_from_it(site: Site) -> None:
    summary = site.ingest()
    assert summary.added == ("trade/cranes", "trade/ferries", "trade/tunnels")
    assert (summary.changed, summary.removed, summary.unchanged, summary.refused) == ((), (), (), ())
    assert (summary.published, summary.passages, summary.embedded) == (True, 3, 3)
    answer = site.assistant().ask("How many cranes does the Lingang crane yard run?")
    assert answer.statements[0].text == CRANES
    assert (answer.corpus.documents, answer.corpus.passages) == (3, 3)


def test_a_second_ingest_of_the_same_writes_nothing(site: Site) -> None:
    first = site.ingest()
    before = _hashes(site.index)
    second = site.ingest()
    assert (second.published, second.embedded, second.version) == (False, 0, first.version)
    assert second.unchanged == first.added
    assert _hashes(site.index) == before


def test_only_what_changed_is_embedded_and_the_rest_keeps_its_ids(site: Site) -> None:
    first = site.ingest()
    ids = site.passages
    site.write({"trade/ferries": "The Lingang ferry line stopped in June 2031.", "trade/docks": "Dock 5 is dry."})
    second = site.ingest()
    assert (second.added, second.changed) == (("trade/docks",), ("trade/ferries",))
    assert second.unchanged == ("trade/cranes", "trade/tunnels")
    assert second.embedded == 2
    assert second.version != first.version
    assert {id for id in ids if "ferries" not in id} < site.passages


def test_a_rebuild_embeds_everything_and_gives_the_same_version_and_ids(site: Site) -> None:
    first = site.ingest()
    ids = site.passages
    again = site.ingest(rebuild=True)
    assert (again.version, again.embedded) == (first.version, first.passages)
    assert site.passages == ids


def test_an_index_of_an_older_format_is_built_anew_and_removed(site: Site) -> None:
    site.ingest()
    manifest = snapshot_of(site.index) / "manifest.json"
    data = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(data | {"format": 1}), encoding="utf-8")
    again = site.ingest()
    assert (again.published, again.embedded) == (True, again.passages)
    assert len(site.snapshots) == 1
    assert site.assistant().ask("How many cranes does the Lingang crane yard run?").statements[0].text == CRANES


def test_a_document_back_as_it_was_gives_the_first_version_again(site: Site) -> None:
    first = site.ingest()
    site.write({"trade/docks": "Dock 5 is dry."})
    site.ingest()
    site.remove("trade/docks")
    assert site.ingest().version == first.version


def test_a_removed_document_disappears_from_answers(site: Site) -> None:
    site.ingest()
    question = "How long is the Lingang tunnel?"
    assert "trade/tunnels" in _cited(site.assistant(), question)
    site.remove("trade/tunnels")
    summary = site.ingest()
    assert (summary.removed, summary.embedded) == (("trade/tunnels",), 0)
    assert "trade/tunnels" not in _cited(site.assistant(), question)


def test_offsets_are_those_of_the_text_that_the_index_keeps(site: Site) -> None:
    site.write(
        {"trade/wide": "港口 🚢 café plan.\n\n## Ｗide\nThe Lingang plan names 12 berths 泊位 by 2040. It is old."}
    )
    site.ingest()
    snapshot = Index(site.index).open()
    try:
        for passage in snapshot.contents.passages:
            text = snapshot.contents.document_of(passage).text
            assert passage.id == f"{passage.document_id}#{passage.start}"
            said = [text[span.start : span.end] for span in passage.sentences]
            assert said
            assert all(sentence == sentence.strip() and sentence in text for sentence in said)
            assert text[passage.start : passage.end].startswith(said[0])
            assert text[passage.start : passage.end].endswith(said[-1])
    finally:
        snapshot.close()
    answer = site.assistant().ask("How many berths does the Lingang plan name?")
    assert answer.citations[0].quote == "The Lingang plan names 12 berths 泊位 by 2040."


def test_bad_documents_are_refused_by_name_and_the_rest_goes_in(site: Site, tmp_path: Path) -> None:
    (site.corpus / "trade" / "bare.md").write_text("---\ntier: nonsense\n---\nA text.\n", encoding="utf-8")
    (site.corpus / "trade" / "binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x80\xff")
    (site.corpus / "trade" / "empty.txt").write_text("", encoding="utf-8")
    ran = run("ingest", site.corpus, "--index", site.index, cwd=tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert "Traceback" not in ran.err
    for name in ("bare.md:2", "binary.txt", "empty.txt"):
        assert name in ran.err
    assert "added  3" in ran.err
    assert site.assistant().info.documents == 3


def test_files_that_cannot_have_an_id_are_refused_by_name_and_the_rest_goes_in(site: Site, tmp_path: Path) -> None:
    (site.corpus / "trade" / "cranes.txt").write_text("Another text on cranes.\n", encoding="utf-8")
    (site.corpus / os.fsdecode(b"caf\xe9.txt")).write_text("A text.\n", encoding="utf-8")
    ran = run("ingest", site.corpus, "--index", site.index, cwd=tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert "cranes.txt has the id 'trade/cranes' that " in ran.err
    assert "caf?.txt has a name that is not UTF-8; rename it" in ran.err
    assert "added  3" in ran.err
    assert "Traceback" not in ran.err


def test_documents_without_a_sentence_leave_the_index_as_it_was(site: Site, tmp_path: Path) -> None:
    site.ingest()
    before = _hashes(site.index)
    other = tmp_path / "other"
    other.mkdir()
    (other / "title.txt").write_text("# Title\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="title hold no sentence; the index is as it was"):
        ingest([other], Index(site.index), Settings())
    assert _hashes(site.index) == before


def test_where_all_are_refused_the_index_stays_as_it_was(site: Site) -> None:
    site.ingest()
    before = _hashes(site.index)
    for id in DOCUMENTS:
        (site.corpus / id).with_suffix(".md").write_text("---\ntier: nonsense\n---\nA text.\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="index is as it was"):
        site.ingest()
    assert _hashes(site.index) == before
    assert "trade/cranes" in _cited(site.assistant(), "How many cranes does the Lingang crane yard run?")


def test_an_open_reader_answers_throughout_and_follows_to_the_new_snapshot(site: Site) -> None:
    first = site.ingest().version
    reader = site.assistant()
    question = "How many cranes does the Lingang crane yard run?"
    assert reader.ask(question).corpus.version == first
    held = Index(site.index).open()
    site.write({"trade/cranes": "The Lingang crane yard runs 500 cranes in 2032."})
    second = site.ingest().version
    assert (site.index / "snapshots" / first).is_dir()  # somebody still reads it
    answer = reader.ask(question)
    assert answer.corpus.version == second
    assert "500" in answer.statements[0].text
    held.close()


def test_old_snapshots_go_once_nobody_reads_them(site: Site) -> None:
    site.ingest()
    reader = Index(site.index).open()
    site.write({"trade/docks": "Dock 5 is dry."})
    site.ingest()
    assert len(site.snapshots) == 2
    reader.close()
    site.write({"trade/docks": "Dock 6 is wet."})
    third = site.ingest().version
    assert site.snapshots == [third]


def test_a_second_ingest_at_the_same_time_is_refused(site: Site, tmp_path: Path) -> None:
    site.ingest()
    site.write({"trade/docks": "Dock 5 is dry."})
    with Index(site.index).writing():
        with pytest.raises(ShanghaiQAError, match="another ingest"):
            site.ingest()
        error = run("ingest", site.corpus, "--index", site.index, cwd=tmp_path).err
    assert error.strip().splitlines()[-1].startswith("error: another ingest is writing")
    assert site.ingest().published


def test_two_processes_reading_at_once_change_no_file_of_the_snapshot(site: Site) -> None:
    site.ingest()
    before = _hashes(snapshot_of(site.index))
    code = (
        "import sys; from pathlib import Path; from shanghai_qa import Assistant\n"
        "a = Assistant.open(Path(sys.argv[1]))\n"
        "for question in ('How long is the Lingang tunnel?', 'How many cranes are there?'): a.ask(question)"
    )
    readers = [subprocess.Popen([sys.executable, "-c", code, str(site.index)]) for _ in range(2)]
    assert [reader.wait(timeout=60) for reader in readers] == [0, 0]
    assert _hashes(snapshot_of(site.index)) == before


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
