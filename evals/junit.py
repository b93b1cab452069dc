"""From a run to JUnit XML, which CI servers show."""

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from evals.gate import Judgement
from evals.record import Row, Run


def write(run: Run, path: Path, judgement: Judgement | None = None) -> None:
    """One test a case, in a suite for each kind; a fault is a failure, a crash an error.

    With what the gate found, only what closes it fails: guarded cases that broke, and a test for each measure that
    fell. Other cases that did not pass are skipped.
    """
    suites: dict[str, TestSuite] = {}
    for row in run.rows:
        kind = row.slices[0]
        suites.setdefault(kind, TestSuite(kind)).add_testcase(_test(row, judgement))
    for fall in judgement.falls if judgement else ():
        test = TestCase(fall.measure.name, classname="evals.measures")
        test.result = [Failure(str(fall))]
        suites.setdefault("measures", TestSuite("measures")).add_testcase(test)
    document = JUnitXml("evals")
    for suite in suites.values():
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    document.write(str(path), pretty=True)


def _test(row: Row, judgement: Judgement | None) -> TestCase:
    test = TestCase(row.id, classname=f"evals.{row.slices[0]}", time=row.scores.get("ms", 0.0) / 1000)
    if judgement and not row.passed and row not in judgement.guarded:
        test.result = [Skipped("; ".join(row.faults))]
    elif row.error:
        test.result = [Error(row.error)]
    elif not row.passed:
        said = row.said[0] if row.said else "a refusal"
        message = "; ".join(row.faults)
        failure = Failure(message)
        failure.text = f"{row.question}\nexpected: {row.expected}\ngiven: {said}"
        test.result = [failure]
    return test
