"""The conversation as a Gradio page: an assistant in, a page at `/` out.

The thread is `gr.HTML`, not `gr.Chatbot`: even with render_markdown=False the Chatbot (6.31) reads a message as HTML,
fetches the images in it, and reads its source code aloud as the message's label. What stands in the thread comes from
`render`, which escapes every word. The finished turns and the present one are two elements, so that each step of an
answer sends that answer alone.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from markupsafe import Markup

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.values import TOPICS, Answer, Ask, Filters, Statement, Step, Tier, Turn
from shanghai_qa.web import render

EXAMPLES = (
    "How many startups are in Quantum Valley?",
    "When did the STAR Market open?",
    "How deep is the Lingang undersea data centre?",
    "How many unicorns does Shanghai have?",
    "What was SMIC's full-year revenue in 2025?",
    "When did Biren list in Hong Kong?",
)

_log = logging.getLogger(__name__)

_HEAD = '<link rel="stylesheet" href="page/style.css"><script src="page/page.js" defer></script>'

# A chip asks its question; while an answer is on its way it does nothing.
_CHIPS = """element.addEventListener("click", (event) => {
  const chip = event.target.closest("button.chip");
  if (chip && !document.querySelector(".answer.working")) trigger("click", { question: chip.textContent });
});"""

_BROKEN = "Something went wrong here. The server’s log says what; another question may work."

_READY: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
_BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_AT_ONCE: dict[str, Any] = {**_QUIET, "queue": False}


@dataclass(frozen=True)
class Conversation:
    """What was asked and answered so far: `turns` as the assistant takes them, `html` as the reader sees them."""

    turns: tuple[Turn, ...] = ()
    html: Markup = render.NOTHING
    count: int = 0

    def after(self, shown: Markup, said: tuple[Turn, ...] = ()) -> "Conversation":
        """The conversation with one more turn; `said` is empty where there is nothing to follow up on."""
        return Conversation(self.turns + said, self.html + shown, self.count + 1)


def exchange(
    assistant: Assistant, question: str, so_far: Conversation, filters: Filters
) -> Iterator[tuple[Markup, Conversation | None]]:
    """The turn of `question` as it grows; last, the finished turn with the conversation after it.

    An error of the user's ends it in the error's words, any other in a line that points to the log.
    """

    def shown(body: Markup) -> Markup:
        return render.turn(so_far.count + 1, question, filters, body)

    try:
        for body, answer in _progress(assistant, Ask(question, so_far.turns, filters)):
            yield shown(body), so_far.after(shown(body), _turns(answer)) if answer else None
    except ShanghaiQAError as error:
        failed = shown(render.failure(str(error)))
        yield failed, so_far.after(failed)
    except Exception:
        _log.exception("answering failed")
        failed = shown(render.failure(_BROKEN))
        yield failed, so_far.after(failed)


def _progress(assistant: Assistant, ask: Ask) -> Iterator[tuple[Markup, Answer | None]]:
    message, statements = "Reading the question", list[Statement]()
    yield render.working(message), None
    for event in assistant.stream(ask):
        match event:
            case Answer():
                yield render.answer(event), event
            case Statement():
                statements.append(event)
                yield render.working(message, statements), None
            case Step():
                message = event.message
                yield render.working(message, statements), None


def _turns(answer: Answer) -> tuple[Turn, ...]:
    return Turn("user", answer.question), Turn("assistant", " ".join(one.text for one in answer.statements))


def filters_of(topics: list[str], places: list[str], tiers: list[str], first: str, last: str) -> Filters:
    """The filters that the fields hold; "" leaves the years open, and the two years may come in either order."""
    if first and last:
        first, last = sorted((first, last))
    return Filters(
        tuple(topics),
        tuple(places),
        tuple(Tier(tier) for tier in tiers),
        int(first) if first else None,
        int(last) if last else None,
    )


def mount_page(app: FastAPI, assistant: Assistant) -> FastAPI:
    """`app` with the page at `/`; routes that `app` already has win. Expects this package's files under `/page/`."""
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build_page(assistant),
        path="/",
        head=_HEAD,
        theme=gr.themes.Base(font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace")),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size="1kb",  # nothing here is uploaded
        show_error=False,
        favicon_path=str(Path(__file__).with_name("icon.svg")),
    )
    return mounted


def build_page(assistant: Assistant) -> gr.Blocks:
    """The page, with its queue set; its events are private."""
    page: gr.Blocks
    with gr.Blocks(title="Shanghai QA", analytics_enabled=False) as page:
        conversation = gr.State(Conversation())
        with gr.Row(elem_id="top"):
            gr.HTML('<h1 class="wordmark">Shanghai QA</h1>', apply_default_css=False)
            anew = gr.Button("New conversation", size="sm", elem_id="anew", visible=False)
        with gr.Column(elem_id="thread"):
            intro = _html(render.intro(assistant.info, EXAMPLES), "intro")
            past, now = _html("", "past"), _html("", "now")
        with gr.Column(elem_id="composer"):
            box = _question_box()
            drawer, fields = _filter_fields(assistant)

        def ask(question: str, so_far: Conversation, *chosen: Any) -> Iterator[dict[Any, Any]]:
            if not question.strip():
                yield {box: ""}
                return
            opening = {
                past: so_far.html,
                intro: gr.update(visible=False),
                anew: gr.update(visible=True),
                box: gr.update(value="", **_BUSY),
            }
            for shown, after in exchange(assistant, question, so_far, filters_of(*chosen)):
                closing = {} if after is None else {conversation: after, box: gr.update(**_READY)}
                yield {now: shown, **opening, **closing}
                opening = {}

        def rest(so_far: Conversation) -> dict[Any, Any]:
            return {
                past: so_far.html,
                now: "",
                conversation: so_far,
                intro: gr.update(visible=so_far.count == 0),
                anew: gr.update(visible=so_far.count > 0),
                box: gr.update(**_READY),
            }

        outputs = [past, now, conversation, intro, anew, box]
        asking: dict[str, Any] = {"fn": ask, "inputs": [box, conversation, *fields], "outputs": outputs, **_QUIET}
        asked: list[dict[str, Any]] = [box.submit(**asking)]
        asked += [part.click(_chosen, None, box, **_AT_ONCE).then(**asking) for part in (intro, past, now)]
        box.stop(rest, conversation, outputs, cancels=asked, **_AT_ONCE)
        anew.click(lambda: rest(Conversation()), None, outputs, cancels=asked, **_AT_ONCE)
        for field in fields:
            field.change(_relabelled, fields, drawer, **_AT_ONCE)
    page.queue(max_size=20, default_concurrency_limit=2)
    return page


def _html(value: str, name: str) -> gr.HTML:
    return gr.HTML(value, elem_id=name, apply_default_css=False, js_on_load=_CHIPS)


def _chosen(event: gr.EventData) -> str:
    return str(event.question)


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        placeholder="Ask a question",
        label="Your question",
        show_label=False,
        container=False,
        lines=1,
        max_lines=6,
        autofocus=True,
        elem_id="box",
        submit_btn=True,
    )


def _filter_fields(assistant: Assistant) -> tuple[gr.Accordion, list[Any]]:
    documents = assistant.documents
    held = {topic for document in documents for topic in document.topics}
    years = [str(year) for year in sorted({d.year for d in documents if d.year}, reverse=True)]
    span = [("any year", ""), *((year, year) for year in years)]
    with gr.Accordion(_drawer_label([]), open=False, elem_id="filters") as drawer:
        with gr.Row():
            topics = gr.Dropdown([t for t in TOPICS if t in held], label="Topics", multiselect=True, value=[])
            places = gr.Dropdown(_places(assistant), label="Places", multiselect=True, value=[])
            first = gr.Dropdown(span, label="Published from", value="", min_width=120)
            last = gr.Dropdown(span, label="Published to", value="", min_width=120)
        tiers = gr.CheckboxGroup([tier.value for tier in Tier], label="Tiers", value=[])
    return drawer, [topics, places, tiers, first, last]


def _places(assistant: Assistant) -> list[str]:
    return sorted({place for document in assistant.documents for place in document.places})


def _relabelled(*chosen: Any) -> Any:
    return gr.update(label=_drawer_label(chosen))


def _drawer_label(chosen: Any) -> str:
    count = sum(1 for value in chosen if value)
    return "Narrow the sources" + (f" · {count} set" if count else "")
