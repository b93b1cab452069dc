"""Requests and answers in, numbers for Prometheus out."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shanghai_qa.api.problems import Problem, respond
from shanghai_qa.values import Answer

_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The numbers of one server; an ASGI application that shows them. Labels name routes, never what was asked."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "shanghai_qa_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "shanghai_qa_request_seconds",
            "From a request's arrival to the end of its answer.",
            ("route",),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._answers = Counter("shanghai_qa_answers", "Answers given.", ("outcome",), registry=self._registry)
        self.in_hand = Gauge("shanghai_qa_in_hand", "Work in line or being done.", registry=self._registry)

    def served(self, route: str, method: str, status: int, seconds: float) -> None:
        """One more request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def answered(self, answer: Answer) -> None:
        """One more question was answered, or refused."""
        self._answers.labels(answer.outcome.value).inc()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = (
            Response(generate_latest(self._registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
            if scope["method"] in ("GET", "HEAD")
            else respond(Problem(405, "Method Not Allowed", headers={"Allow": "GET, HEAD"}))
        )
        await shown(scope, receive, send)
