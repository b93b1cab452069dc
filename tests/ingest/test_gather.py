import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.clean import clean
from ingest.documents import find, read, read_document
from ingest.gather import Gathered, gather, id_of_address
from ingest.loaded import Facts
from shanghai_qa.errors import CorpusError, InputError
from shanghai_qa.values import Document, Tier
from tests.ingest.made import HTML, epub, lines, pdf, word, zipped
from tests.ingest.web_server import Page, serving

CORPUS = Path(__file__).parents[2] / "corpus"
TEXT = "SMIC makes chips in Shanghai."


class Watched:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total = self.read = 0
        self.endings: dict[str, int] = {}

    def documents(self, total: int) -> None:
        self.total = total

    def document(self) -> None:
        self.read += 1

    def left_out(self, endings: Mapping[str, int]) -> None:
        self.endings = dict(endings)


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def gathered(*inputs: Path | str, flags: Facts = Facts(), **options: object) -> tuple[dict[str, Gathered], list[str]]:  # noqa: B008
    """The documents by id, and what was refused, without the folder of the first input."""
    refused: list[str] = []
    cache = Path("never-made")
    found = list(gather(inputs, flags, refused.append, Watched(), cache=cache, **options))  # type: ignore[arg-type]
    assert not cache.exists()
    first = Path(inputs[0])
    base = first if first.is_dir() else first.parent
    return {each.document.id: each for each in found}, [why.replace(f"{base}/", "") for why in refused]


def only(*inputs: Path | str, flags: Facts = Facts(), **options: object) -> Gathered:  # noqa: B008
    found, refused = gathered(*inputs, flags=flags, **options)
    assert refused == []
    (one,) = found.values()
    return one


# --- The corpus that ships ------------------------------------------------------------------------------------------


def test_the_corpus_that_ships_is_gathered_as_it_is_written() -> None:
    watched, refused = Watched(), list[str]()
    found = list(gather([CORPUS], Facts(), refused.append, watched, cache=Path("never-made")))
    assert refused == []
    assert [each.document for each in found] == [read_document(path, id) for id, path in find([CORPUS])]
    assert [each.document.text for each in found] == [clean(read(path, id).body) for id, path in find([CORPUS])]
    assert [each.removed for each in found if each.removed] == []
    assert {each.document.id for each in found if each.assumed} == {
        id for id, path in find([CORPUS]) if path.suffix == ".txt"
    }
    assert (watched.total, watched.read, watched.endings) == (335, 335, {})


# --- What is found --------------------------------------------------------------------------------------------------


def test_documents_of_all_formats_are_gathered_by_their_path_without_ending(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {
            "b/page.html": HTML, "b/report.pdf": pdf(lines(TEXT), lines("Hua Hong does too.")), "b.d/x.md": TEXT,
            "a/word.docx": word(("Normal", TEXT)), "a-a/book.epub": epub(), "note.txt": TEXT, "a.txt": TEXT,
            "table.csv": f"id,text\nsmic,{TEXT}\n,{TEXT}", "rows.jsonl": json.dumps({"text": TEXT}),
            "packed.zip": zipped({"in/plan.md": TEXT, "in/rows.csv": f"text\n{TEXT}"}),
            "README.md": "x", ".hidden.md": "x", ".git/x.md": "x", "x.png": "x", "y.PNG": "x", "Makefile": "x",
            "b/report.pdf.meta.yaml": "tier: primary",
        },
    )  # fmt: skip
    watched = Watched()
    found = list(gather([folder], Facts(), pytest.fail, watched, cache=tmp_path))
    assert [each.document.id for each in found] == [
        "a", "a-a/book", "a/word", "b.d/x", "b/page", "b/report", "note", "packed/in/plan", "packed/in/rows/1",
        "rows/1", "table/smic", "table/2",
    ]  # fmt: skip
    assert (watched.total, watched.read, watched.endings) == (10, 10, {".png": 2, "none": 1})


def test_the_pages_of_a_pdf_begin_where_their_text_does(tmp_path: Path) -> None:
    folder = written(tmp_path, {"a.pdf": pdf(lines(TEXT), [], lines("Hua Hong does too."))})
    document = only(folder).document
    assert document.text == f"{TEXT}\n\nHua Hong does too."
    assert document.pages == (0, len(TEXT) + 2, len(TEXT) + 2)
    assert document.page(document.text.index("Hua")) == 3


def test_what_is_left_out_of_a_pdf_is_told(tmp_path: Path) -> None:
    pages = [[*lines("SMIC report", top=760), *lines(f"Text {word}.", top=600)] for word in ("one", "two", "three")]
    removed = only(written(tmp_path, {"a.pdf": pdf(*pages)})).removed
    assert [each.text for each in removed] == ["SMIC report"] * 3


def test_a_file_given_twice_is_gathered_once_and_files_keep_the_order_given(tmp_path: Path) -> None:
    written(tmp_path, {"corpus/ai/b.md": TEXT, "corpus/ai/a.md": TEXT, "c.md": TEXT})
    found, refused = gathered(
        tmp_path / "c.md", tmp_path / "corpus/ai/b.md", tmp_path / "corpus", tmp_path / "corpus/ai"
    )
    assert (list(found), refused) == (["c", "ai/b", "ai/a"], [])


def test_a_path_that_does_not_exist_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    written(tmp_path, {"a.md": TEXT})
    with pytest.raises(CorpusError, match="gone does not exist; expected a document, a folder or an address"):
        next(gather([tmp_path, tmp_path / "gone"], Facts(), pytest.fail, Watched(), cache=tmp_path))


def test_a_file_of_another_kind_is_refused_where_it_is_named(tmp_path: Path) -> None:
    written(tmp_path, {"a.md": TEXT, "x.png": "x", "a.md.meta.yaml": "tier: primary"})
    found, refused = gathered(tmp_path / "a.md", tmp_path / "x.png", tmp_path / "a.md.meta.yaml")
    assert list(found) == ["a"]
    assert [why.partition(";")[0] for why in refused] == ["x.png is not a document", "a.md.meta.yaml is not a document"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    written(tmp_path, {"a/b.md": TEXT, "c.md": TEXT})
    (tmp_path / "a").chmod(0)
    found, refused = gathered(tmp_path)
    (tmp_path / "a").chmod(0o700)
    assert (list(found), refused) == (["c"], ["a cannot be read (Permission denied); expected a folder that opens"])


def test_the_later_of_two_documents_with_one_id_is_refused_by_name(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {"a.md": TEXT, "a.txt": TEXT, "b.zip": zipped({"c.md": TEXT, "c.txt": TEXT}), "b/c.md": TEXT},
    )
    written(tmp_path, {os.fsdecode(b"caf\xe9.md"): TEXT, "d\ne.md": TEXT})
    found, refused = gathered(folder)
    assert list(found) == ["a", "b/c"]
    assert refused == [
        "a.txt has the id 'a' that a.md has already; rename one of them",
        "b.zip/c has the id 'b/c' that b.zip/c has already; rename one of them",
        "b/c.md has the id 'b/c' that b.zip/c has already; rename one of them",
        "caf?.md has a name that is not UTF-8; rename it",
        "d?e.md has a name that is not one line; rename it",
    ]


# --- What is refused ------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_refused_by_name_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {
            "a.pdf": pdf(lines(TEXT), password="secret"), "b.md": "---\ntier: gold\n---\nText.", "c.txt": "\n \n",
            "d.pdf": b"%PDF-1.7 and nothing", "e.jsonl": f'{{"text": "{TEXT}"}}\n{{', "k.md": TEXT,
            "f.zip": zipped({"g.md": "", "h.md": TEXT}), "i.txt": "x" * 1_000_001, "j.pdf": pdf([]), "l.md": TEXT,
            "l.md.meta.yaml": "a: b",
        },
    )  # fmt: skip
    found, refused = gathered(folder)
    assert list(found) == ["e/1", "f/h", "k"]
    assert [why.partition(";")[0].partition("(")[0] for why in refused] == [
        "a.pdf: is encrypted",
        "b.md:2: tier is 'gold'",
        "c.txt: holds no text",
        "d.pdf: is damaged or not what its name says ",
        "e.jsonl:2: the line is no JSON ",
        "f.zip/g.md: is empty",
        "i.txt: has a paragraph of 1,000,001 characters",
        "j.pdf: holds no text",
        "l.md: l.md.meta.yaml:1: 'a' is no key of the front matter",
    ]


# --- What is known of a source --------------------------------------------------------------------------------------


def test_a_sidecar_goes_before_front_matter_that_before_flags_and_these_before_what_a_file_says(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {
            "a.md": "---\npublisher: Front\nplaces: [Pudong]\n---\nText.", "a.md.meta.yaml": "publisher: Beside",
            "b.html": HTML, "c.html": HTML, "c.html.meta.yaml": "title: Beside\ntopics: [ai]\ntier: established",
        },
    )  # fmt: skip
    flags = Facts(publisher="Flag", places=("Minhang",), tier=Tier.PROMOTIONAL)
    found, refused = gathered(folder, flags=flags)
    assert refused == []
    known = {
        id: (one.document.title, one.document.publisher, one.document.places, one.document.topics, one.document.tier)
        for id, one in found.items()
    }
    assert known == {
        "a": ("Text.", "Beside", ("Pudong",), (), Tier.PROMOTIONAL),
        "b": ("SMIC opens a plant", "Flag", ("Minhang",), (), Tier.PROMOTIONAL),
        "c": ("Beside", "Flag", ("Minhang",), ("ai",), Tier.ESTABLISHED),
    }
    assert found["b"].document.published == "2024-03-05"


def test_a_missing_tier_is_unverified_and_said_to_be_assumed(tmp_path: Path) -> None:
    found, _ = gathered(written(tmp_path, {"a.md": "---\ntier: unverified\n---\nText.", "b.txt": TEXT}))
    assert {id: one.document.tier for id, one in found.items()} == {"a": Tier.UNVERIFIED, "b": Tier.UNVERIFIED}
    assert {id: set(one.assumed) for id, one in found.items()} == {"a": set(), "b": {"tier"}}


def test_a_title_is_the_first_line_where_nobody_gives_one_and_else_the_name(tmp_path: Path) -> None:
    long = "SMIC makes chips in the city of Shanghai, " * 6
    found, _ = gathered(
        written(tmp_path, {"a/note.txt": "# Plants\n\nText.", "a/long one.txt": long, "b.pdf": pdf(lines(long))})
    )
    assert {id: one.document.title for id, one in found.items()} == {
        "a/note": "Plants",
        "a/long one": "long one",
        "b": "b",
    }


def test_columns_are_mapped_where_that_is_asked(tmp_path: Path) -> None:
    one = only(written(tmp_path, {"a.csv": f"story,head\n{TEXT},Plants\n"}), columns={"text": "story", "title": "head"})
    assert (one.document.text, one.document.title) == (TEXT, "Plants")


def test_a_column_for_a_field_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'txt' is no field of a record; expected text, title, url"):
        gathered(written(tmp_path, {}), columns={"txt": "story"})


def test_what_others_put_into_a_text_is_taken_out_and_told_with_its_line(tmp_path: Path) -> None:
    dirty = f"Share on Facebook\n\n{TEXT}\n\nHua Hong, 上海品茶微信, makes chips in Wuxi.\n"
    found, refused = gathered(written(tmp_path, {"a.txt": dirty, "b.md": f"---\ntier: primary\n---\n{dirty}"}))
    assert refused == []
    assert "品茶" not in found["a"].document.text + found["b"].document.text
    assert found["a"].document.text.startswith(TEXT)
    assert found["b"].document.text.startswith("Share on Facebook")
    assert [one.line for one in found["a"].removed] == [1, 5]
    assert [one.line for one in found["b"].removed] == [5]


def test_a_plain_document_is_whole(tmp_path: Path) -> None:
    assert only(written(tmp_path, {"a.md": "One\ntext.\n"})) == Gathered(
        Document("a", "One", None, (), None, None, Tier.UNVERIFIED, (), (), "One text."), (), frozenset({"tier"})
    )


def test_what_is_at_an_address_is_gathered_with_that_address(tmp_path: Path) -> None:
    sitemap = "<urlset><url><loc>/a/b.html</loc></url><url><loc>/gone</loc></url><url><loc>/c?x=1</loc></url></urlset>"
    chinese = "<html><p>中芯国际在上海生产芯片。</p></html>".encode("gb18030")
    with serving({"/a/b.html": Page(HTML), "/c?x=1": Page(chinese, "text/html; charset=gb18030")}) as site:
        site.pages["/sitemap.xml"] = Page(sitemap.replace("<loc>", f"<loc>{site.url('')}"), "application/xml")
        refused: list[str] = []
        found = list(
            gather(
                [written(tmp_path / "in", {"a.md": TEXT}), site.url("/sitemap.xml")],
                Facts(tier=Tier.ESTABLISHED),
                refused.append,
                Watched(),
                cache=tmp_path / "cache",
                allow_private=True,
            )
        )
        host = f"127.0.0.1-{site.port}"
        assert [(each.document.id, each.document.url, each.document.tier) for each in found] == [
            ("a", None, Tier.ESTABLISHED),
            (f"{host}/a/b.html", site.url("/a/b.html"), Tier.ESTABLISHED),
            (id_of_address(site.url("/c?x=1")), site.url("/c?x=1"), Tier.ESTABLISHED),
        ]
        assert found[2].document.text == "中芯国际在上海生产芯片。"
        assert len(refused) == 1
        assert refused[0].startswith(site.url("/gone"))


@pytest.mark.parametrize(
    ("address", "id"),
    [
        ("https://www.Example.org", "www.example.org"),
        ("https://example.org/", "example.org"),
        ("https://example.org/a/b.html", "example.org/a/b.html"),
        ("https://example.org/a/", "example.org/a"),
        ("http://127.0.0.1:8080/%E5%BC%A0%E6%B1%9F/x.php", "127.0.0.1-8080/张江/x.php"),
    ],
)
def test_the_id_of_an_address_is_its_host_and_path(address: str, id: str) -> None:
    assert id_of_address(address) == id


def test_addresses_that_an_id_cannot_tell_have_a_hash_in_theirs() -> None:
    addresses = [
        "https://example.org/?p=12",
        "https://example.org/p-12",
        "https://example.org/p/12",
        "https://example.org/?p-12",
    ]
    ids = [id_of_address(address) for address in addresses]
    assert ids[1] == "example.org/p-12"
    assert re.fullmatch(r"example\.org/p-12-[0-9a-f]{8}", ids[0])
    assert len(set(ids)) == len(ids)
    assert id_of_address("http://example.org/?p=12/") == ids[0]
