"""What the page's script asks of the server besides answers: old turns drawn again, exports, a reader's vote."""

import hmac
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Response
from fastapi.responses import HTMLResponse
from pydantic import AfterValidator, BaseModel, Field

from shanghai_qa.api.models import Checkable
from shanghai_qa.assistant import Assistant
from shanghai_qa.export import Format, export
from shanghai_qa.journal import Journal
from shanghai_qa.values import Answer, Filters, Turn
from shanghai_qa.web.pages import View
from shanghai_qa.web.render import Turn as Drawn

_ANSWERS = 200
_REASON = 2_000
_LONGEST_HISTORY = 400


def _whole(answer: Answer) -> Answer:
    """ValueError if a statement or a claim cites what the answer does not list."""
    if unlisted := answer.unlisted():
        raise ValueError(f"the answer has no citation {unlisted[0]}")
    return answer


Whole = Annotated[Answer, AfterValidator(_whole)]
Answers = Annotated[list[Whole], Body(max_length=_ANSWERS)]


class Kept(BaseModel):
    """A turn as the browser keeps it."""

    answer: Whole
    filters: Filters = Filters()


class Vote(BaseModel):
    """What a reader says of an answer."""

    answer: Annotated[Checkable, AfterValidator(_whole)]
    history: list[Turn] = Field(default=[], max_length=_LONGEST_HISTORY)
    helpful: bool
    reason: str = Field(default="", max_length=_REASON)


def router(assistant: Assistant, journal: Journal, language: str) -> APIRouter:
    """The routes of one language, with addresses below its root."""
    routes = APIRouter()
    view = View("", language)

    @routes.post("/turns", response_class=HTMLResponse)
    def turns(kept: Annotated[list[Kept], Body(max_length=_ANSWERS)]) -> str:
        """The turns of a conversation, in order."""
        drawn = (
            Drawn(view, number, one.answer.question, one.filters, f"kept-{number}").answered(one.answer)
            for number, one in enumerate(kept, start=1)
        )
        return "".join(drawn)

    @routes.post("/export/{form}")
    def exported(form: Format, answers: Answers) -> Response:
        """The answers as a file."""
        documents = {document.id: document for document in assistant.documents}
        text = export(answers, form, documents, datetime.now(UTC).date())
        name = f'attachment; filename="shanghai-qa.{form.suffix}"'
        return Response(text, media_type=form.media_type, headers={"Content-Disposition": name})

    @routes.post("/feedback")
    def said(vote: Vote) -> dict[str, Any]:
        """Keep a vote on an answer of ours, which is one that holds; `undo` takes it back."""
        if assistant.faults(vote.answer) or not all(check.holds for check in assistant.verify(vote.answer)):
            raise HTTPException(422, "the documents, as they are now, do not hold what this answer cites; ask again")
        entry = journal.add(vote.answer, tuple(vote.history), vote.helpful, vote.reason)
        return {"id": entry.id, "undo": _seal(entry.id)}

    @routes.delete("/feedback/{id}", status_code=204)
    def taken_back(id: int, undo: str) -> None:
        """Take a vote back, for whoever gave it."""
        if not hmac.compare_digest(undo, _seal(id)):
            raise HTTPException(403, "this vote is another reader's")
        journal.remove(id)

    return routes


_SECRET = secrets.token_bytes(32)  # of this process: a vote can be taken back as long as it runs


def _seal(id: int) -> str:
    return hmac.new(_SECRET, str(id).encode(), sha256).hexdigest()
