import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.check import MAX_WORDS, check, same_address
from ingest.commands import corpus
from ingest.documents import find
from shanghai_qa.errors import InputError

CORPUS = Path(__file__).parents[2] / "corpus"
SOUND = "SMIC (中芯国际) reported revenue of 8 billion US dollars for 2024."


def written(
    folder: Path, id: str = "semiconductors/smic", *, url: str = "null", topics: str = "", body: str = ""
) -> Path:
    """A document with nothing wrong but what is passed; its first sentence stands on line 14."""
    path = folder / f"{id}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "---\ntitle: SMIC in 2024\npublisher: SMIC\nauthors: []\n"
        f"url: {url}\npublished: 2025-02-11\ntier: primary\ntopics: [{topics or id.split('/')[0]}]\nplaces: []\n---\n"
        + (body or f"# SMIC in 2024\n\n## Revenue\n{SOUND}\n"),
        encoding="utf-8",
    )
    return path


def problems(folder: Path) -> list[str]:
    """What the check prints, without the folder."""
    return [str(problem).removeprefix(f"{folder}/") for problem in check(find([folder]))]


def problems_of(folder: Path, sentence: str) -> list[str]:
    written(folder, body=f"# SMIC in 2024\n\n## Revenue\n{SOUND}\n{sentence}\n")
    return [problem.removeprefix("semiconductors/smic.md:") for problem in problems(folder)]


def test_the_corpus_that_ships_has_no_problems() -> None:
    found = find([CORPUS])
    assert len(found) == 335
    assert [str(problem) for problem in check(found)] == []


def test_a_sound_document_has_no_problems_and_no_document_has_none(tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    written(tmp_path)
    assert problems(tmp_path) == []


def test_a_file_that_is_no_document_is_a_problem_among_the_others(tmp_path: Path) -> None:
    written(tmp_path).write_text("# SMIC\n", encoding="utf-8")
    written(tmp_path, "ai/plan", topics="policy")
    assert problems(tmp_path) == [
        "ai/plan.md:8: the first topic is policy; expected ai, as the folder is named",
        "semiconductors/smic.md:1: the front matter is missing; expected --- alone on the first line",
    ]


def test_the_first_topic_is_the_folder_but_in_the_report(tmp_path: Path) -> None:
    written(tmp_path, "ai/plan", topics="ai, policy")
    written(tmp_path, "report/port", topics="policy, ai")
    assert problems(tmp_path) == []
    written(tmp_path, "ai/plan", topics="policy, ai")
    assert problems(tmp_path) == ["ai/plan.md:8: the first topic is policy; expected ai, as the folder is named"]
    assert problems(tmp_path / "ai") == ["plan.md:8: the first topic is policy; expected ai, as the folder is named"]


def test_a_document_in_no_folder_may_have_any_topic(tmp_path: Path) -> None:
    written(tmp_path, "smic", topics="semiconductors")
    assert problems(tmp_path) == []


def test_an_address_belongs_to_one_document(tmp_path: Path) -> None:
    written(tmp_path, "ai/a", url="https://www.Example.org/page/")
    written(tmp_path, "ai/b", url="http://example.org/page#part")
    written(tmp_path, "ai/c", url="http://example.org/page?id=2")
    written(tmp_path, "ai/d")
    written(tmp_path, "ai/e")
    assert problems(tmp_path) == ["ai/b.md:5: the url is also that of ai/a; expected one document for one address"]


def test_addresses_of_one_page_are_the_same_and_paths_keep_their_case() -> None:
    assert (
        same_address("HTTPS://WWW.Example.org/Page/#x") == same_address("http://example.org/Page") == "example.org/Page"
    )


def test_the_title_is_the_heading_of_the_document(tmp_path: Path) -> None:
    written(tmp_path, body=f"# SMIC in 2023\n\n## Revenue\n{SOUND}\n")
    assert problems(tmp_path) == [
        "semiconductors/smic.md:11: the document opens with '# SMIC in 2023'; "
        "expected '# SMIC in 2024', as the title is"
    ]


def test_a_document_has_sections(tmp_path: Path) -> None:
    written(tmp_path, body=f"# SMIC in 2024\n\n{SOUND}\n")
    assert problems(tmp_path) == ["semiconductors/smic.md:11: there is no section; expected headings that open with ##"]


def test_a_section_is_not_empty_but_may_hold_only_smaller_ones(tmp_path: Path) -> None:
    written(tmp_path, body=f"# SMIC in 2024\n## Year\n### Revenue\n{SOUND}\n\n## Fabs\n")
    expected = "semiconductors/smic.md:16: the section 'Fabs' is empty; expected sentences under the heading"
    assert problems(tmp_path) == [expected]


def test_a_sentence_has_fewer_than_forty_words(tmp_path: Path) -> None:
    assert MAX_WORDS == 39
    assert problems_of(tmp_path, "In 2024 SMIC" + " grew" * 36 + " – .") == []  # 3 + 36; a dash is no word
    shown = "'In 2024 SMIC" + " grew" * 9 + " g…'"
    assert problems_of(tmp_path, "In 2024 SMIC" + " grew" * 37 + ".") == [
        f"15: the sentence has 40 words: {shown}; expected at most 39"
    ]


@pytest.mark.parametrize(
    ("sentence", "opening"),
    [
        ("It grew in 2024.", "It"),
        ("Its revenue grew in 2024.", "Its"),
        ("“They grew in 2024.”", "They"),
        ("He said so in 2024.", "He"),
        ("This was a record in 2024.", "This"),
        ("The company grew in 2024.", "The company"),
        ("The city's revenue grew in 2024.", "The city"),
        ("The authors said so in 2024.", "The authors"),
    ],
)
def test_a_sentence_does_not_open_with_a_pronoun(tmp_path: Path, sentence: str, opening: str) -> None:
    assert problems_of(tmp_path, sentence) == [
        f"15: the sentence opens with '{opening}': {sentence!r}; expected the name of its subject"
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "He Fan said so in 2024.",
        "IT grew in 2024.",
        "The city of Shanghai grew in 2024.",
        "The authors of 'Automating Fairness?' said so.",
        "The article 'Automating Fairness?' says so.",
        "The companywide plan of SMIC holds.",
    ],
)
def test_a_name_that_looks_like_a_pronoun_may_open_a_sentence(tmp_path: Path, sentence: str) -> None:
    assert problems_of(tmp_path, sentence) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("SMIC<br/>grew.", "'<br/>' is an HTML tag"),
        ("SMIC grew <!-- today -->.", "'<!--' is an HTML tag"),
        ("SMIC&nbsp;grew.", "'&nbsp;' is an HTML entity"),
        ("SMIC&#39;s grew.", "'&#39;' is an HTML entity"),
        ("SMIC [grew](https://example.org).", "'[grew](https://example.org)' is a link"),
        ("SMIC **grew**.", "'**grew**' is bold or italic type"),
        ("SMIC _grew_.", "'_grew_' is bold or italic type"),
        ("SMIC `grew`.", "'`grew`' is code"),
        ("SMIC grew [3].", "'[3]' is a footnote mark"),
        ("SMIC grew [citation needed].", "'[citation needed]' is a footnote mark"),
    ],
)
def test_no_markup_is_left_over(tmp_path: Path, sentence: str, found: str) -> None:
    assert problems_of(tmp_path, sentence) == [f"15: {found} left over; expected plain text"]


@pytest.mark.parametrize(
    "sentence",
    ["R&D of AT&T grew; so did Q&A.", "SMIC grew by 3 < 4 * 5 * 6.", "The file is smic_2024_full.", "C# [new] grew."],
)
def test_what_only_looks_like_markup_is_left_alone(tmp_path: Path, sentence: str) -> None:
    assert problems_of(tmp_path, sentence) == []


def test_chinese_is_only_the_name_of_something(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "SMIC (中芯国际, 中芯) made “芯片”, 'G60科创走廊' and 《计划》 (new (新)).") == []
    assert problems_of(tmp_path, "SMIC 中芯 grew (中国).") == [
        "15: '中芯' stands neither in brackets nor in quotation marks; expected Chinese only as the name of something"
    ]


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("(上海龙凤自荐)", "'龙凤' is advertising"),
        ("(品茶工作室)", "'品茶工作室' is advertising"),
        ("(加微信看)", "'加微信' is a call to get in touch"),
        ("(微信: abc12345)", "'微信: abc12345' is a contact"),
        ("on WeChat: shop_2024", "'WeChat: shop_2024' is a contact"),
        ("by me@example.org", "'me@example.org' is a contact"),
        ("at @shanghai_vip", "'@shanghai_vip' is a contact"),
        ("at 13812345678", "'13812345678' is a telephone number"),
        ("at +86 138-1234-5678", "'+86 138-1234-5678' is a telephone number"),
        ("at 021-61234567", "'021-61234567' is a telephone number"),
    ],
)
def test_no_advertising_is_left_over(tmp_path: Path, fragment: str, found: str) -> None:
    assert f"15: {found}; expected nothing but what the source tells" in problems_of(tmp_path, f"SMIC grew {fragment}.")


@pytest.mark.parametrize(
    "sentence",
    [
        "SMIC (中芯) sold 13812345678.5 shares, 1,381,234,567 chips and file 0001736541 under 001-38638.",
        "SMIC wrote on WeChat in 2024 of new tea drinks (新茶饮) and food delivery (外卖).",
        "SMIC added microelectronics (增加微电子) and loved Shanghai (热爱上海).",
    ],
)
def test_figures_and_names_are_not_taken_for_advertising(tmp_path: Path, sentence: str) -> None:
    assert problems_of(tmp_path, sentence) == []


def test_plain_text_is_held_to_the_rules_about_leftovers_alone(tmp_path: Path) -> None:
    (tmp_path / "ai").mkdir()
    (tmp_path / "ai/note.txt").write_text(
        "It grew.\n张江很大。\n\nCall 13812345678\nor <b>write</b>.\n", encoding="utf-8"
    )
    assert [problem.split(";")[0] for problem in problems(tmp_path)] == [
        "ai/note.txt:4: '13812345678' is a telephone number",
        "ai/note.txt:5: '<b>' is an HTML tag left over",
        "ai/note.txt:5: '</b>' is an HTML tag left over",
    ]


def test_a_problem_in_a_wrapped_paragraph_has_the_line_of_the_file(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "SMIC grew\nin 2024. Hua Hong\ngrew. It\nshrank.") == [
        "17: the sentence opens with 'It': 'It shrank.'; expected the name of its subject"
    ]


# --- The commands ----------------------------------------------------------------------------------------------------


def test_checking_a_sound_corpus_prints_nothing_and_succeeds(tmp_path: Path) -> None:
    written(tmp_path)
    result = CliRunner().invoke(corpus, ["check", str(tmp_path)])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 document, 0 problems\n")


def test_checking_prints_a_line_for_each_problem_and_fails(tmp_path: Path) -> None:
    path = written(tmp_path, topics="ai")
    result = CliRunner().invoke(corpus, ["check", str(path)])
    assert result.exit_code == 1
    assert result.stdout == f"{path}:8: the first topic is ai; expected semiconductors, as the folder is named\n"
    assert result.stderr == "1 document, 1 problem\n"


def test_checking_names_two_files_with_one_id_and_goes_on(tmp_path: Path) -> None:
    written(tmp_path, topics="policy")
    (tmp_path / "semiconductors/smic.txt").write_text("SMIC.\n", encoding="utf-8")
    result = CliRunner().invoke(corpus, ["check", str(tmp_path)])
    assert result.exit_code == 1
    clash, topic = result.stdout.splitlines()
    assert clash.endswith("smic.md has already; rename one of them")
    assert "the first topic is policy" in topic
    assert result.stderr == "1 document, 2 problems\n"


def test_documents_are_listed_in_one_line_each_and_filtered(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, "ai/plan")
    listed = CliRunner().invoke(corpus, ["list", "--topic", "ai", "--corpus", str(tmp_path)])
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["id", "title", "publisher", "published", "tier"],
        ["ai/plan", "SMIC", "in", "2024", "SMIC", "2025-02-11", "primary"],
    ]
    assert listed.stderr == "1 document\n"
    assert (
        CliRunner().invoke(corpus, ["list", "--tier", "unverified", "--json", "--corpus", str(tmp_path)]).stdout == ""
    )


def test_documents_are_listed_as_json_lines(tmp_path: Path) -> None:
    written(tmp_path, url="https://example.org")
    (line,) = CliRunner().invoke(corpus, ["list", "--json", "--corpus", str(tmp_path)]).stdout.splitlines()
    facts = json.loads(line)
    assert len(facts.pop("sha256")) == 64
    assert facts == {
        "id": "semiconductors/smic",
        "title": "SMIC in 2024",
        "publisher": "SMIC",
        "authors": [],
        "url": "https://example.org",
        "published": "2025-02-11",
        "tier": "primary",
        "topics": ["semiconductors"],
        "places": [],
        "pages": [],
        "also_at": [],
    }


def test_a_topic_that_there_is_not_is_wrong_use(tmp_path: Path) -> None:
    result = CliRunner().invoke(corpus, ["list", "--topic", "chips", "--corpus", str(tmp_path)])
    assert result.exit_code == 2
    said = " ".join(result.output.replace("│", " ").split())
    assert "Invalid value for '--topic': 'chips' is not a topic; expected one of semiconductors, ai, quantum," in said


def test_a_document_is_shown_with_its_facts_above_its_text(tmp_path: Path) -> None:
    written(tmp_path, topics="semiconductors, capital")
    shown = CliRunner().invoke(corpus, ["show", "semiconductors/smic", "--corpus", str(tmp_path)]).stdout
    facts, text = shown.split("\n\n", 1)
    assert facts.splitlines()[:2] == ["id: semiconductors/smic", "title: SMIC in 2024"]
    assert {"url: -", "tier: primary", "topics: semiconductors, capital", "places: -"} <= set(facts.splitlines())
    assert text == f"# SMIC in 2024\n\n## Revenue\n{SOUND}\n"


def test_an_unknown_id_is_an_error_that_names_close_ones(tmp_path: Path) -> None:
    written(tmp_path)
    close = CliRunner().invoke(corpus, ["show", "semiconductor/smic", "--corpus", str(tmp_path)]).exception
    assert isinstance(close, InputError)
    assert str(close) == "there is no document 'semiconductor/smic'; did you mean semiconductors/smic?"
    far = CliRunner().invoke(corpus, ["show", "xyz", "--corpus", str(tmp_path)]).exception
    assert str(far) == "there is no document 'xyz'; `shanghai-qa corpus list` names all"


def test_the_corpus_that_ships_is_the_default() -> None:
    assert "report/port-to-tech-leader" in CliRunner().invoke(corpus, ["list", "--tier", "unverified"]).stdout
