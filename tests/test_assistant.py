"""The assistant over the real corpus."""

import asyncio
import shutil
from pathlib import Path

import pytest
from langchain_core.language_models import FakeListChatModel

from shanghai_qa.assistant import Assistant, Event
from shanghai_qa.errors import InputError, QuestionError, SettingsError
from shanghai_qa.settings import Settings
from shanghai_qa.values import Answer, Ask, Filters, Outcome, Statement, Step, Tier, Turn

pytestmark = pytest.mark.corpus

VALLEY = "How many startups are in Quantum Valley?"


def timeless(answer: Answer) -> dict[str, object]:
    return {name: value for name, value in answer.to_dict().items() if name != "elapsed_ms"}


def test_the_answer_leads_with_the_sentence_that_answers_and_says_how_far_it_can_be_trusted(
    assistant: Assistant,
) -> None:
    answer = assistant.ask(VALLEY)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.direct_answer == "32 startups"
    assert "32" in answer.statements[0].text
    assert answer.citations[0].source.id == "report/port-to-tech-leader"
    assert answer.citations[0].section == "Quantum Valley in Zhangjiang"
    assert answer.caveats == ("Only an unverified source says this.",)


def test_every_form_of_the_runnable_gives_the_same_answer(assistant: Assistant) -> None:
    async def later() -> tuple[Answer, list[Answer], list[Event]]:
        events = [event async for event in assistant.astream(VALLEY)]
        assert len(events) > 3
        return await assistant.aask(VALLEY), await assistant.abatch([VALLEY]), events

    one, many, events = asyncio.run(later())
    answers = [assistant.invoke(Ask(VALLEY)), *assistant.batch([VALLEY, VALLEY]), one, *many, events[-1]]
    assert all(isinstance(answer, Answer) for answer in answers)
    assert len({repr(timeless(answer)) for answer in answers}) == 1


def test_a_stream_gives_steps_then_the_sentences_then_the_whole(assistant: Assistant) -> None:
    *before, last = assistant.stream(VALLEY)
    assert isinstance(last, Answer)
    steps = [event for event in before if isinstance(event, Step)]
    assert [step.name for step in steps] == ["search", "read"]
    assert tuple(event for event in before if isinstance(event, Statement)) == last.statements
    assert before[: len(steps)] == steps


@pytest.mark.parametrize(
    "question", ["What is the population of Paris?", "What is the weather in Shanghai today?", "Write me a poem"]
)
def test_what_the_corpus_does_not_hold_is_refused_without_sources_and_with_a_way_on(
    assistant: Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    assert answer.outcome is Outcome.NOT_IN_CORPUS
    assert [*answer.statements, *answer.citations, *answer.caveats] == []
    assert "this corpus (335 documents, 945 passages)" in answer.missing[0]
    assert answer.follow_ups
    assert all(assistant.ask(other).outcome is Outcome.ANSWERED for other in answer.follow_ups)


def test_a_refusal_to_a_chinese_question_is_chinese(assistant: Assistant) -> None:
    answer = assistant.ask("巴黎有多少人口？")
    assert answer.language == "zh"
    assert "335份文档" in answer.missing[0]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(topics=("quantum",)),
        Filters(places=("zhangjiang",)),
        Filters(tiers=(Tier.PRIMARY,)),
        Filters(year_from=2024, year_to=2025),
        Filters(topics=("ai", "quantum"), tiers=(Tier.ESTABLISHED,), year_from=2023),
    ],
)
def test_filters_hold_on_both_legs_of_retrieval(assistant: Assistant, filters: Filters) -> None:
    snapshot, encoder = assistant._follow()
    contents = snapshot.contents
    vector = encoder.encode(["quantum computing research in Shanghai"])[0]
    near = {row for row, _ in snapshot.nearest(vector, 900, filters)}
    matching = {row for row, _ in snapshot.matching(["shanghai", "quantum", "research"], 900, filters)}
    admitted = {row for row, p in enumerate(contents.passages) if filters.admits(contents.document_of(p))}
    assert near == admitted
    assert matching
    assert matching <= admitted


@pytest.mark.parametrize("filters", [Filters(tiers=(Tier.PRIMARY,)), Filters(topics=("ai", "quantum"), year_from=2023)])
def test_where_many_are_admitted_the_graph_finds_what_comparing_them_all_does(
    assistant: Assistant, filters: Filters
) -> None:
    snapshot, encoder = assistant._follow()
    vector = encoder.encode(["quantum computing research in Shanghai"])[0]
    compared = snapshot.nearest(vector, 20, filters)
    searched = snapshot.nearest(vector, 20, filters, few=0)
    assert len({row for row, _ in compared} & {row for row, _ in searched}) >= 19
    assert [near for _, near in searched[:10]] == pytest.approx([near for _, near in compared[:10]], abs=1e-4)


def test_filtered_answers_rest_on_admitted_sources_alone(assistant: Assistant) -> None:
    answer = assistant.ask("When was the STAR Market launched?", filters=Filters(tiers=(Tier.PRIMARY,)))
    assert answer.citations
    assert {citation.source.tier for citation in answer.citations} == {Tier.PRIMARY}
    nothing = assistant.ask(VALLEY, filters=Filters(year_from=1990, year_to=1991))
    assert nothing.outcome is Outcome.NOT_IN_CORPUS


def test_a_follow_up_is_shown_as_it_was_read(assistant: Assistant) -> None:
    history = [Turn("user", "When was MiniMax founded?"), Turn("assistant", "In December 2021.")]
    answer = assistant.ask("Who founded it?", history=history)
    assert answer.read_as == "Who founded MiniMax?"
    assert "Yan Junjie" in answer.statements[0].text


def test_of_two_questions_in_one_each_is_answered_or_named_as_missing(assistant: Assistant) -> None:
    both = assistant.ask("How many startups are in Quantum Valley, and where is it?")
    assert both.outcome is Outcome.ANSWERED
    assert ("32" in both.statements[0].text, "Zhangjiang" in both.statements[1].text) == (True, True)
    half = assistant.ask("How many startups are in Quantum Valley, and how many lawyers work there?")
    assert half.outcome is Outcome.PARTLY_ANSWERED
    assert half.missing == ("Not answered: How many lawyers work in Quantum Valley?",)
    assert half.direct_answer == "32 startups"


def test_another_version_of_what_is_asked_for_does_not_answer(assistant: Assistant) -> None:
    assert "105" in assistant.ask("How many qubits does Zuchongzhi 3.0 have?").statements[0].text
    assert assistant.ask("How many qubits does Zuchongzhi 5.0 have?").outcome is Outcome.NOT_IN_CORPUS


def test_sources_that_differ_are_shown_side_by_side(assistant: Assistant) -> None:
    answer = assistant.ask("How deep is the Lingang undersea data centre?")
    (found,) = answer.disagreements
    assert {claim.value for claim in found.claims} == {"10 metres", "35 metres"}
    assert answer.caveats == ("Sources disagree: 10 metres / 35 metres.",)
    for claim in found.claims:
        assert claim.value in answer.citation(claim.citation).quote


def test_a_search_gives_passages_best_first_each_with_its_sentences_in_place(assistant: Assistant) -> None:
    hits = assistant.search("startups in Quantum Valley", limit=4)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert (hits[0].source.id, hits[0].section) == ("report/port-to-tech-leader", "Quantum Valley in Zhangjiang")
    for hit in hits:
        text = assistant.document(hit.source.id).text
        assert text[hit.start : hit.end] == hit.text
        assert all(text[one.start : one.end] == one.text for one in hit.sentences)
        assert hit.start == hit.sentences[0].start
    assert assistant.search("startups in Quantum Valley", limit=2) == hits[:2]


def test_a_search_is_read_as_a_question_is_and_keeps_to_the_filters(assistant: Assistant) -> None:
    assert assistant.search("量子谷有多少初创企业？")[0].source.id == "report/port-to-tech-leader"
    primary = assistant.search("startups in Quantum Valley", filters=Filters(tiers=(Tier.PRIMARY,)), limit=50)
    assert {hit.source.tier for hit in primary} == {Tier.PRIMARY}
    assert assistant.search("startups", filters=Filters(places=("Atlantis",))) == ()


@pytest.mark.parametrize(("query", "limit", "error"), [(" ", 5, QuestionError), ("x", 0, ValueError)])
def test_a_search_for_nothing_is_named(assistant: Assistant, query: str, limit: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        assistant.search(query, limit=limit)


def test_mistakes_of_use_are_named(assistant: Assistant) -> None:
    with pytest.raises(QuestionError):
        assistant.ask("  ")
    with pytest.raises(InputError, match="no document 'ai/none'"):
        assistant.document("ai/none")


def test_a_question_of_noise_is_answered_by_a_refusal(assistant: Assistant) -> None:
    for noise in ("zxqj " * 300, "?", "<script>alert(1)</script>", "\u202e\u0000 x", "42"):
        assert assistant.ask(noise).outcome is Outcome.NOT_IN_CORPUS


def test_settings_can_change_an_answer(index: object, assistant: Assistant) -> None:
    strict = Assistant(assistant._index, Settings(answer_above=1.0))
    assert strict.ask(VALLEY).outcome is Outcome.NOT_IN_CORPUS


def test_the_reader_can_be_left_out(assistant: Assistant) -> None:
    without = assistant.with_settings(reader="none")
    assert without.ask(VALLEY).direct_answer == "32 startups"
    assert all(candidate.said is None for candidate in without.trace(Ask(VALLEY)).reading.candidates)
    read = assistant.trace(Ask(VALLEY)).reading.candidates
    assert len({candidate.passage.id for candidate in read if candidate.said}) == assistant.settings.read_passages
    with pytest.raises(SettingsError, match="cannot be read"):
        assistant.with_settings(reader="nowhere")


def test_a_chat_model_is_handed_in_itself_or_named(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    wrote = FakeListChatModel(responses=["Quantum Valley holds 32 startups [1]."])
    handed_in = Assistant.open(index, Settings(model="nobody:m"), wrote)  # which takes the place of the one named
    answer = handed_in.ask(VALLEY)
    assert [statement.text for statement in answer.statements] == ["Quantum Valley holds 32 startups."]
    assert (answer.answerer, handed_in.settings.model) == ("fakelistchatmodel", None)
    named = Assistant.open(index, Settings(model_base_url="http://127.0.0.1:9/v1"), "openai:m")
    assert named.settings == Settings(model_base_url="http://127.0.0.1:9/v1", model="openai:m")
    assert named.ask(VALLEY).caveats[-1] == "Showing quotes only; openai:m did not answer."
    with pytest.raises(SettingsError, match="'nobody:m' cannot be opened"):
        Assistant.open(index, Settings(), "nobody:m")


def test_other_settings_keep_the_chat_model_unless_that_is_among_them(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answerer(assistant: Assistant) -> str:
        return assistant.ask(VALLEY).answerer

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    model = FakeListChatModel(responses=["Quantum Valley holds 32 startups [1]."])
    handed_in = assistant.with_settings(model=model)
    assert [answerer(handed_in), answerer(handed_in.with_settings(reader="none"))] == ["fakelistchatmodel"] * 2
    assert answerer(handed_in.with_settings(model=None)) == "extractive"
    named = handed_in.with_settings(model="openai:m", model_base_url="http://127.0.0.1:9/v1")
    assert [one.settings.model for one in (named, named.with_settings(reader="none"))] == ["openai:m"] * 2
    assert named.with_settings(model=None).settings.model is None
    assert answerer(named.with_settings(model=model)) == "fakelistchatmodel"


def test_a_refusal_under_filters_speaks_of_what_they_admit(assistant: Assistant) -> None:
    primary = assistant.ask(VALLEY, filters=Filters(tiers=(Tier.PRIMARY,)))
    admitted = sum(document.tier is Tier.PRIMARY for document in assistant.documents)
    assert primary.outcome is Outcome.NOT_IN_CORPUS
    assert f"Nothing in the {admitted} documents that match the filters" in primary.missing[0]
    nowhere = assistant.ask(VALLEY, filters=Filters(places=("Atlantis",)))
    assert nowhere.missing == ("No document of this corpus matches the filters.",)
    assert nowhere.follow_ups == ()


def test_no_suggestion_repeats_what_was_said(assistant: Assistant) -> None:
    answer = assistant.ask("When did the C919 first fly?")
    said = {statement.text for statement in answer.statements}
    assert all(assistant.ask(other).statements[0].text not in said for other in answer.follow_ups)


def test_what_is_suggested_is_answered(assistant: Assistant) -> None:
    asked = [VALLEY, "When did the C919 first fly?", "What is the population of Paris?", "Who founded StepFun?"]
    offered = {other for question in asked for other in assistant.ask(question).follow_ups}
    assert len(offered) >= 9
    assert [other for other in offered if assistant.ask(other).outcome is not Outcome.ANSWERED] == []


def test_a_question_about_nothing_named_asks_for_the_name(assistant: Assistant) -> None:
    assert assistant.ask("Who founded it?").missing == ("The question does not say what it is about; name it.",)


def test_an_index_that_breaks_under_a_running_assistant_leaves_it_answering(index: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(index, tmp_path / "index")
    running = Assistant.open(copy, Settings())
    (copy / "CURRENT").write_text("nowhere\n", encoding="utf-8")
    assert running.ask(VALLEY).direct_answer == "32 startups"


def test_filters_that_cannot_be_are_named() -> None:
    with pytest.raises(ValueError, match="topics is a list, got 'ai'"):
        Filters(topics="ai")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2025 to 2020"):
        Filters(year_from=2025, year_to=2020)
