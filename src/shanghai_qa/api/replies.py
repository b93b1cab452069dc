"""Values in, responses out: JSON as every door writes it, and streams of server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import Response, StreamingResponse

EVENT_STREAM = "text/event-stream"


def as_json(data: Any) -> bytes:
    """UTF-8; half of a surrogate pair, which UTF-8 lacks, as JSON escapes it."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def json_reply(data: Any) -> Response:
    return Response(as_json(data), media_type="application/json")


def stream_reply(frames: AsyncIterator[bytes]) -> Response:
    """Events as they come; proxies are told to hold none back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type=EVENT_STREAM, headers=headers)


def frame(data: Any, event: str | None = None) -> bytes:
    """One event; JSON has no line breaks outside of strings, and escapes those inside."""
    return (f"event: {event}\n" if event else "").encode() + b"data: " + as_json(data) + b"\n\n"
