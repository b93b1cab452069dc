import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.documents import find, is_address, read, read_document
from shanghai_qa.errors import CorpusError
from shanghai_qa.values import Document, Tier

FRONT = {
    "title": "SMIC results for 2024",
    "publisher": "SMIC",
    "authors": "[]",
    "url": "https://www.example.org/page",
    "published": "2025-02-11",
    "tier": "primary",
    "topics": "[semiconductors]",
    "places": "[Pudong, Zhangjiang]",
}
BODY = "# SMIC results for 2024\n\n## Revenue\nSMIC reported revenue of 8 billion US dollars\nfor 2024.\n"


def markdown(body: str = BODY, **changed: str) -> str:
    front = "\n".join(f"{key}: {value}" for key, value in (FRONT | changed).items())
    return f"---\n{front}\n---\n{body}"


def written(folder: Path, text: str | bytes, name: str = "smic.md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problem(folder: Path, text: str | bytes, name: str = "smic.md") -> str:
    """What reading the file complains of, without its folder."""
    path = written(folder, text, name)
    with pytest.raises(CorpusError) as raised:
        read_document(path, "smic")
    return str(raised.value).removeprefix(f"{folder}/")


def test_markdown_becomes_a_document_with_its_lines_unwrapped(tmp_path: Path) -> None:
    assert read_document(written(tmp_path, markdown()), "semiconductors/smic") == Document(
        id="semiconductors/smic",
        title="SMIC results for 2024",
        publisher="SMIC",
        authors=(),
        url="https://www.example.org/page",
        published="2025-02-11",
        tier=Tier.PRIMARY,
        topics=("semiconductors",),
        places=("Pudong", "Zhangjiang"),
        text="# SMIC results for 2024\n\n## Revenue\nSMIC reported revenue of 8 billion US dollars for 2024.",
    )


@pytest.mark.parametrize("published", ["2025", "2025-02", "2025-02-11", "'2025'", '"2025-02-11"'])
def test_a_date_is_kept_as_exact_as_it_is_given(tmp_path: Path, published: str) -> None:
    document = read_document(written(tmp_path, markdown(published=published)), "smic")
    assert document.published == published.strip("'\"")


def test_what_is_null_is_none(tmp_path: Path) -> None:
    document = read_document(written(tmp_path, markdown(publisher="null", url="~", published="")), "smic")
    assert (document.publisher, document.url, document.published) == (None, None, None)


def test_plain_text_has_its_first_line_as_title_and_is_unverified(tmp_path: Path) -> None:
    document = read_document(written(tmp_path, "\n  A note on chips \n\nWafers\nare round.\n", "note.txt"), "note")
    assert document == Document(
        "note", "A note on chips", None, (), None, None, Tier.UNVERIFIED, (), (), "A note on chips\n\nWafers are round."
    )


def test_plain_text_that_opens_with_a_long_paragraph_is_titled_by_its_file(tmp_path: Path) -> None:
    assert read_document(written(tmp_path, "chips " * 100, "note.txt"), "x/note").title == "note"


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    plain = read_document(written(tmp_path, markdown()), "smic")
    marked = b"\xef\xbb\xbf" + markdown().replace("\n", "\r\n").encode()
    assert read_document(written(tmp_path, marked), "smic") == plain


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"title": "2024"}, "smic.md:2: title is '2024', to YAML a number; expected a text, in quotes if"),
        ({"title": "null"}, "smic.md:2: title is null; expected a text"),
        ({"title": "' '"}, "smic.md:2: title is empty; expected a text"),
        ({"publisher": "[SMIC]"}, "smic.md:3: publisher is a list; expected a name, or null"),
        ({"authors": "Li Wei"}, "smic.md:4: authors is not a list; expected a list of names, [] for none"),
        ({"authors": "[Li Wei, {a: b}]"}, "smic.md:4: authors holds an entry that is a mapping; expected a list"),
        ({"url": "www.example.org"}, "smic.md:5: url is 'www.example.org'; expected an http or https address, or null"),
        ({"published": "2025-13"}, "smic.md:6: published is '2025-13'; expected a date that there is as YYYY"),
        ({"published": "2025-02-30"}, "smic.md:6: published is '2025-02-30'; expected a date that there is"),
        ({"published": "11 June 2025"}, "smic.md:6: published is '11 June 2025'; expected a date"),
        ({"published": "[2025]"}, "smic.md:6: published is not a date; expected a date"),
        ({"tier": "offical"}, "smic.md:7: tier is 'offical'; expected primary, established, promotional or unverified"),
        ({"topics": "[chips]"}, "smic.md:8: topics holds 'chips'; expected a list from semiconductors, ai, quantum"),
        ({"places": "[No]"}, "smic.md:9: places holds an entry that is 'No', to YAML a yes or no; expected a list"),
        ({"lang": "en"}, "smic.md:10: 'lang' is no key of the front matter; expected title, publisher, authors"),
        ({"places": "[]\ntier: primary"}, "smic.md:10: tier is given twice, first on line 7; expected it once"),
        ({"places": "[Pudong"}, "smic.md:9: the front matter is not YAML (expected ',' or ']'"),
        ({"title": '"\\UFFFFFFFF"'}, "smic.md:2: the front matter is not YAML (it cannot be parsed)"),
    ],
)
def test_a_wrong_fact_is_named_with_its_line(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    assert problem(tmp_path, markdown(**changed)).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "smic.md:1: the file is empty; expected a document"),
        (" \n\u200b\n", "smic.md:1: the file is empty; expected a document"),
        (b"---\ntitle: \xff\xfe\n", "smic.md:2: the file is not text in UTF-8; save it as UTF-8"),
        ("---\ntitle: SMIC\n", "smic.md:1: the front matter does not end; expected --- alone on a line below it"),
        ("---\n---\n# SMIC\n", "smic.md:2: the front matter holds no keys; expected lines of the form key: value"),
        ("---\n- title\n---\n# SMIC\n", "smic.md:2: the front matter holds no keys; expected lines of the form"),
        (markdown("\n \n"), "smic.md:13: there is no text; expected a body below the front matter"),
    ],
)
def test_a_file_that_is_no_document_says_why(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert problem(tmp_path, text).startswith(message)


def test_markdown_without_front_matter_is_a_document_that_lacks_it(tmp_path: Path) -> None:
    reading = read(written(tmp_path, "# SMIC\n\nSMIC makes\nchips.\n"), "a/smic")
    assert reading.document == Document(
        "a/smic", "SMIC", None, (), None, None, Tier.UNVERIFIED, (), (), "# SMIC\n\nSMIC makes chips."
    )
    (lack,) = reading.lacks
    assert str(lack).endswith("smic.md:1: the front matter is missing; expected --- alone on the first line")


def test_a_key_that_is_missing_is_lacking_and_no_problem(tmp_path: Path) -> None:
    text = markdown().replace("tier: primary\n", "").replace("title: SMIC results for 2024\n", "")
    reading = read(written(tmp_path, text), "smic")
    assert reading.problems == ()
    assert [(lack.line, lack.what) for lack in reading.lacks] == [(1, "tier is missing"), (1, "title is missing")]
    assert reading.document is not None
    assert (reading.document.title, reading.document.tier) == ("SMIC results for 2024", Tier.UNVERIFIED)


def test_a_file_that_is_not_there_says_why(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone.md:1: the file cannot be read \(No such file or directory\)"):
        read_document(tmp_path / "gone.md", "gone")


def test_all_problems_of_a_file_are_told_in_the_order_of_its_lines(tmp_path: Path) -> None:
    reading = read(written(tmp_path, markdown(tier="best", title="1")), "smic")
    assert [p.line for p in reading.problems] == [2, 7]
    assert reading.document is None


def test_no_content_raises_anything_but_a_corpus_error(tmp_path: Path) -> None:
    dice = random.Random(8)
    pieces = [*"---:[]{}&*!|>'\"%@`#,? \n\t\\xuU0", "---\n", "title: ", "!!int ", "&a ", "*a", "<<: ", "\x00", "\ud7ff"]
    for trial in range(1500):
        noise = "".join(dice.choices(pieces, k=dice.randrange(12)))
        text = markdown()
        at = dice.randrange(len(text) // 2)
        path = written(tmp_path, text[:at] + noise + text[at + dice.randrange(4) :])
        with suppress(CorpusError):
            read_document(path, f"trial-{trial}")


def test_front_matter_nested_without_end_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    assert "the front matter is not YAML" in problem(tmp_path, markdown(title="[" * 5000))


def test_bytes_of_any_kind_are_a_document_or_a_problem(tmp_path: Path) -> None:
    dice = random.Random(9)
    for _ in range(200):
        reading = read(written(tmp_path, dice.randbytes(dice.randrange(30)), "noise.txt"), "noise")
        assert (reading.document is None) == bool(reading.problems)


def test_documents_are_found_in_folders_by_their_path_without_ending(tmp_path: Path) -> None:
    for name in (
        "b/two.md",
        "a/one.txt",
        "a/deep/er.v2.md",
        "README.md",
        "a/readme.md",
        "a/x.pdf",
        ".git/c.md",
        ".d.md",
    ):
        written(tmp_path, "text", name)
    assert find([tmp_path]) == [
        ("a/deep/er.v2", tmp_path / "a/deep/er.v2.md"),
        ("a/one", tmp_path / "a/one.txt"),
        ("b/two", tmp_path / "b/two.md"),
    ]


def test_an_empty_folder_holds_no_documents(tmp_path: Path) -> None:
    assert find([tmp_path]) == []


def test_a_file_given_by_name_has_its_path_under_the_corpus_as_id(tmp_path: Path) -> None:
    inside, outside = written(tmp_path, "text", "corpus/ai/plan.md"), written(tmp_path, "text", "notes/plan.md")
    assert find([inside, outside]) == [("ai/plan", inside), ("plan", outside)]


def test_a_file_given_twice_is_found_once(tmp_path: Path) -> None:
    path = written(tmp_path, "text", "ai/plan.md")
    assert find([tmp_path, path, tmp_path / "ai"]) == [("ai/plan", path)]


def test_two_files_with_one_id_are_an_error_that_names_both(tmp_path: Path) -> None:
    written(tmp_path, "text", "plan.md")
    written(tmp_path, "text", "plan.txt")
    with pytest.raises(CorpusError, match=r"plan\.txt has the id 'plan' that .*plan\.md has already; rename one"):
        find([tmp_path])


def test_files_that_cannot_have_an_id_are_refused_and_the_rest_is_found(tmp_path: Path) -> None:
    kept = [written(tmp_path, "text", name) for name in ("other.md", "plan.md")]
    clash = written(tmp_path, "text", "plan.txt")
    alien = written(tmp_path, "text", os.fsdecode(b"caf\xe9.txt"))
    refused: list[str] = []
    assert find([tmp_path, alien], refused.append) == [("other", kept[0]), ("plan", kept[1])]
    assert refused == [
        f"{tmp_path}/caf?.txt has a name that is not UTF-8; rename it",
        f"{clash} has the id 'plan' that {kept[1]} has already; rename one of them",
    ]


def test_a_path_that_is_neither_folder_nor_document_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone does not exist"):
        find([tmp_path / "gone"])
    with pytest.raises(CorpusError, match=r"x\.pdf is not a document; expected a name that ends in \.md or \.txt"):
        find([written(tmp_path, "text", "x.pdf")])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://example.org", True),
        ("https://例子.cn/页?a=b#c", True),
        ("example.org/page", False),
        ("ftp://example.org", False),
        ("javascript://example.org/%0aalert(1)", False),
        ("https:///page", False),
        ("https://[bad", False),
        ("https://example.org/a b", False),
        ("", False),
    ],
)
def test_an_address_is_what_a_browser_can_open(text: str, expected: bool) -> None:
    assert is_address(text) is expected
