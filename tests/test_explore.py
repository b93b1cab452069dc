import pytest

from shanghai_qa.assistant import Assistant
from shanghai_qa.explore import (
    Atlas,
    Event,
    Kind,
    Point,
    Quote,
    all_measures,
    all_places,
    atlas,
    cells,
    columns,
    event,
    events,
    place,
    points,
    series,
    told,
)
from shanghai_qa.mentions import dated
from shanghai_qa.values import Outcome, Span, Tier
from tests.samples import document


def quote(text: str, **facts: object) -> Quote:
    return Quote(document(text=text, **facts), Span(0, len(text)))


def read(id: str, *texts: str) -> tuple[Point, ...]:
    """What sentences, each of a document of its own, say of a measure that ships."""
    measure = next(measure for measure in all_measures() if measure.id == id)
    return points(measure, [quote(text, id=f"ai/{n}", published="2030") for n, text in enumerate(texts)])


# Documents


def test_the_last_years_stand_alone_and_those_before_together() -> None:
    documents = [document(published=year) for year in ("2015", "2019-02", "2021", "2022-03-04", None)]
    assert columns(documents, single=2) == [(2015, 2019), (2021,), (2022,), ()]
    assert columns(documents[2:4]) == [(2021,), (2022,)]
    assert columns([]) == []


def test_a_document_counts_under_each_of_its_topics_by_tier() -> None:
    documents = [
        document(topics=("ai", "talent")),
        document(topics=("talent",), tier=Tier.UNVERIFIED),
        document(topics=("talent",), published=None),
    ]
    assert [cell.tiers for cell in cells(documents, "talent")] == [
        {Tier.PRIMARY: 1, Tier.UNVERIFIED: 1},
        {Tier.PRIMARY: 1},
    ]
    assert [cell.documents for cell in cells(documents, "ai")] == [1, 0]


# Measures


@pytest.mark.parametrize(
    ("text", "value", "when"),
    [
        ("In May 2003, Shanghai had 45 unicorns.", 45, "2003-05"),
        ("Shanghai had 66 unicorns, firms worth above US$1 billion, as of 19 April 2003.", 66, "2003-04"),
        ("The 2004 report counts 1,065 unicorn companies in Shanghai at the end of 2003.", 1065, "2003"),
    ],
)
def test_a_value_is_read_with_its_own_date(text: str, value: float, when: str) -> None:
    (point,) = read("unicorns", text)
    assert (point.value, point.when, point.kind) == (value, when, Kind.FACT)


@pytest.mark.parametrize(
    "text",
    [
        "Shanghai had 45 unicorns.",  # no date
        "Beijing had 82 unicorns in 2003.",
        "Shanghai added 12 unicorns in 2003.",
        "China had 372 unicorns in 2003, of which Shanghai was second.",
        "Shanghai had many unicorns in 2003.",
        "Shanghai's Pudong had 12 unicorns in 2003.",
    ],
)
def test_what_is_no_value_of_the_measure_is_left_out(text: str) -> None:
    assert read("unicorns", text) == ()


def test_a_plan_is_no_fact_even_beside_one() -> None:
    text = (
        "Shanghai's research and development spending was about 4.4 percent of GDP in 2023 "
        "and was expected to reach 4.5 percent in 2024."
    )
    assert [(point.when, point.said, point.kind) for point in read("research-share", text)] == [
        ("2023", "4.4 percent", Kind.FACT),
        ("2024", "4.5 percent", Kind.PLAN),
    ]


def test_a_date_after_publication_makes_a_plan() -> None:
    measure = next(measure for measure in all_measures() if measure.id == "unicorns")
    (point,) = points(measure, [quote("Shanghai had 45 unicorns in 2031.", published="2030-05")])
    assert point.kind is Kind.PLAN


def test_a_quarter_is_a_part_of_a_years_money_and_a_district_is_not_the_city() -> None:
    whole = "Revenue of Shanghai's AI industry was 30 billion yuan in 2013."
    part = "The scale of Shanghai's AI industry was 35.5 billion yuan in the first three quarters of 2014."
    district = "Pudong's AI industry reached 70 billion yuan in 2014."
    found = read("ai-industry", whole, part, district)
    assert [(point.value, point.kind) for point in found] == [(30e9, Kind.FACT), (35.5e9, Kind.PART)]


@pytest.mark.parametrize(
    ("one", "other", "disputed"),
    [
        ("224.6 billion yuan", "200 billion yuan", True),
        ("224.6 billion yuan", "225 billion yuan", False),
        ("224.6 billion yuan", "CNY224.6 billion", False),
        ("600 billion yuan", "140 billion yuan", True),
    ],
)
def test_two_values_of_a_year_are_disputed_unless_one_rounds_the_other(one: str, other: str, disputed: bool) -> None:
    found = read("ai-industry", *(f"Shanghai's AI industry reached {value} in 2020." for value in (one, other)))
    assert [point.disputed for point in found] == [disputed, disputed]


def test_values_of_different_months_do_not_dispute_each_other() -> None:
    texts = ["In May 2003, Shanghai had 45 unicorns.", "In June 2003, Shanghai had 60 unicorns."]
    assert [point.disputed for point in read("unicorns", *texts)] == [False, False]
    found = read("unicorns", *texts, "In 2003, Shanghai had 60 unicorns.")
    assert [(point.when, point.disputed) for point in found] == [("2003", True), ("2003-05", True), ("2003-06", False)]


def test_two_years_are_no_series() -> None:
    assert series([quote(f"Shanghai had {n} unicorns in 200{n}.") for n in (1, 2)]) == []


def test_the_line_takes_the_best_tier_of_each_time_and_no_unverified_one() -> None:
    tiers = [(2001, Tier.PRIMARY), (2002, Tier.ESTABLISHED), (2002, Tier.PRIMARY), (2003, Tier.UNVERIFIED)]
    said = [quote(f"Shanghai had {5 + n} unicorns in {y}.", id=f"a/{n}", tier=t) for n, (y, t) in enumerate(tiers)]
    (found,) = series(said)
    assert [(point.year, point.value) for point in found.trend] == [(2001, 5), (2002, 7)]


# Events


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Zhangjiang Lab was unveiled on 26 September 2017 in Pudong.", "2017-09-26"),
        ("On 22 July 2019, a first group of 25 companies was listed on the STAR Market.", "2019-07-22"),
        ("MetaX of Shanghai began trading in Hong Kong in December 2025.", "2025-12"),
        ("The C919 made its maiden flight on 5 May 2017.", "2017-05-05"),
    ],
)
def test_an_event_has_a_date_and_a_verb_that_leads_to_it(text: str, when: str) -> None:
    found = event(quote(text))
    assert found is not None
    assert found.when == when


@pytest.mark.parametrize(
    "text",
    [
        "Zhangjiang Lab was unveiled in 2017.",
        "The plant is to be opened on 26 September 2027.",
        "Jiading had opened 1,117 kilometres of test roads by May 2023.",
        "AI Island opened in 2019, Shine wrote in August 2022.",
        "The second report was published on 1 March 2019.",
        "SMIC Northern was among the companies listed in December 2020.",
        "Shares opened 80% above the offer price on January 2, 2026.",
        "SMEE began preparations in 2017 and withdrew them in October 2024.",
        "Shanghai had 45 unicorns in May 2023.",
    ],
)
def test_a_plan_a_state_and_hearsay_are_no_events(text: str) -> None:
    assert event(quote(text)) is None


def test_the_same_event_is_told_once_and_a_year_has_six_at_most() -> None:
    twice = [
        quote("Two engineers founded Enflame in March 2018.", id="ai/b"),
        quote("Zhao Lidong and Zhang Yalin founded Enflame in Shanghai in March 2018.", id="ai/c"),
    ]
    assert [one.quote.document.id for one in events(twice)] == ["ai/c"]
    many = [quote(f"Company{n} was founded on {n + 1} March 2018.", id=f"ai/{n}") for n in range(28)]
    assert len(events(many)) == 1  # all but the number is the same
    apart = [
        quote(f"{name} opened a {name} plant in {month} 2018.", id=f"ai/{name}")
        for name, month in zip("ABCDEFGH", "January February March April May June July August".split(), strict=True)
    ]
    assert len(events(apart)) == 6
    assert events([]) == []


# Places


def test_a_place_tells_its_best_sentences_one_a_document() -> None:
    pudong = place("Pudong | 浦东 | 4 3 2 3 | Pudong | Pudong | Q? | 问？")
    said = [
        quote("Pudong had 5 fabs.", id="a/1"),
        quote("Pudong had 6 fabs.", id="a/1"),
        quote("A blog says that Pudong has 7 fabs.", id="a/2", tier=Tier.UNVERIFIED),
        quote("Pudonger things.", id="a/3"),
    ]
    (found,) = told([one.document for one in said[1:]], said, [pudong])
    assert [one.text for one in found.best] == ["Pudong had 5 fabs.", "A blog says that Pudong has 7 fabs."]
    assert (found.named, len(found.documents)) == (3, 3)
    assert (pudong.grid, pudong.within, pudong.slug, pudong.questions["zh"]) == ((4, 3, 2, 3), None, "pudong", "问？")


def test_the_map_has_sixteen_districts_on_tiles_of_their_own_and_zones_within_them() -> None:
    districts = {one.name: one.grid for one in all_places() if one.grid}
    assert len(districts) == 16
    tiles = [(x + i, y + j) for x, y, w, h in districts.values() for i in range(w) for j in range(h)]
    assert len(tiles) == len(set(tiles))
    assert all(one.within in districts for one in all_places() if not one.grid)
    assert len({one.slug for one in all_places()}) == len(all_places())


# The corpus


@pytest.fixture(scope="module")
def drawn(assistant: Assistant) -> Atlas:
    return atlas(assistant.documents, assistant.passages)


@pytest.mark.corpus
def test_every_point_of_the_corpus_stands_in_its_sentence_with_its_year(drawn: Atlas) -> None:
    assert len(drawn.series) >= 6
    for one in drawn.series:
        assert len({point.year for point in one.facts}) >= 3
        for point in one.points:
            text = point.quote.text
            assert point.said in text
            assert str(point.year) in text
            assert any(date.key.startswith(point.when) for date in dated(text))


@pytest.mark.corpus
def test_the_corpus_shows_where_sources_differ(drawn: Atlas) -> None:
    disputed = {
        (one.measure.id, point.when, point.said) for one in drawn.series for point in one.points if point.disputed
    }
    assert ("biopharma-industry", "2020", "600 billion yuan") in disputed
    assert ("biopharma-industry", "2020", "140 billion yuan") in disputed
    assert not any(id == "unicorns" for id, *_ in disputed)


@pytest.mark.corpus
def test_the_events_of_the_corpus_are_many_dated_and_each_told_once(drawn: Atlas) -> None:
    assert 40 <= len(drawn.events) <= 60
    assert len({one.year for one in drawn.events}) >= 10
    assert [one.when for one in drawn.events] == sorted(one.when for one in drawn.events)
    assert len({one.quote.text for one in drawn.events}) == len(drawn.events)
    assert all(_dated(one) for one in drawn.events)


def _dated(one: Event) -> bool:
    return any(date.key == one.when for date in dated(one.quote.text))


@pytest.mark.corpus
def test_every_best_sentence_names_its_place(drawn: Atlas) -> None:
    for one in drawn.places:
        assert all(one.place.naming.search(quote.text) for quote in one.best)
        assert bool(one.best) == bool(one.named)


@pytest.mark.corpus
def test_every_question_of_the_pictures_is_answered(assistant: Assistant) -> None:
    measures = [question for one in all_measures() for question in one.questions.values()]
    places = [question for one in all_places() for question in one.questions.values()]
    refused = [q for q in measures + places if assistant.ask(q).outcome is Outcome.NOT_IN_CORPUS]
    assert refused == []
