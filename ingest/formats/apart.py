"""Work done apart, in processes of their own that may die, hang or eat memory without harm to this one.

Jobs go in; for each come out the values that the work on it tells, while it tells them, and why it broke off where it
did. What is under way is bounded: a process that nobody listens to waits.
"""

import contextlib
import multiprocessing
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar

from ingest.formats.file import TooSlow

MEMORY = 900_000_000  # bytes that a process may hold in all
_AHEAD = 4  # jobs that are given to a process at a time
_PATIENCE = 3  # times the time of a job, by the clock, after which its process is killed: others may slow it down
_GRACE_S = 0.5  # before its own time is over, the job is stopped, in a way that the rest of it can go on
_AGAIN_S = 0.1  # after which it is stopped again, where a library did not let that through
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"  # fork and threads: no


class Job(Protocol):
    @property
    def seconds(self) -> float:
        """How long the job may take from one value to the next, in time of its processor."""


J = TypeVar("J", bound=Job)
V = TypeVar("V")
Work = Callable[[J, Callable[[V], None]], None]
"""Does a job and tells its values. A function that stands in a module, as another process is to find it there."""


@dataclass(frozen=True)
class BrokenOff:
    """Stands for the rest of a job's values, and says why there is none."""

    why: str


class Apart(Generic[J, V]):
    """Processes that do the same work, each started when it is needed; use it as a context manager."""

    def __init__(self, work: Work[J, V], processes: int) -> None:
        self._processes = [_Process(work) for _ in range(processes)]

    def __enter__(self) -> "Apart[J, V]":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.end()

    @property
    def is_full(self) -> bool:
        """Whether a job is to be listened to before the next is given."""
        return all(len(process.jobs) >= _AHEAD for process in self._processes)

    def give(self, job: J) -> Iterator[V | BrokenOff]:
        """The values of the job, to be listened to in the order in which jobs were given, and each to its end."""
        process = min(self._processes, key=lambda process: len(process.jobs))
        process.give(job)
        return process.values()


class _Process(Generic[J, V]):
    """One process and the jobs that it was given and has not ended."""

    def __init__(self, work: Work[J, V]) -> None:
        self.jobs: deque[J] = deque()
        self._work = work
        self._running: tuple[BaseProcess, Connection[Any, Any]] | None = None

    def give(self, job: J) -> None:
        self.jobs.append(job)
        if self._running:
            with contextlib.suppress(OSError):  # it has died: this job will be given to its successor
                self._running[1].send(job)

    def values(self) -> Iterator[V | BrokenOff]:
        while True:
            value = self._next(self.jobs[0].seconds)
            if value is None or isinstance(value, BrokenOff):
                self.jobs.popleft()
            if value is None:
                return
            yield value
            if isinstance(value, BrokenOff):
                return

    def end(self) -> None:
        if self._running:
            process, connection = self._running
            process.kill()
            process.join()
            connection.close()
            self._running = None

    def _next(self, seconds: float) -> Any:
        """The next value of the first job; None where there are no more."""
        process, connection = self._running or self._start()
        try:
            if connection.poll(_PATIENCE * seconds):
                return connection.recv()
            why = _too_slow(_PATIENCE * seconds)
        except (EOFError, OSError, pickle.UnpicklingError):
            process.join(_GRACE_S)
            why = f"ended the process that read it ({_ending(process.exitcode)}); leave it out or mend it"
        self.end()
        return BrokenOff(why)

    def _start(self) -> "tuple[BaseProcess, Connection[Any, Any]]":
        """A new process that begins with the jobs there are."""
        context = multiprocessing.get_context(_METHOD)
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        self._running = process, ours
        for job in self.jobs:
            ours.send(job)
        return self._running


def _too_slow(seconds: float) -> str:
    return f"cannot be read within {seconds:.0f} s; split it, or leave it out"


def _ending(code: int | None) -> str:
    with contextlib.suppress(ValueError, TypeError):
        return signal.Signals(-code).name  # type: ignore[operator]
    return f"status {code}"


# --- In the other process -------------------------------------------------------------------------------------------


def _serve(connection: "Connection[Any, Any]", work: Work[J, V]) -> None:
    """Do jobs as they come until nobody gives any."""
    _limit_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that listens: it ends this one
    seconds = 0.0

    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlow(_too_slow(seconds))

    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, stop)

    def tell(value: V) -> None:
        _alarm(0)
        connection.send(value)
        _alarm(seconds)

    with contextlib.suppress(EOFError, OSError):  # nobody listens any more
        while True:
            job = connection.recv()
            seconds = job.seconds
            end = None
            try:
                _alarm(seconds)
                work(job, tell)
            except TooSlow as error:
                end = BrokenOff(str(error))
            except MemoryError:
                end = BrokenOff(f"takes more than {MEMORY / 1e6:.0f} MB of memory to read; split it, or leave it out")
            finally:
                _alarm(0)
            connection.send(end)


def _alarm(seconds: float) -> None:
    """Have what is being done stopped shortly before that time has passed; 0 for never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, max(seconds - _GRACE_S, 0), _AGAIN_S)


def _limit_memory() -> None:
    """Let allocations beyond `MEMORY` fail; where the system has no such limit, there is none."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
