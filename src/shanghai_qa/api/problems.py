"""Whatever goes wrong in, a problem document (RFC 9457) out: one shape for every error of the REST door.

`Problem` is raised where something is wrong; `speak` teaches an application to answer with it, and to turn all that
FastAPI and the assistant raise into one.
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shanghai_qa.api.replies import as_json
from shanghai_qa.errors import InputError, ShanghaiQAError

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
CLIENT_GONE = 499  # nginx's number for it; nobody reads that answer, but the metrics count it
_REFERENCE = "#/components/schemas/Problem"


class Problem(Exception):
    """What is wrong with a request, or with us. `errors` are the faults of single fields: where, and what."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        return "Client Closed Request" if self.status == CLIENT_GONE else HTTPStatus(self.status).phrase

    def to_dict(self) -> dict[str, Any]:
        """The problem document; without `errors` where it is about no field."""
        said = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return said | ({"errors": [{"at": at, "message": text} for at, text in self.errors]} if self.errors else {})


def respond(problem: Problem) -> Response:
    """The answer that says so."""
    return Response(as_json(problem.to_dict()), problem.status, problem.headers, MEDIA_TYPE)


def speak(app: FastAPI, respond: Callable[[Problem], Response] = respond) -> None:
    """Have `app` answer with `respond` to all that its routes raise and that has a meaning for who asked."""

    async def told(request: Request, error: Exception) -> Response:
        return respond(problem_of(error))

    for kind in (Problem, HTTPException, RequestValidationError, ShanghaiQAError):
        app.add_exception_handler(kind, told)


def problem_of(error: Exception) -> Problem:
    """What an exception means for who asked; where it means nothing, 500: then it is logged, and nothing of it said."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            faults = tuple(_fault(one) for one in error.errors())
            return Problem(422, f"{faults[0][0]}: {faults[0][1]}", errors=faults)
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=error.headers)
        case InputError():
            return Problem(422, str(error))
        case ShanghaiQAError():
            return Problem(503, str(error))
        case _:
            _log.error("a request failed", exc_info=error)
            return Problem(500, "something went wrong here; the server's log says what")


def _fault(one: Mapping[str, Any]) -> tuple[str, str]:
    """Where a request is at fault, and what is wrong there, of what pydantic says; never what was sent."""
    if one["type"] == "json_invalid":
        return "body", f"this is not JSON: {one['ctx']['error']} at character {one['loc'][-1]}"
    return ".".join(map(str, one["loc"])), str(one["msg"]).removeprefix("Value error, ")


_EXAMPLES = {
    400: "There was an error parsing the body",
    401: "a key is needed: send it as Authorization: Bearer KEY or as X-API-Key: KEY",
    404: "no document 'ai/none' in this corpus",
    413: "the body has more than 1,000,000 bytes",
    422: "body.question: Field required",
    429: "more requests than 60 per 1 minute; try again in 12 seconds",
    503: "no index at .index; build it with: shanghai-qa ingest",
    504: "no answer within 60 seconds",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of answers with these statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": _REFERENCE},
                    "example": Problem(
                        status,
                        _EXAMPLES[status],
                        errors=(("body.question", "Field required"),) if status == 422 else (),
                    ).to_dict(),
                }
            },
        }
        for status in statuses
    }


SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What is wrong, after RFC 9457. `errors` names the fields at fault, where there are any.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
