from html.parser import HTMLParser

import pytest

from shanghai_qa.values import (
    Answer,
    Citation,
    Claim,
    CorpusInfo,
    Disagreement,
    Document,
    Filters,
    Outcome,
    Source,
    Span,
    Statement,
    Tier,
)  # fmt: skip
from shanghai_qa.web import render
from shanghai_qa.web.phrases import CHINESE, ENGLISH, TIER_MEANINGS, phrases

CORPUS = CorpusInfo("v1", 1_234, 5_678)
EVIL = "<img src=x onerror=alert(1)> & \"quoted\" 'too' ${1} {{2}} ![](https://evil.example/x.png)"


class Seen(HTMLParser):
    """The tags, the attributes and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def source(id: str = "trade/port-plan", tier: Tier = Tier.PRIMARY, text: str = "The port plan") -> Source:
    return Source(id, text, "Port Authority", "https://port.example/plan", "2024-03-05", tier, "ab" * 32)


def citation(number: int = 1, of: Source | None = None, quote: str = "The port opened in 1999.") -> Citation:
    return Citation(number, quote, 10, 34, "Targets", of or source())


def answer(**changes: object) -> Answer:
    values: dict[str, object] = {
        "question": "When did the port open?",
        "language": "en",
        "outcome": Outcome.ANSWERED,
        "corpus": CORPUS,
        "direct_answer": "1999",
        "statements": (Statement("The port opened in 1999.", (1,)),),
        "citations": (citation(),),
    }
    return Answer(**(values | changes))  # type: ignore[arg-type]


def test_each_sentence_is_followed_by_a_link_to_its_exact_words() -> None:
    html = render.answer(answer())
    address = "source/trade/port-plan?start=10&amp;end=34&amp;sha=abababababab"
    assert "<p>The port opened in 1999.&#8288;<a" in html
    assert f'href="{address}"' in html
    assert ">[1]</a></p>" in html


def test_the_id_in_an_address_is_quoted() -> None:
    assert render.source_address(citation(of=source("a b/张江?#"))).startswith("source/a%20b/%E5%BC%A0%E6%B1%9F%3F%23?")


def test_nothing_in_an_answer_becomes_markup() -> None:
    evil = Source(EVIL, EVIL, EVIL, EVIL, EVIL, Tier.UNVERIFIED, EVIL)
    found = answer(
        question=EVIL,
        read_as=EVIL,
        direct_answer=EVIL,
        statements=(Statement(EVIL, (1,), EVIL),),
        citations=(Citation(1, EVIL, 0, 1, EVIL, evil),),
        disagreements=(Disagreement(EVIL, (Claim(EVIL, EVIL, 1), Claim(EVIL, None, 1))),),
        caveats=(EVIL,),
        missing=(EVIL,),
        follow_ups=(EVIL,),
        answerer=EVIL,
        removed=1,
    )
    seen = Seen(render.turn(1, EVIL, Filters(topics=(EVIL,)), render.answer(found)))
    assert not {"img", "script", "b"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert seen.text.count(EVIL) >= 12


def test_nothing_in_a_document_becomes_markup() -> None:
    evil = Document(EVIL, EVIL, EVIL, (EVIL,), EVIL, EVIL, Tier.UNVERIFIED, (), (), f"# {EVIL}\n\n{EVIL}\n\n- {EVIL}")
    seen = Seen(render.source_page(evil, Span(0, len(evil.text)), EVIL, root=""))
    assert not {"img", "script", "b"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def test_errors_steps_and_examples_are_text_too() -> None:
    for html in (render.failure(EVIL), render.working(EVIL), render.intro(CORPUS, [EVIL])):
        assert EVIL in Seen(html).text


def test_a_sentence_on_its_way_has_marks_that_are_not_links_yet() -> None:
    html = render.working("Reading …", [Statement("The port opened in 1999.", (1, 2))])
    assert Seen(html).text == "Reading …The port opened in 1999.\u2060[1][2]"
    assert "<a" not in html


def test_sources_are_counted_and_listed_once_for_each_document() -> None:
    found = answer(citations=(citation(1), citation(2, source("ai/other", text="Other")), citation(3)))
    seen = Seen(render.answer(found))
    assert "Answered from 2 sources" in seen.text
    assert "[1][3]The port plan" in seen.text


@pytest.mark.parametrize("tier", Tier)
def test_a_tier_is_a_colour_a_shape_and_a_word(tier: Tier) -> None:
    html = render.answer(answer(citations=(citation(of=source(tier=tier)),)))
    assert f'<span class="tier {tier.value}" title="{TIER_MEANINGS[tier]}"><span class="icon"' in html
    assert f"</span>{tier.value}</span>" in html


def test_a_source_shows_publisher_date_and_tier() -> None:
    assert "Port Authority5 March 2024primary" in Seen(render.answer(answer())).text


def test_the_direct_answer_comes_first_with_the_date_that_it_holds_for() -> None:
    statements = (Statement("S.", (1,), "2024-03"),)
    text = Seen(render.answer(answer(statements=statements, direct_answer="7 berths"))).text
    assert text.startswith("7 berths as of March 2024Answered from 1 source")
    assert Seen(render.answer(answer(statements=statements))).text.startswith("1999Answered")  # a date needs no date


def test_no_direct_answer_leaves_no_gap() -> None:
    assert 'class="direct"' not in render.answer(answer(direct_answer=None))


def test_a_partial_answer_says_what_is_missing() -> None:
    text = Seen(render.answer(answer(outcome=Outcome.PARTLY_ANSWERED, missing=("Nothing on its cost.",)))).text
    assert "Partly answered from 1 sourceNothing on its cost." in text


def test_a_refusal_says_what_was_looked_for_and_lists_no_sources() -> None:
    found = Answer(
        "?", "en", Outcome.NOT_IN_CORPUS, CORPUS, missing=("No source says.",), follow_ups=("When did it open?",)
    )
    html = render.answer(found)
    text = Seen(html).text
    assert text.startswith("Not in this corpusNo source says.")
    assert '<button type="button" class="chip">When did it open?</button>' in html
    assert 'class="sources"' not in html
    assert "<a" not in html


def test_a_disagreement_is_a_table_in_the_order_given() -> None:
    other = Source("b/c", "Other", None, None, None, Tier.UNVERIFIED, "00")
    claims = (Claim("1999", "2024-03-05", 1), Claim("2001", None, 2))
    found = answer(citations=(citation(1), citation(2, other)), disagreements=(Disagreement("the opening", claims),))
    text = Seen(render.answer(found)).text
    assert "Sources disagree: the openingValueAs ofSourceTier" in text
    assert "19995 March 2024Port Authority [1]primary2001–Other [2]unverified" in text


def test_a_model_that_wrote_is_named_and_removed_sentences_are_counted() -> None:
    text = Seen(render.answer(answer(answerer="acme:large", removed=2))).text
    assert "Written by acme:large" in text
    assert "2 sentences were removed" in text


def test_a_chinese_answer_is_framed_in_chinese() -> None:
    text = Seen(render.answer(answer(language="zh"))).text
    assert "依据 1 个来源作答" in text
    assert "2024年3月5日" in text


def test_exactly_the_quoted_words_are_marked(document: Document) -> None:
    quoted = "It names <b>no</b> cost."
    start = document.text.index(quoted)
    html = render.source(document, Span(start, start + len(quoted)))
    assert '<mark id="quote">It names &lt;b&gt;no&lt;/b&gt; cost.</mark>' in html
    assert html.count("<mark") == 1


def test_a_quote_over_several_blocks_is_marked_in_each_and_anchored_in_the_first(document: Document) -> None:
    start = document.text.index("The port opened")
    html = render.source(document, Span(start, len(document.text)))
    assert '<mark id="quote">The port opened in 1999.</mark>' in html
    assert "<mark>One crane is red.</mark>" in html
    assert html.count('id="quote"') == 1


def test_a_source_without_a_quote_has_no_mark(document: Document) -> None:
    assert "<mark" not in render.source(document, None)


def test_the_title_of_a_document_is_not_repeated_in_its_text(document: Document) -> None:
    html = render.source(document, None)
    assert "<h2>The port plan</h2>" in html
    assert "<h3>The port plan</h3>" not in html


def test_blocks_are_headings_items_and_paragraphs_with_their_offsets() -> None:
    text = "# Title\n\n## Part\nOne line\nand another.\n\n \n- first\n- second\n  goes on\nLast."
    assert [(b.kind, text[b.start : b.end]) for b in render.blocks(text)] == [
        ("heading", "Title"),
        ("heading", "Part"),
        ("paragraph", "One line\nand another."),
        ("item", "first"),
        ("item", "second\n  goes on\nLast."),
    ]


def test_an_empty_text_has_no_blocks() -> None:
    assert list(render.blocks("")) == []


def test_an_original_opens_in_a_tab_of_its_own_that_cannot_reach_back(document: Document) -> None:
    html = render.source(document, None)
    assert 'href="https://port.example/plan" target="_blank" rel="noopener noreferrer">Open the original</a>' in html


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "ftp://a/b", "//a/b", "http://["])
def test_an_address_that_is_not_of_the_web_is_not_linked(url: str | None) -> None:
    assert render.web_address(url) is None


def test_a_document_without_an_address_says_so() -> None:
    bare = Document("a/b", "A", None, (), None, None, Tier.UNVERIFIED, (), (), "Text.")
    text = Seen(render.source(bare, None)).text
    assert "no address known" in text
    assert "publisher not namedno date" in text


@pytest.mark.parametrize(
    ("given", "english", "chinese"),
    [
        ("2024", "2024", "2024"),
        ("2024-03", "March 2024", "2024年3月"),
        ("2024-03-05", "5 March 2024", "2024年3月5日"),
        ("spring 2024", "spring 2024", "spring 2024"),
        ("2024-13", "2024-13", "2024-13"),
        (None, "no date", "无日期"),
    ],
)
def test_a_date_is_as_exact_as_it_was_given(given: str | None, english: str, chinese: str) -> None:
    assert (ENGLISH.when(given), CHINESE.when(given)) == (english, chinese)


def test_a_language_without_phrases_gets_english() -> None:
    assert phrases("fr") is ENGLISH


def test_filters_are_said_in_words() -> None:
    chosen = Filters(topics=("ai", "quantum"), places=("Xuhui",), tiers=(Tier.PRIMARY,), year_from=2020, year_to=2024)
    assert render.scope(chosen) == "Only sources that match: ai, quantum · Xuhui · primary · 2020–2024"
    assert render.scope(Filters(year_from=2020)) == "Only sources that match: since 2020"
    assert render.scope(Filters(year_to=2024)) == "Only sources that match: until 2024"
    assert render.scope(Filters()) == ""
