"""The conversation as a Gradio page in one language: an assistant in, a page at the language's root out.

The thread is `gr.HTML`, not `gr.Chatbot`: even with render_markdown=False the Chatbot (6.31) reads a message as HTML,
fetches the images in it, and reads its source code aloud as the message's label. What stands in the thread comes from
`render`, whose templates escape every word. The page keeps nothing of a conversation: its script holds it in
the reader's browser and hands in what a question may depend on, so any of several servers may answer. A journal that
keeps questions has those of readers who ticked the box for it.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import gradio as gr
from fastapi import FastAPI
from langchain_core.runnables.config import run_in_executor
from markupsafe import Markup
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.journal import Journal
from shanghai_qa.values import TOPICS, Answer, Ask, Filters, Statement, Step, Tier, Turn
from shanghai_qa.web import render
from shanghai_qa.web.line import Line
from shanghai_qa.web.page_phrases import PAGE, PagePhrases
from shanghai_qa.web.pages import FRAME, View, fragment
from shanghai_qa.web.phrases import phrases
from shanghai_qa.web.samples import SAMPLES

_log = logging.getLogger(__name__)

_HEAD = """<link rel="icon" href="page/icon.svg">
<link rel="stylesheet" href="page/style.css"><link rel="stylesheet" href="page/chat.css">
<script type="application/json" id="phrases">{phrases}</script>
<script type="module" src="page/chat.js"></script>"""

# The page's script asks by calling this, once it is there; the server hears of it as a click on the thread.
_ON_ASK = """window.shanghaiQAHears = (detail) => trigger("click", detail);
document.dispatchEvent(new Event("shanghai-qa:hears"));"""
# What Gradio tells the script, which waits until that is there, since the page may be before it.
_TOLD = """async (...said) => {{
  await import(new URL("page/chat.js", document.baseURI));
  return window.shanghaiQA.{}(...said);
}}"""
_SUBMITTED, _NARROWED, _STOPPED = map(_TOLD.format, ("submitted", "narrowed", "stopped"))

_READY: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
_BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_NO_VOTES = "<style>.votes { display: none }</style>"  # where none would be kept
_LONGEST_HISTORY = 40  # messages
_FILTERS = TypeAdapter(Filters)
_SEEN_S = 0.05  # for less, nothing is worth drawing


class Asked(BaseModel):
    """What the script hands in: the question, which turn of its conversation it is, and what was said before.

    `key` tells the turn from any other on the page. `filters` are as the fields hold them, or as a link names them.
    `keep` says that the reader agrees to have the question, the history and the answer kept.
    """

    question: str
    number: int = Field(ge=1, le=10_000)
    key: str = Field(pattern=r"^[\w-]{1,40}$")
    history: list[Turn] = Field(default=[], max_length=_LONGEST_HISTORY)
    filters: dict[str, Any] = {}
    keep: bool = False


class Page:
    """The page of one language."""

    def __init__(self, assistant: Assistant, journal: Journal, language: str, line: Line) -> None:
        self._assistant = assistant
        self._journal = journal
        self._view = View("", language)
        self._say: PagePhrases = PAGE[language]
        self._line = line

    async def exchange(self, asked: Asked, filters: Filters) -> AsyncIterator[Markup]:
        """The turn as it grows, the finished one last.

        An error of the user's ends it in the error's words, any other in a line that points to the log.
        """
        turn = self._turn(asked, filters)
        yield turn.working(self._say.reading)
        try:
            async with self._line.place() as place:
                async for ahead in place.waiting():
                    yield turn.working(self._say.ahead(ahead))
                async for body in self._answering(turn, asked, filters):
                    yield body
        except ShanghaiQAError as error:
            yield turn.failed(str(error))
        except Exception:
            _log.exception("answering failed")
            yield turn.failed(self._say.broken)

    def _turn(self, asked: Asked, filters: Filters) -> render.Turn:
        return render.Turn(self._view, asked.number, asked.question, filters, asked.key)

    async def _answering(self, turn: render.Turn, asked: Asked, filters: Filters) -> AsyncIterator[Markup]:
        message, statements, shown_at = self._say.reading, list[Statement](), time.monotonic()
        history = tuple(asked.history)
        events = self._assistant.stream(Ask(asked.question, history, filters))
        while (event := await run_in_executor(None, next, events, None)) is not None:
            match event:
                case Answer():
                    yield turn.answered(event)
                    if asked.keep:  # nobody waits for it
                        asyncio.get_running_loop().run_in_executor(None, self._journal.asked, event, history, "page")
                    return
                case Statement():
                    statements.append(event)
                case Step():
                    message = event.message
                    if event.name == "quotes":  # takes back what the model had written
                        statements.clear()
            if time.monotonic() - shown_at > _SEEN_S:
                shown_at = time.monotonic()
                yield turn.working(message, statements)

    def build(self) -> gr.Blocks:
        """The page, with its queue set; its events are private."""
        page: gr.Blocks
        made_of = self._assistant.info.version
        with gr.Blocks(title=self._say.title, analytics_enabled=False) as page:
            top = fragment(
                "chat_top.html", self._view, path="", frame=FRAME[self._view.language], menu=self._say.script["menu"]
            )
            kept = Markup('<section id="past-conversations" aria-label="{}"></section>').format(self._say.past)
            _html(top, "bar")
            with gr.Row(elem_id="app"):
                with gr.Column(elem_id="side"):
                    _html(kept, "kept")
                    fields = self._filter_fields()
                with gr.Column(elem_id="chat"):
                    intro = _html(self._intro(), "intro")
                    _html('<div id="past"></div>', "earlier")
                    now = gr.HTML("", elem_id="now", apply_default_css=False, js_on_load=_ON_ASK)
                    with gr.Column(elem_id="composer"):
                        box = self._question_box()

            async def ask(event: gr.EventData) -> AsyncIterator[dict[Any, Any]]:
                asked = Asked.model_validate(event._data)
                try:
                    filters = _FILTERS.validate_python(asked.filters)
                except ValidationError:
                    yield {now: self._turn(asked, Filters()).failed(self._say.no_such_filters)}
                    return
                opening = {box: gr.update(**_BUSY)}
                async for shown in self.exchange(asked, filters):
                    yield {now: shown, **opening}
                    opening = {}
                yield {box: gr.update(**_READY)}

            # "multiple": by default Gradio drops a question that is sent while the event of the last one is ending
            asking = now.click(ask, None, [now, box], trigger_mode="multiple", **_QUIET, concurrency_limit=None)
            page.load(lambda: self._of_now(made_of), None, [intro, *fields], **_QUIET)
            for field in fields:
                field.change(None, fields, None, js=_NARROWED, **_QUIET)
            box.submit(None, box, box, js=_SUBMITTED, **_QUIET)
            box.stop(lambda: gr.update(**_READY), None, box, js=_STOPPED, cancels=[asking], queue=False, **_QUIET)
        page.queue(max_size=500)
        return page

    def _intro(self) -> Markup:
        held = self._assistant
        return render.intro(self._view, held.info, held.documents, held.updated, SAMPLES[self._view.language])

    def _question_box(self) -> gr.Textbox:
        return gr.Textbox(
            placeholder=self._say.placeholder,
            label=self._say.ask,
            show_label=False,
            container=False,
            lines=1,
            max_lines=6,
            max_length=self._assistant.settings.max_question_chars,
            autofocus=True,
            elem_id="box",
            submit_btn=True,
        )

    def _filter_fields(self) -> list[Any]:
        say, choices = self._say, self._choices()
        with gr.Column(elem_id="filters"):
            gr.HTML(Markup("<h2>{}</h2>").format(say.filters), apply_default_css=False)
            several = [
                gr.Dropdown(choices[0], label=say.topics, multiselect=True, value=[], elem_id="topics"),
                gr.Dropdown(choices[1], label=say.places, multiselect=True, value=[], elem_id="places"),
                gr.CheckboxGroup(choices[2], label=say.tiers, value=[], elem_id="tiers"),
            ]
            with gr.Row(elem_id="years"):
                first = gr.Dropdown(choices[3], label=say.year_from, value="", min_width=80)
                last = gr.Dropdown(choices[4], label=say.year_to, value="", min_width=80)
            return [*several, first, last]

    def _choices(self) -> list[list[tuple[str, str]]]:
        """What each field of the filters offers: label and value, of the corpus as it is now."""
        documents = self._assistant.documents
        held = {topic for document in documents for topic in document.topics}
        topics = [(self._say.topic_names[topic], topic) for topic in TOPICS if topic in held]
        places = [(place, place) for place in sorted({place for document in documents for place in document.places})]
        years = [str(year) for year in sorted({d.year for d in documents if d.year}, reverse=True)]
        span = [(self._say.any_year, ""), *((year, year) for year in years)]
        tiers = [(phrases(self._view.language).tiers[tier], tier.value) for tier in Tier]
        return [topics, places, tiers, span, span]

    def _of_now(self, made_of: str) -> Any:
        """What a page that was made of the corpus of that version shows now."""
        if self._assistant.info.version == made_of:
            return gr.skip()
        return [self._intro(), *(gr.update(choices=choices) for choices in self._choices())]


def mount_page(app: FastAPI, assistant: Assistant, journal: Journal, language: str, line: Line) -> FastAPI:
    """`app` with the page of `language` at its root; routes that `app` already has win."""
    consent = PAGE[language].consent if journal.keeps_questions else {}
    said = {**PAGE[language].script, **consent, "language": language}
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        Page(assistant, journal, language, line).build(),
        path=View("", language).root or "/",
        head=_HEAD.format(phrases=_within_script(said)) + ("" if journal.keeps_votes else _NO_VOTES),
        theme=gr.themes.Base(font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace")),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size="1kb",  # nothing here is uploaded
        show_error=False,
    )
    return mounted


def _within_script(values: Mapping[str, str]) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(values, ensure_ascii=False).replace("<", "\\u003c")


def _html(value: str, name: str) -> gr.HTML:
    return gr.HTML(value, elem_id=name, apply_default_css=False, js_on_load=None)
