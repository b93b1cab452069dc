import pytest

from ingest.split import head, split
from shanghai_qa.prove import check_citation, source_of
from shanghai_qa.values import Citation
from tests.samples import document

TEXT = (
    "# Title\n\nAbove all.\n\n## First\nOne is one. Two is two. Three is three.\n\n## Empty\n\n## Last\nFour is four."
)
DOCUMENT = document(id="ai/doc", title="Title", text=TEXT)


def words(text: str) -> int:
    return len(text.split())


def test_a_passage_is_a_section_and_its_id_says_where_it_stands() -> None:
    passages = split(DOCUMENT, words, 100)
    assert [(p.id, p.heading) for p in passages] == [("ai/doc#9", ""), ("ai/doc#30", "First"), ("ai/doc#89", "Last")]
    assert [TEXT[p.start : p.end] for p in passages][1] == "One is one. Two is two. Three is three."


def test_offsets_of_sentences_are_exact() -> None:
    first = split(DOCUMENT, words, 100)[1]
    assert [TEXT[s.start : s.end] for s in first.sentences] == ["One is one.", "Two is two.", "Three is three."]


def test_a_section_longer_than_the_model_reads_is_split_between_sentences() -> None:
    passages = split(DOCUMENT, words, 8)  # title and heading take two
    assert [TEXT[p.start : p.end] for p in passages if p.heading == "First"] == [
        "One is one. Two is two.",
        "Three is three.",
    ]


def test_a_single_sentence_that_is_too_long_makes_a_passage_of_its_own() -> None:
    assert len(split(DOCUMENT, words, 1)) == 5


def test_title_and_heading_are_embedded_apart_and_stand_in_no_passage() -> None:
    assert head(DOCUMENT, "First") == "Title\nFirst"
    assert head(DOCUMENT, "") == "Title"
    assert all("Title" not in TEXT[p.start : p.end] for p in split(DOCUMENT, words, 100))


@pytest.mark.parametrize(
    "text",
    [
        "# Another heading than the title\nOne is one.",
        "# One\nOne is one.\n\n# Two\nTwo is two.\n\n### Deep\nThree is three.\n# Title\nFour is four.",
        "####### Seven marks are no heading\nOne is one.\n\n#No blank\nTwo is two.\n\n#\u3000Wide blank\nThree.",
        "One is one.\n## \nTwo is two.\n##  Blanks  \nThree is three.",
    ],
)
def test_the_checker_finds_each_passage_under_its_heading(text: str) -> None:
    of = document(id="ai/doc", title="Title", text=text)
    passages = split(of, words, 100)
    assert passages
    for passage in passages:
        for span in passage.sentences:
            quote = text[span.start : span.end]
            citation = Citation(1, quote, span.start, span.end, passage.heading, source_of(of))
            assert check_citation(citation, {of.id: of}).holds, (passage.heading, quote)
