import json
from dataclasses import replace
from datetime import date

import pytest

from shanghai_qa.values import (
    NO_FILTERS,
    Answer,
    Citation,
    CitedContext,
    Claim,
    CorpusInfo,
    Disagreement,
    Filters,
    Outcome,
    Source,
    Statement,
    Tier,
)  # fmt: skip
from shanghai_qa.web import render
from shanghai_qa.web.pages import View
from shanghai_qa.web.phrases import CHINESE, ENGLISH, phrases
from tests.web.seen import Seen

CORPUS = CorpusInfo("v1", 1_234, 5_678)
EVIL = "<img src=x onerror=alert(1)> & \"quoted\" 'too' ${1} {{2}} ![](https://evil.example/x.png)"


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


def turn(question: str = "When did the port open?", filters: Filters = NO_FILTERS, language: str = "en") -> render.Turn:
    return render.Turn(View("", language), 1, question, filters, "k1")


def drawn(found: Answer) -> str:
    """What stands below the question."""
    return turn(found.question).answered(found).split("</h2>", 1)[1]


def test_each_sentence_is_followed_by_a_link_to_its_exact_words() -> None:
    html = drawn(answer())
    address = "source/trade/port-plan?start=10&amp;end=34&amp;sha=abababababab#quote"
    assert "<p>The port opened in 1999.&#8288;<a" in html
    assert f'href="{address}"' in html
    assert ">[1]</a></p>" in html


def test_the_id_in_an_address_is_quoted() -> None:
    assert render.source_address(citation(of=source("a b/张江?#"))).startswith("source/a%20b/%E5%BC%A0%E6%B1%9F%3F%23?")


def test_nothing_in_an_answer_becomes_markup() -> None:
    evil = Source(EVIL, EVIL, EVIL, EVIL, EVIL, Tier.UNVERIFIED, EVIL, (EVIL,))
    found = answer(
        question=EVIL,
        read_as=EVIL,
        direct_answer=EVIL,
        statements=(Statement(EVIL, (1,), EVIL),),
        citations=(Citation(1, EVIL, 0, 1, EVIL, evil, 1, CitedContext(EVIL, 0, 1, EVIL)),),
        disagreements=(Disagreement(EVIL, (Claim(EVIL, EVIL, 1), Claim(EVIL, None, 1))),),
        caveats=(EVIL,),
        missing=(EVIL,),
        follow_ups=(EVIL,),
        answerer=EVIL,
        removed=1,
    )
    seen = Seen(turn(EVIL, Filters(topics=(EVIL,))).answered(found))
    assert not {"img", "script", "b"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert seen.text.count(EVIL) >= 12


def test_errors_steps_and_examples_are_text_too() -> None:
    intro = render.intro(View(), CORPUS, [], date(2026, 3, 17), {"facts": [EVIL]})
    for html in (turn().failed(EVIL), turn().working(EVIL), intro):
        assert EVIL in Seen(html).text


def test_a_sentence_on_its_way_has_marks_that_are_not_links_yet() -> None:
    html = turn().working("Reading …", [Statement("The port opened in 1999.", (1, 2))])
    assert "The port opened in 1999.\u2060[1][2]" in Seen(html).text
    assert "<a " not in html


def test_sources_are_counted_and_listed_once_for_each_document() -> None:
    elsewhere = replace(source("ai/other", text="Other"), url=None, publisher=None)
    other = citation(2, elsewhere, quote="Ships came from May 1999.")
    seen = Seen(drawn(answer(citations=(citation(1), other, citation(3)))))
    assert "Answered from 2 sources" in seen.text
    assert "[1][3]The port plan" in seen.text


def test_two_documents_that_tell_one_sentence_are_one_source() -> None:
    seen = Seen(
        drawn(answer(citations=(citation(1), citation(2, replace(source("ai/other", text="Other"), url=None)))))
    )
    assert "Answered from 1 source" in seen.text


def test_a_card_shows_the_page_and_the_sentence_that_names_the_subject() -> None:
    context = CitedContext("The port is called Ping.", 0, 24, "Ping")
    html = drawn(answer(citations=(replace(citation(), page=7, context=context),)))
    card = Seen(html.split('id="card-k1-1"')[1].split("</blockquote>")[0]).text
    assert "page 7The port is called Ping.The port opened in 1999." in card


def test_a_source_says_where_its_copies_are_three_and_how_many_more() -> None:
    copies = tuple(f"https://{n}.example/" for n in range(5))
    text = Seen(drawn(answer(citations=(citation(of=replace(source(), also_at=copies)),)))).text
    assert "also at https://0.example/, https://1.example/, https://2.example/ and 2 more" in text


@pytest.mark.parametrize("tier", Tier)
def test_a_tier_is_a_colour_a_shape_and_a_word(tier: Tier) -> None:
    html = drawn(answer(citations=(citation(of=source(tier=tier)),)))
    assert f'<span class="tier {tier.value}" title="{ENGLISH.meanings[tier]}"><span class="icon"' in html
    assert f"</span>{tier.value}</span>" in html


def test_a_source_shows_publisher_date_and_tier() -> None:
    assert "Port Authority5 March 2024primary" in Seen(drawn(answer())).text


def test_the_direct_answer_comes_first_with_the_date_that_it_holds_for() -> None:
    statements = (Statement("S.", (1,), "2024-03"),)
    text = Seen(drawn(answer(statements=statements, direct_answer="7 berths"))).text
    assert text.startswith("7 berths as of March 2024Answered from 1 source")
    assert Seen(drawn(answer(statements=statements))).text.startswith("1999Answered")  # a date needs no date


def test_no_direct_answer_leaves_no_gap() -> None:
    assert 'class="direct"' not in drawn(answer(direct_answer=None))


def test_a_partial_answer_says_what_is_missing() -> None:
    text = Seen(drawn(answer(outcome=Outcome.PARTLY_ANSWERED, missing=("Nothing on its cost.",)))).text
    assert "Partly answered: nothing on its cost" in text


def test_a_refusal_says_what_was_looked_for_and_lists_no_sources() -> None:
    found = Answer(
        "?", "en", Outcome.NOT_IN_CORPUS, CORPUS, missing=("No source says.",), follow_ups=("When did it open?",)
    )
    html = drawn(found)
    text = Seen(html).text
    assert text.startswith("Not in this corpusNo source says.")
    assert '<button type="button" class="chip">When did it open?</button>' in html
    assert 'class="sources"' not in html
    assert "<a" not in html


def test_a_disagreement_is_a_table_in_the_order_given() -> None:
    other = Source("b/c", "Other", None, None, None, Tier.UNVERIFIED, "00")
    claims = (Claim("1999", "2024-03-05", 1), Claim("2001", None, 2))
    found = answer(citations=(citation(1), citation(2, other)), disagreements=(Disagreement("the opening", claims),))
    text = Seen(drawn(found)).text
    assert "Sources disagree: the openingValueAs ofSourceTier" in text
    assert "19995 March 2024Port Authority [1]primary2001–Other [2]unverified" in text


def test_a_model_that_wrote_is_named_and_its_tokens_and_removed_sentences_are_counted() -> None:
    text = Seen(drawn(answer(answerer="acme:large", removed=2))).text
    assert "Written by acme:large; each" in text
    usage = {"input_tokens": 1200, "output_tokens": 34}
    assert "Written by acme:large (1,234 tokens); each" in Seen(drawn(answer(answerer="acme:large", usage=usage))).text
    assert "2 sentences were removed" in text


def test_a_chinese_answer_is_framed_in_chinese() -> None:
    text = Seen(drawn(answer(language="zh"))).text
    assert "依据 1 个来源作答" in text
    assert "2024年3月5日" in text


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
    assert render.scope(chosen, "en") == "Only sources that match: AI, Quantum · Xuhui · primary · 2020–2024"
    assert render.scope(Filters(year_from=2020), "en") == "Only sources that match: since 2020"
    assert render.scope(Filters(year_to=2024), "en") == "Only sources that match: until 2024"
    assert render.scope(Filters(), "en") == ""


@pytest.mark.parametrize(
    ("changes", "kind", "headline"),
    [
        ({}, "answered", "Answered from 1 source"),
        ({"caveats": ("The first sentence comes from a promotional source.",)}, "answered", "Answered from 1 source"),
        (
            {"outcome": Outcome.PARTLY_ANSWERED, "missing": ("Nothing on 2025.",)},
            "partly",
            "Partly answered: nothing on 2025",
        ),
        (
            {
                "disagreements": (Disagreement("it", (Claim("1", None, 1), Claim("2", None, 1))),),
                "caveats": ("Sources disagree: 1 / 2.", "Only an unverified source says this."),
            },
            "disagree",
            "Sources disagree: 1 / 2",
        ),
        (
            {
                "citations": (citation(of=source(tier=Tier.UNVERIFIED)),),
                "caveats": ("Only an unverified source says this.",),
            },
            "unverified",
            "Only an unverified source says this",
        ),
        ({"outcome": Outcome.NOT_IN_CORPUS, "statements": (), "citations": ()}, "refused", "Not in this corpus"),
    ],
)
def test_the_standing_says_first_what_matters_most(changes: dict[str, object], kind: str, headline: str) -> None:
    standing = render.standing(answer(**changes))
    assert (standing.kind, standing.headline) == (kind, headline)


def test_what_the_headline_does_not_say_stands_below_it() -> None:
    caveats = ("Sources disagree: 1 / 2.", "Only an unverified source says this.")
    claims = (Claim("1", None, 1), Claim("2", None, 1))
    found = answer(disagreements=(Disagreement("it", claims),), caveats=caveats)
    assert render.standing(found).further == ("Only an unverified source says this.",)


def test_a_turn_carries_the_whole_answer_and_its_filters_for_the_script() -> None:
    found = answer(question="“Quotes” & <b>?")
    attributes = dict(Seen(turn(filters=Filters(topics=("ai",), year_from=2020)).answered(found)).attributes[:5])
    assert attributes["data-answer"] == found.to_json()
    assert json.loads(attributes["data-filters"] or "") == {"topics": ["ai"], "year_from": 2020}
    assert (attributes["data-turn"], attributes["data-key"]) == ("1", "k1")


def test_each_mark_is_described_by_a_card_with_the_exact_words() -> None:
    html = drawn(answer(citations=(citation(of=source(tier=Tier.PROMOTIONAL)),)))
    assert 'aria-describedby="card-k1-1"' in html
    card = Seen(html.split('id="card-k1-1"')[1].split("</blockquote>")[0]).text
    for said in ("The port plan", "Port Authority", "5 March 2024", "promotional", "The port opened in 1999."):
        assert said in card


def test_the_interface_has_its_own_language() -> None:
    shown = Seen(turn(language="zh").answered(answer())).text
    assert "复制" in shown
    assert "Answered from 1 source" in shown
