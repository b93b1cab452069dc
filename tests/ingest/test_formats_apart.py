import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ingest.formats.apart import Apart, BrokenOff


@dataclass(frozen=True)
class Job:
    name: str
    seconds: float = 30.0


def work(job: Job, tell: Callable[[str], None]) -> None:
    """Tells the job's name, which says what else it does."""
    tell(job.name)
    if job.name == "spin":
        while True:
            pass
    if job.name == "swallow":
        while True:
            try:
                sum(range(1000))
            except Exception:  # as libraries do
                continue
    if job.name == "sleep":
        time.sleep(600)
    if job.name == "eat":
        tell(str(len(bytearray(3_000_000_000))))
    if job.name == "die":
        os._exit(3)
    if job.name == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if job.name == "many":
        for number in range(1000):
            tell(f"{number}" * 1000)
    tell("done")


def values(*jobs: Job, processes: int = 1) -> list[list[str]]:
    """What each job told, with why it broke off."""
    with Apart(work, processes) as apart:
        told = [apart.give(job) for job in jobs]
        return [[each.why if isinstance(each, BrokenOff) else each for each in some] for some in told]


def test_no_process_is_started_before_there_is_a_job() -> None:
    with Apart(work, 2) as apart:
        assert not apart.is_full
    assert values() == []


def test_each_job_tells_its_values_in_their_order() -> None:
    many = [str(number) * 1000 for number in range(1000)]
    assert values(Job("a"), Job("many"), Job("b"), processes=2) == [
        ["a", "done"],
        ["many", *many, "done"],
        ["b", "done"],
    ]


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (Job("spin", 1.0), "cannot be read within "),  # 1 s of a processor, or 3 s by the clock on a busy machine
        (Job("swallow", 1.0), "cannot be read within "),
        (Job("sleep", 0.5), "cannot be read within 2 s; split it, or leave it out"),
        (Job("die"), "ended the process that read it (status 3); leave it out or mend it"),
        (Job("crash"), "ended the process that read it (SIGSEGV); leave it out or mend it"),
    ],
)
def test_a_job_that_hangs_or_dies_breaks_off_and_those_that_wait_behind_it_are_done(job: Job, why: str) -> None:
    before, (name, said), *behind = values(Job("a"), job, Job("b"), Job("c"))
    assert [before, [name], *behind] == [["a", "done"], [job.name], ["b", "done"], ["c", "done"]]
    assert said.startswith(why)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_job_that_eats_memory_breaks_off() -> None:
    why = "takes more than 900 MB of memory to read; split it, or leave it out"
    assert values(Job("eat"), Job("b")) == [["eat", why], ["b", "done"]]


def test_a_process_is_full_when_four_jobs_wait_at_it() -> None:
    with Apart(work, 1) as apart:
        told = [apart.give(Job("a")) for _ in range(4)]
        assert apart.is_full
        assert list(told[0]) == ["a", "done"]
        assert not apart.is_full
