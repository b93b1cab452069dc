"""Every format is read back with a program that is not ours, from answers made by hand and from those of the corpus."""

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import count
from typing import Any

import pytest
import rispy
from citeproc import Citation as Cited
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin
from pybtex.backends.plaintext import Backend
from pybtex.database import BibliographyData, Entry, parse_string
from pybtex.style.formatting.unsrt import Style

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import InputError
from shanghai_qa.export import Format, Kind, cite_as, export, kind, reference
from shanghai_qa.values import (
    Answer,
    Citation,
    Claim,
    CorpusInfo,
    Disagreement,
    Document,
    Outcome,
    Source,
    Statement,
    Tier,
)  # fmt: skip
from tests.samples import document

READ = date(2026, 3, 1)
BIBLIOGRAPHIES = [form for form in Format if form.is_bibliography]
NOTE = "Read as the digest {} in the corpus of Shanghai QA, which gave it this title; the original is the authority."
EVIL = [
    "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) ![](http://evil.example/x.png) <http://evil.example> `code` *bold* __b__ ~~s~~",
    "a } b { c } } \\ \\} \\input{x} % & # _ $x$ ~ ^ \" 'q' `` -- @book{evil, title={x}}",
    "one\r\nER  - \r\nTY  - BOOK\nTI  - two\u2028three \x85 four",
    '=HYPERLINK("http://evil.example")',
    "# no heading\n\n- no list\n\n    no code\n\n| no | table |",
    "1. no list",
    "[^1]: no footnote &lt;b&gt; &#60;",
    "</style></title></q><!-- {{ 7 * 7 }} {% raw %} ${7}",
    "模塑申城 “科创板” 🧑‍🔬🚀 é ﬁ",
    "nul \x00 escape \x1b bell \x07 half \ud83d",
    "",
]


def source(id: str = "trade/port-plan", **facts: Any) -> Source:
    given: dict[str, Any] = {
        "title": "The port plan", "publisher": "Port Daily", "url": "https://port.example/plan?a=1&b=2#c",
        "published": "2024-03-05", "tier": Tier.ESTABLISHED, "sha256": "ab" * 32,
    }  # fmt: skip
    return Source(id, **(given | facts))


def answer(*sources: Source, **changes: Any) -> Answer:
    """An answer with a statement on each source."""
    cited = sources or (source(),)
    given: dict[str, Any] = {
        "question": "When did the port open?",
        "language": "en",
        "outcome": Outcome.ANSWERED,
        "corpus": CorpusInfo("v1", 1_234, 5_678),
        "statements": tuple(Statement(f"Sentence {n} says so.", (n,)) for n, _ in enumerate(cited, start=1)),
        "citations": tuple(Citation(n, f"Quote {n}.", 10, 18, "", one) for n, one in enumerate(cited, start=1)),
    }
    return Answer(**(given | changes))


REFUSAL = answer(
    question="What is the population of Paris?",
    outcome=Outcome.NOT_IN_CORPUS,
    statements=(),
    citations=(),
    missing=("Nothing in this corpus answers it.",),
)
DISAGREEING = answer(
    source("a/a"),
    source("b/b", publisher=None, tier=Tier.UNVERIFIED, url="https://other.example"),
    direct_answer="32 startups",
    statements=(Statement("There are 32 startups.", (1,), "2024-03"),),
    disagreements=(Disagreement("startups in the valley", (Claim("32", "2024", 1), Claim("1|087", None, 2))),),
    caveats=("Only one source says this.",),
    missing=("Nothing on rents.",),
    outcome=Outcome.PARTLY_ANSWERED,
)


def exported(form: Format, *answers: Answer, documents: Mapping[str, Document] | None = None) -> str:
    return export(answers, form, documents or {}, READ)


def entries(text: str) -> dict[str, Entry]:
    """The entries of BibTeX as pybtex reads them, which refuses what is malformed."""
    return dict(parse_string(text, "bibtex").entries.items())


def fields(**facts: object) -> dict[str, str]:
    """The fields of one document's BibTeX entry."""
    (entry,) = entries(reference(document(**facts), Format.BIBTEX, READ)).values()
    return dict(entry.fields)


def records(text: str) -> list[dict[str, Any]]:
    return list(rispy.loads(text))


def items(text: str) -> list[dict[str, Any]]:
    found = json.loads(text)
    assert isinstance(found, list)
    return found


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def bibliography(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """CSL-JSON as a bibliography in Harvard's style, in citeproc's words, in the order of the style."""
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    made = CitationStylesBibliography(style, CiteProcJSON(found), formatter.plain)
    made.register(Cited([CitationItem(item["id"]) for item in found]))
    return [str(line) for line in made.bibliography()]


class Page(HTMLParser):
    """What stands in a page: its tags, attributes and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value or "" for attribute, value in self.attributes if attribute == name]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def rendered(markdown: str) -> Page:
    """Markdown as a reader of it shows it, raw HTML and footnotes let through."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table").use(footnote_plugin)
    tokens = [child for token in reader.parse(markdown) for child in (token, *(token.children or []))]
    assert not [token for token in tokens if token.type.startswith("html") or token.type in ("image", "fence")]
    return Page(re.sub(r"<(hr|br)[^>]*>", "", str(reader.render(markdown))))


def shown(text: str) -> str:
    """A text on one line, as it must be found again."""
    return " ".join(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", " ", text).replace("\ud83d", "?").split())


# --- The formats ------------------------------------------------------------------------------------------------------


def test_each_format_has_the_ending_and_media_type_that_programs_know() -> None:
    assert {form.value: (form.suffix, form.media_type) for form in Format} == {
        "markdown": ("md", "text/markdown"),
        "bibtex": ("bib", "application/x-bibtex"),
        "ris": ("ris", "application/x-research-info-systems"),
        "csl-json": ("json", "application/vnd.citationstyles.csl+json"),
        "csv": ("csv", "text/csv"),
        "html": ("html", "text/html"),
    }
    assert [form.value for form in BIBLIOGRAPHIES] == ["bibtex", "ris", "csl-json"]


@pytest.mark.parametrize("form", list(Format))
def test_an_answer_that_cites_what_it_does_not_list_is_named(form: Format) -> None:
    faulty = answer(statements=(Statement("x", (1, 7)),))
    with pytest.raises(InputError, match=r"answer 2 cites \[7\]"):
        exported(form, answer(), faulty)


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.CSV, Format.HTML])
def test_a_document_alone_is_no_answer(form: Format) -> None:
    with pytest.raises(ValueError, match="expected bibtex, ris, csl-json"):
        reference(document(), form, READ)


@pytest.mark.parametrize("form", list(Format))
def test_the_same_export_twice_is_the_same_text(form: Format) -> None:
    assert exported(form, DISAGREEING, answer(), REFUSAL) == exported(form, DISAGREEING, answer(), REFUSAL)


# --- Bibliographies ---------------------------------------------------------------------------------------------------

ARTICLE = document(
    id="ai/shine-baidu",
    title="Baidu & Tencent in Shanghai",
    publisher="Shine (Shanghai Daily)",
    authors=("Ding Yining", "Hu Buzhi (胡不知)"),
    url="https://www.shine.cn/biz/a_b/?x=%20~1#y",
    published="2021-07-09",
    tier=Tier.ESTABLISHED,
)


def test_bibtex_of_a_news_article_in_full() -> None:
    digest = hashlib.sha256(b"ai/shine-baidu").hexdigest()[:4]
    assert reference(ARTICLE, Format.BIBTEX, READ) == (
        f"@article{{shine-2021-baidu-{digest},\n"
        "  author = {{Ding Yining} and {Hu Buzhi (胡不知)}},\n"
        "  title = {{Baidu \\& Tencent in Shanghai}},\n"
        "  journal = {Shine (Shanghai Daily)},\n"
        "  year = {2021},\n"
        "  month = jul,\n"
        "  date = {2021-07-09},\n"
        "  url = {https://www.shine.cn/biz/a_b/?x=%20~1#y},\n"
        "  urldate = {2026-03-01},\n"
        f"  note = {{{NOTE.format('ai/shine-baidu')}}},\n"
        "}\n"
    )


def test_bibtex_prints_with_capitals_and_names_as_they_are() -> None:
    read = parse_string(reference(ARTICLE, Format.BIBTEX, READ), "bibtex")
    (line,) = [entry.text.render(Backend()) for entry in Style().format_bibliography(read)]
    assert line.startswith(
        "Ding Yining and Hu Buzhi (胡不知). Baidu & Tencent in Shanghai. Shine (Shanghai Daily), July 2021. Read as "
    )
    assert line.endswith("(visited on 2026-03-01).")


def test_ris_of_a_news_article_in_full() -> None:
    assert records(reference(ARTICLE, Format.RIS, READ)) == [
        {
            "type_of_reference": "NEWS",
            "id": f"shine-2021-baidu-{hashlib.sha256(b'ai/shine-baidu').hexdigest()[:4]}",
            "authors": ["Ding Yining", "Hu Buzhi (胡不知)"],
            "title": "Baidu & Tencent in Shanghai",
            "secondary_title": "Shine (Shanghai Daily)",
            "year": "2021",
            "date": "2021/07/09/",
            "urls": ["https://www.shine.cn/biz/a_b/?x=%20~1#y"],
            "access_date": "2026/03/01/",
            "notes": [NOTE.format("ai/shine-baidu")],
        }
    ]


def test_csl_of_a_news_article_prints_in_harvards_style() -> None:
    assert bibliography(items(reference(ARTICLE, Format.CSL_JSON, READ))) == [
        "Ding Yining and Hu Buzhi (胡不知) (2021) “Baidu & Tencent in Shanghai”, Shine (Shanghai Daily), 9 July. "
        "Available at: https://www.shine.cn/biz/a_b/?x=%20~1#y (Accessed: March 1, 2026)."
    ]


@pytest.mark.parametrize(
    ("published", "bibtex", "ris", "parts"),
    [
        ("2024", {"year": "2024"}, "2024///", [2024]),
        ("2024-03", {"year": "2024", "month": "March"}, "2024/03//", [2024, 3]),
        ("2024-03-05", {"year": "2024", "month": "March", "date": "2024-03-05"}, "2024/03/05/", [2024, 3, 5]),
        (None, {}, None, None),
        ("last spring", {}, None, None),
        ("2024-13", {}, None, None),
        ("2024-02-30", {}, None, None),
    ],
)
def test_a_date_is_as_exact_as_it_is_given(
    published: str | None, bibtex: dict[str, str], ris: str | None, parts: list[int] | None
) -> None:
    dated = fields(published=published)
    assert {name: dated[name] for name in ("year", "month", "date") if name in dated} == bibtex
    (record,) = records(reference(document(published=published), Format.RIS, READ))
    assert (record.get("date"), record.get("year")) == (ris, ris and ris[:4])
    (item,) = items(reference(document(published=published), Format.CSL_JSON, READ))
    assert item.get("issued") == (parts and {"date-parts": [parts]})


@pytest.mark.parametrize(
    ("title", "escaped"),
    [
        ("50% of R&D, #1 in a_b at $9", r"50\% of R\&D, \#1 in a\_b at \$9"),
        ("a{b", r"a\textbraceleft{}b"),
        ("a}b", r"a\textbraceright{}b"),
        ("a\\b~c^d", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"),
        ("模塑申城 é –", "模塑申城 é –"),
        ("two\n lines", "two lines"),
    ],
)
def test_what_means_something_to_latex_is_escaped_and_all_else_kept(title: str, escaped: str) -> None:
    assert fields(title=title)["title"] == f"{{{escaped}}}"


def test_without_an_author_bibtex_sorts_by_the_publishers_own_name() -> None:
    assert fields(publisher="China Daily, on ecns.cn")["key"] == "China Daily"
    assert fields(title="Milestones")["key"] == "Milestones"
    assert "key" not in fields(authors=("Li Qian",))


def test_without_an_address_no_day_of_access_is_given() -> None:
    for form in BIBLIOGRAPHIES:
        text = reference(document(url=None), form, READ)
        assert not re.search(r"2026|urldate|Y2|accessed", text), text


def test_a_text_of_which_nothing_is_known_is_not_called_a_digest() -> None:
    plain = document(id="notes", tier=Tier.UNVERIFIED, published=None)
    for form in BIBLIOGRAPHIES:
        assert "Read as notes in the corpus of Shanghai QA." in reference(plain, form, READ)
        assert "Read as the digest ai/a in" in reference(document(publisher="P"), form, READ)


def test_a_source_cited_often_is_one_reference_in_the_order_of_first_citation() -> None:
    talk = [answer(source("b/b"), source("a/a"), source("b/b")), REFUSAL, answer(source("c/c"), source("a/a"))]
    assert len(entries(exported(Format.BIBTEX, *talk))) == 3
    notes = [record["notes"][0] for record in records(exported(Format.RIS, *talk))]
    assert [re.findall("./.", note)[0] for note in notes] == ["b/b", "a/a", "c/c"]
    assert len(bibliography(items(exported(Format.CSL_JSON, *talk)))) == 3
    changed = [answer(source(title="As it was")), answer(source(title="As it is"))]
    assert [item["title"] for item in items(exported(Format.CSL_JSON, *changed))] == ["As it was"]


def test_authors_come_from_the_corpus_and_all_else_from_the_answer() -> None:
    known = document(id="trade/port-plan", title="Changed since", authors=("Li Qian",), published="1999")
    (item,) = items(exported(Format.CSL_JSON, answer(), documents={known.id: known}))
    assert item["author"] == [{"literal": "Li Qian"}]
    assert item["title"] == "The port plan"
    assert item["issued"] == {"date-parts": [[2024, 3, 5]]}
    (alone,) = items(exported(Format.CSL_JSON, answer()))
    assert alone == {name: value for name, value in item.items() if name != "author"}


@pytest.mark.parametrize("answers", [(REFUSAL,), (REFUSAL, REFUSAL), ()])
def test_where_no_source_is_cited_the_bibliography_is_empty(answers: tuple[Answer, ...]) -> None:
    assert exported(Format.BIBTEX, *answers) == "% No source is cited.\n"
    assert entries(exported(Format.BIBTEX, *answers)) == {}
    assert exported(Format.RIS, *answers) == ""
    assert items(exported(Format.CSL_JSON, *answers)) == []
    assert table(exported(Format.CSV, *answers)) == []
    assert exported(Format.CSV, *answers).startswith("question,claim,quote,")


# --- Keys -------------------------------------------------------------------------------------------------------------


def key(**facts: object) -> str:
    (found,) = entries(reference(document(**facts), Format.BIBTEX, READ))
    return str(found)


@pytest.mark.parametrize(
    ("facts", "start"),
    [
        ({"publisher": "The South China Morning Post (from AFP)", "title": "The chips"}, "southchina-2024-chips"),
        ({"authors": ("Li Qian",), "title": "Shanghai in 2024: numbers"}, "liqian-2024-numbers"),
        ({"publisher": "Aviación al Día", "published": None, "title": "C919"}, "aviacional-nd-c919"),
        ({"publisher": "第一财经", "title": "模塑申城"}, "source-2024"),
        ({"publisher": "People's Daily", "title": "People daily"}, "peoplesdaily-2024-people"),
    ],
)
def test_a_key_tells_who_when_and_what_in_ascii(facts: dict[str, object], start: str) -> None:
    assert re.fullmatch(rf"{start}-[0-9a-f]{{4}}", key(**facts))


def test_a_key_is_the_same_in_every_format_and_company() -> None:
    first, second = source("x/one"), source("x/two")
    alone = entries(exported(Format.BIBTEX, answer(first))).keys()
    both = entries(exported(Format.BIBTEX, answer(second, first))).keys()
    assert alone < both
    assert [record["id"] for record in records(exported(Format.RIS, answer(first)))] == list(alone)
    assert [item["id"] for item in items(exported(Format.CSL_JSON, answer(first)))] == list(alone)


def test_sources_whose_short_keys_are_the_same_get_long_ones() -> None:
    seen: dict[str, str] = {}
    for id in map("x/{}".format, count()):
        if (other := seen.setdefault(hashlib.sha256(id.encode()).hexdigest()[:4], id)) != id:
            break
    assert key(id=id) == key(id=other)
    assert len(entries(exported(Format.BIBTEX, answer(source(id), source(other))))) == 2


# --- Kinds ------------------------------------------------------------------------------------------------------------

HERE = "https://here.example/"


@pytest.mark.parametrize(
    ("expected", "facts"),
    [
        (Kind.LAW, {"publisher": "Municipal People's Congress", "title": "Regulations on AI"}),
        (Kind.LAW, {"publisher": "BIS (Federal Register)", "title": "Federal Register: 13 entities"}),
        (Kind.PAGE, {"publisher": "Municipal People's Congress", "title": "The congress meets"}),
        (Kind.PAGE, {"publisher": "Municipal People's Government", "title": "Regulations explained"}),
        (Kind.REPORT, {"publisher": "Municipal People's Congress", "title": "Work report on the law"}),
        (Kind.REPORT, {"publisher": "NIO Inc. (Form 20-F/A, US SEC)", "title": "NIO in 2022"}),
        (Kind.REPORT, {"publisher": "SMIC", "title": "SMIC results for 2024"}),
        (Kind.PAGE, {"publisher": "SMIC", "title": "SMIC results for 2024", "tier": Tier.PROMOTIONAL}),
        (Kind.PAGE, {"publisher": "SMIC", "title": "A plant is planned"}),
        (Kind.PAPER, {"publisher": "Frontiers in Physics", "authors": ("Tao Liu",)}),
        (Kind.PAPER, {"publisher": "arXiv (preprint 2508.09092)"}),
        (Kind.PAGE, {"publisher": "A think tank", "authors": ("Tao Liu",), "tier": Tier.ESTABLISHED}),
        (Kind.NEWS, {"publisher": "China Daily, on ecns.cn", "tier": Tier.ESTABLISHED}),
        (Kind.NEWS, {"publisher": "Reuters (carried by Geo)", "tier": Tier.ESTABLISHED, "url": None}),
        (Kind.NEWS, {"publisher": "SpaceNews", "tier": Tier.ESTABLISHED}),
        (Kind.PAGE, {"publisher": "Tom's Hardware, citing EE Times China", "tier": Tier.ESTABLISHED}),
        (Kind.PAGE, {"publisher": "Newser (summarising Reuters)", "tier": Tier.ESTABLISHED}),
        (Kind.PAGE, {"publisher": "China Daily, on the Pudong government site", "tier": Tier.PROMOTIONAL}),
        (Kind.PAGE, {"publisher": "Wikipedia", "tier": Tier.ESTABLISHED}),
        (Kind.PAGE, {"title": "An anonymous report", "tier": Tier.UNVERIFIED}),
        (Kind.REPORT, {"title": "An anonymous report", "tier": Tier.UNVERIFIED, "url": None}),
        (Kind.DOCUMENT, {"title": "Some notes", "tier": Tier.UNVERIFIED, "url": None}),
        (Kind.DOCUMENT, {"title": "Some notes", "tier": Tier.UNVERIFIED, "url": "ftp://here.example"}),
    ],
)
def test_the_kind_of_a_source(expected: Kind, facts: dict[str, object]) -> None:
    assert kind(document(**({"url": HERE} | facts))) is expected


@pytest.mark.parametrize(
    ("facts", "bibtex", "ris", "csl"),
    [
        (
            {"publisher": "People's Congress", "title": "AI law"},
            ("misc", "howpublished"), ("STAT", "publisher"), ("legislation", "authority"),
        ),
        (
            {"publisher": "SMIC", "title": "Annual report"},
            ("techreport", "institution"), ("RPRT", "publisher"), ("report", "publisher"),
        ),
        (
            {"publisher": "Frontiers", "authors": ("Tao Liu",)},
            ("article", "journal"), ("JOUR", "secondary_title"), ("article-journal", "container-title"),
        ),
        (
            {"publisher": "Reuters", "tier": Tier.ESTABLISHED},
            ("article", "journal"), ("NEWS", "secondary_title"), ("article-newspaper", "container-title"),
        ),
        (
            {"publisher": "Wikipedia", "tier": Tier.ESTABLISHED},
            ("misc", "howpublished"), ("ELEC", "publisher"), ("webpage", "container-title"),
        ),
        (
            {"publisher": "A club", "url": None},
            ("misc", "howpublished"), ("GEN", "publisher"), ("document", "publisher"),
        ),
    ],
)  # fmt: skip
def test_each_kind_has_its_type_and_place_for_the_publisher(
    facts: dict[str, object], bibtex: tuple[str, str], ris: tuple[str, str], csl: tuple[str, str]
) -> None:
    one = document(**({"url": HERE} | facts))
    (entry,) = entries(reference(one, Format.BIBTEX, READ)).values()
    assert (entry.type, entry.fields[bibtex[1]]) == (bibtex[0], one.publisher)
    (record,) = records(reference(one, Format.RIS, READ))
    assert (record["type_of_reference"], record[ris[1]]) == (ris[0], one.publisher)
    (item,) = items(reference(one, Format.CSL_JSON, READ))
    assert (item["type"], item[csl[1]]) == (csl[0], one.publisher)


# --- A reference in words ---------------------------------------------------------------------------------------------


def test_how_to_cite_a_document_in_words() -> None:
    assert cite_as(ARTICLE, READ) == (
        "Ding Yining, Hu Buzhi (胡不知). “Baidu & Tencent in Shanghai”. Shine (Shanghai Daily), 9 July 2021. "
        "https://www.shine.cn/biz/a_b/?x=%20~1#y "
        "(read on 1 March 2026 as the digest ai/shine-baidu in the corpus of Shanghai QA)"
    )
    bare = document(id="notes", title="Notes\nof mine", published=None, tier=Tier.UNVERIFIED)
    assert cite_as(bare, READ) == "“Notes of mine” (read on 1 March 2026 as notes in the corpus of Shanghai QA)"


# --- A table ----------------------------------------------------------------------------------------------------------


def test_a_table_has_a_row_for_each_claim_and_citation() -> None:
    first, second = source("a/a"), source("b/b", publisher=None, url=None, published=None, tier=Tier.PRIMARY)
    one = answer(first, second, statements=(Statement("Both say so.", (1, 2)), Statement("One says so.", (2,))))
    rows = table(exported(Format.CSV, one, REFUSAL, DISAGREEING))
    assert [(row["claim"], row["source_id"]) for row in rows] == [
        ("Both say so.", "a/a"),
        ("Both say so.", "b/b"),
        ("One says so.", "b/b"),
        ("There are 32 startups.", "a/a"),
        ("startups in the valley: 32", "a/a"),
        ("startups in the valley: 1|087", "b/b"),
    ]
    assert rows[0] == {
        "question": "When did the port open?", "claim": "Both say so.", "quote": "Quote 1.",
        "source_title": "The port plan", "publisher": "Port Daily", "published": "2024-03-05", "tier": "established",
        "url": "https://port.example/plan?a=1&b=2#c", "source_id": "a/a", "page": "", "start": "10",
        "end": "18", "sha256": "ab" * 32,
    }  # fmt: skip
    assert (rows[1]["publisher"], rows[1]["published"], rows[1]["url"]) == ("", "", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "\x00=", "\x1b@"])
def test_no_cell_begins_a_formula(start: str) -> None:
    text = f"{start}1+1"
    evil = source(text, title=text, publisher=text, published=text)
    one = answer(evil, question=text, statements=(Statement(text, (1,)),))
    one = replace(one, citations=(replace(one.citations[0], quote=text),))
    (row,) = table(exported(Format.CSV, one))
    for name in ("question", "claim", "quote", "source_title", "publisher", "published", "source_id"):
        assert row[name] == "'" + text.lstrip("\x00\x1b"), name


def test_a_cell_keeps_its_lines_quotes_and_commas() -> None:
    text = 'a "b", c\r\nd\ne;f -1'
    (row,) = table(exported(Format.CSV, answer(statements=(Statement(text, (1,)),))))
    assert row["claim"] == text


# --- Notes and pages --------------------------------------------------------------------------------------------------


def test_markdown_of_an_answer_in_full() -> None:
    assert exported(Format.MARKDOWN, DISAGREEING) == (
        "# When did the port open?\n\n"
        "**32 startups (as of March 2024)**\n\n"
        "> Partly answered from 2 sources.\n>\n> Nothing on rents.\n>\n> Only one source says this.\n\n"
        "There are 32 startups.[^1]\n\n"
        "**Sources disagree: startups in the valley**\n\n"
        "| Value | As of | Source | Tier |\n"
        "| --- | --- | --- | --- |\n"
        "| 32 | 2024 | Port Daily[^1] | established |\n"
        "| 1\\|087 |  | The port plan[^2] | unverified |\n\n"
        "[^1]: “Quote 1.” *The port plan*. Port Daily, 5 March 2024, established. "
        "<https://port.example/plan?a=1&b=2#c>\n\n"
        "[^2]: “Quote 2.” *The port plan*. 5 March 2024, unverified. <https://other.example>\n\n"
        "---\n\n"
        "Quoted from digests of the sources in the corpus of Shanghai QA (version v1), read on 1 March 2026. "
        "The originals are the authority.\n"
    )


def test_a_direct_answer_that_is_a_date_is_not_dated_again() -> None:
    text = exported(Format.MARKDOWN, replace(DISAGREEING, direct_answer="13 June 2019"))
    assert "\n**13 June 2019**\n" in text


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.HTML])
def test_footnotes_count_on_over_a_conversation_and_all_are_marked(form: Format) -> None:
    page = read(form, exported(form, answer(source("a/a"), source("b/b")), REFUSAL, DISAGREEING))
    assert page.tags.count("h1") == 3
    marks = [address for address in page.values("href") if re.fullmatch(r"#(fn|note-)\d+", address)]
    assert [re.findall(r"\d+", mark)[0] for mark in marks] == ["1", "2", "3", "3", "4"]
    assert {mark.removeprefix("#") for mark in marks} <= set(page.values("id"))
    assert re.findall(r"Quote \d", page.text) == ["Quote 1", "Quote 2", "Quote 1", "Quote 2"]
    assert page.tags.count("tr") == 3


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.HTML])
def test_a_refusal_says_so_and_lists_no_sources(form: Format) -> None:
    page = read(form, exported(form, REFUSAL))
    assert "What is the population of Paris? Not in this corpus." in page.text.replace("Paris?Not", "Paris? Not")
    assert "Nothing in this corpus answers it." in page.text
    assert "href" not in dict(page.attributes)
    assert not {"li", "ol", "table"} & set(page.tags)
    assert "digest" not in page.text


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.HTML])
def test_an_answer_in_chinese_is_framed_in_chinese(form: Format) -> None:
    one = replace(DISAGREEING, language="zh", read_as="港口？", answerer="openai:x", removed=2, direct_answer="32家")
    text = read(form, exported(form, one)).text
    for words in (
        "理解为：港口？", "32家（截至2024年3月）", "依据 2 个来源作出部分回答。", "由 openai:x 撰写", "删除： 2 句。",
        "来源说法不一：startups in the valley", "权威", "未核实", "2024年3月5日", "读取日期：2026年3月1日",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.HTML])
def test_who_wrote_and_what_was_removed_is_said(form: Format) -> None:
    text = read(form, exported(form, answer(answerer="openai:x", removed=1, read_as="The port?"))).text
    assert "Written by openai:x; each sentence was checked against its source." in text
    assert "Left out, as their sources do not bear them out: 1 sentence." in text
    assert "Read as: The port?" in text


def test_a_page_needs_nothing_from_elsewhere_and_prints() -> None:
    html = exported(Format.HTML, DISAGREEING)
    page = Page(html)
    assert page.tags[0] == "html"
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "base", "form"} & set(page.tags)
    assert not page.values("src")
    assert "@media print" in html
    assert "url(" not in html
    web = {"https://port.example/plan?a=1&b=2#c", "https://other.example"}
    assert set(page.values("href")) == {"#note-1", "#note-2", *web}
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.values("content")


def read(form: Format, text: str) -> Page:
    return Page(text) if form is Format.HTML else rendered(text)


# --- Copies -----------------------------------------------------------------------------------------------------------

COPIED = answer(
    source(also_at=("https://a.example/x_1", "farm/b", "https://c.example", "https://d.example", "http://e.example"))
)


def test_a_note_tells_of_three_copies_that_have_an_address_and_counts_the_rest() -> None:
    (entry,) = entries(exported(Format.BIBTEX, COPIED)).values()
    assert entry.fields["note"].endswith(
        r"the authority. Also at https://a.example/x\_1, https://c.example, https://d.example and 2 more."
    )
    told = "Also at https://a.example/x_1, https://c.example, https://d.example and 2 more."
    (record,) = records(exported(Format.RIS, COPIED))
    assert told in str(record["notes"])
    (item,) = items(exported(Format.CSL_JSON, COPIED))
    assert item["note"].endswith(f"the authority. {told}")
    assert (
        reference(document(also_at=("https://a.example",)), Format.RIS, READ).count("Also at https://a.example.") == 1
    )


def test_a_footnote_tells_of_copies() -> None:
    text = exported(Format.MARKDOWN, COPIED)
    assert "#c> Also at <https://a.example/x_1>, <https://c.example>, <https://d.example> and 2 more.\n" in text
    assert "另见 <https://a.example>。" in exported(
        Format.MARKDOWN, replace(answer(source(also_at=("https://a.example",))), language="zh")
    )
    page = Page(exported(Format.HTML, COPIED))
    assert "#c Also at https://a.example/x_1, https://c.example, https://d.example and 2 more." in page.text


def test_a_copy_without_an_address_of_the_web_is_named_nowhere() -> None:
    hidden = answer(source(also_at=("farm/b", "javascript:alert(1)", 'https://x.example/"><script>')))
    for form in BIBLIOGRAPHIES:
        text = exported(form, hidden)
        assert "alert" not in text
        assert "<script>" not in text
    for form in (Format.MARKDOWN, Format.HTML):
        page = read(form, exported(form, hidden))
        assert "alert" not in page.text
        assert "script" not in page.tags
    assert exported(Format.MARKDOWN, answer(source(also_at=("farm/b",)))) == exported(Format.MARKDOWN, answer())


def test_sources_that_repeat_each_other_are_counted_once() -> None:
    two = answer(source("a/a"), source("b/b", url="https://b.example"))
    said = tuple(replace(citation, quote="The port opened.") for citation in two.citations)
    assert "Answered from 2 sources." in exported(Format.MARKDOWN, two)
    assert "Answered from 1 source." in exported(Format.MARKDOWN, replace(two, citations=said))


# --- Hostile text -----------------------------------------------------------------------------------------------------


def hostile(text: str) -> Answer:
    """An answer with `text` wherever it holds words."""
    evil = Source(text or "x", text, text, text, text, Tier.UNVERIFIED, text)
    return Answer(
        question=text,
        language=text,
        outcome=Outcome.ANSWERED,
        corpus=CorpusInfo(text, 1, 1),
        read_as=text,
        direct_answer=text,
        statements=(Statement(text, (1,), text),),
        citations=(Citation(1, text, 0, 1, text, evil),),
        disagreements=(Disagreement(text, (Claim(text, text, 1), Claim(text, text, 1))),),
        caveats=(text,),
        missing=(text,),
        answerer=text,
    )


@pytest.mark.parametrize("text", EVIL)
def test_hostile_text_comes_out_as_text_and_as_nothing_else(text: str) -> None:
    evil = hostile(text)
    known = {text: document(id=text, authors=(text, text))}
    (entry,) = entries(exported(Format.BIBTEX, evil, documents=known)).values()
    assert set(entry.fields) <= {"title", "howpublished", "note"}
    (record,) = records(exported(Format.RIS, evil, documents=known))
    assert record["type_of_reference"] == "GEN"
    assert record["title"] == shown(text)
    (item,) = items(exported(Format.CSL_JSON, evil, documents=known))
    assert item.get("title", "") == shown(text)
    assert len(bibliography([item])) == 1
    rows = table(exported(Format.CSV, evil))
    assert [shown(row["quote"]).removeprefix("'") for row in rows] == [shown(text)] * 3
    assert {row["url"] for row in rows} == {""}


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.HTML])
@pytest.mark.parametrize("text", EVIL)
def test_hostile_text_is_shown_and_is_no_markup(text: str, form: Format) -> None:
    tame, page = (read(form, exported(form, hostile(words))) for words in ("tame", text))
    if text:
        assert page.tags == tame.tags
        assert [name for name, _ in page.attributes] == [name for name, _ in tame.attributes]
        assert page.text.count(shown(text)) >= tame.text.count("tame") - 1  # HTML's title is text as well
    assert all(address.startswith("#") for address in page.values("href"))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)//http://x", " javascript:alert(1)", "java\nscript:alert(1)",
        "data:text/html,<script>", "vbscript:x", "//evil.example", "file:///etc/passwd", "ht\ntps://evil.example",
        "http:/\\evil.example", "https://", "https://\\evil.example", "x", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_web_is_given_nowhere(url: str) -> None:
    evil = source(url=url)
    for form in Format:
        text = exported(form, answer(evil))
        assert "alert" not in text
        assert "evil" not in text
        assert "passwd" not in text
    assert set(Page(exported(Format.HTML, answer(evil))).values("href")) == {"#note-1"}
    assert "http" not in cite_as(document(url=url), READ)


def test_an_address_of_the_web_cannot_break_out_of_its_place() -> None:
    url = 'https://evil.example/a b\n"><script>}{\\x%20\u3000^`|\ud800中文'
    safe = "https://evil.example/a%20b%0A%22%3E%3Cscript%3E%7D%7B%5Cx%20%E3%80%80%5E%60%7C%3F中文"
    one = answer(source(url=url))
    (entry,) = entries(exported(Format.BIBTEX, one)).values()
    assert entry.fields["url"] == safe
    assert records(exported(Format.RIS, one))[0]["urls"] == [safe]
    assert items(exported(Format.CSL_JSON, one))[0]["URL"] == safe
    assert table(exported(Format.CSV, one))[0]["url"] == safe
    assert safe in Page(exported(Format.HTML, one)).values("href")
    assert safe.replace("中文", "%E4%B8%AD%E6%96%87") in rendered(exported(Format.MARKDOWN, one)).values("href")


@pytest.mark.parametrize("form", list(Format))
def test_every_export_can_be_written_as_utf_8_without_control_characters(form: Format) -> None:
    for text in EVIL:
        written = exported(form, hostile(text), documents={text: document(authors=(text,))})
        written.encode()
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", written)


# --- The corpus -------------------------------------------------------------------------------------------------------


@pytest.mark.corpus
def test_every_document_of_the_corpus_can_be_cited_in_every_way(assistant: Assistant) -> None:
    read_bibtex = BibliographyData()
    cited: list[dict[str, Any]] = []
    for one in assistant.documents:
        ((found, entry),) = entries(reference(one, Format.BIBTEX, READ)).items()
        (record,) = records(reference(one, Format.RIS, READ))
        (item,) = items(reference(one, Format.CSL_JSON, READ))
        assert found == record["id"] == item["id"]
        assert re.fullmatch(r"[a-z0-9]+-(\d{4}|nd)-[a-z0-9]+-[0-9a-f]{4}", found)
        assert entry.fields["title"].strip("{}") == one.title.replace("&", r"\&").replace("%", r"\%")
        assert record["title"] == item["title"] == one.title
        assert (entry.fields.get("url"), record.get("urls", [None])[0], item.get("URL")) == (one.url,) * 3
        assert record.get("authors", []) == list(one.authors) == [a["literal"] for a in item.get("author", [])]
        assert one.title in cite_as(one, READ)
        read_bibtex.add_entry(found, entry)  # refuses a key that is taken
        cited.append(item)
    assert len(read_bibtex.entries) == len(assistant.documents) > 300
    assert len(bibliography(cited)) == len(cited)


@pytest.mark.corpus
def test_no_more_of_the_corpus_is_called_law_or_paper_than_is(assistant: Assistant) -> None:
    kinds = Counter(map(kind, assistant.documents))
    assert kinds[Kind.PAGE] + kinds[Kind.NEWS] > 0.9 * len(assistant.documents)
    assert {one.id for one in assistant.documents if kind(one) is Kind.LAW} == {
        "ai/shanghai-government-ai-regulations-2022",
        "trade/federal-register-entity-list-october-2023",
    }
    assert {one.id for one in assistant.documents if kind(one) is Kind.PAPER} == {
        "ai/automating-fairness-chinese-courts-paper",
        "quantum/arxiv-jiuzhang-4",
        "quantum/npj-china-quantum-network-2025",
        "quantum/prl-zuchongzhi-3-abstract",
        "research/frontiers-shine-fel-ii-2023",
    }
    assert kind(assistant.document("report/port-to-tech-leader")) is Kind.REPORT


@pytest.mark.corpus
def test_a_conversation_over_the_corpus_is_exported_whole(assistant: Assistant) -> None:
    questions = [
        "When was the STAR Market launched?",
        "How many startups are in Quantum Valley?",
        "What is the population of Paris?",
        "上海有多少家独角兽企业？",
    ]
    answers = [assistant.ask(question) for question in questions]
    documents = {one.id: one for one in assistant.documents}
    sources = {citation.source.id for one in answers for citation in one.citations}
    assert len(sources) > 3
    for form in BIBLIOGRAPHIES:
        text = export(answers, form, documents, READ)
        assert sum(f"{id} in the corpus" in text for id in sources) == len(sources)
    assert len(entries(export(answers, Format.BIBTEX, documents, READ))) == len(sources)
    assert len(bibliography(items(export(answers, Format.CSL_JSON, documents, READ)))) == len(sources)
    for row in table(export(answers, Format.CSV, documents, READ)):
        quoted = documents[row["source_id"]]
        assert quoted.text[int(row["start"]) : int(row["end"])] == row["quote"]
        assert quoted.sha256 == row["sha256"]
    for form in (Format.MARKDOWN, Format.HTML):
        text = read(form, export(answers, form, documents, READ)).text
        for said in (statement.text for one in answers for statement in one.statements):
            assert said in text
