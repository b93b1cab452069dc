"""From a run to JUnit XML, which CI servers show."""

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from evals.record import Row, Run


def write(run: Run, path: Path) -> None:
    """One test a case, in a suite for each kind; a fault is a failure, a crash an error."""
    suites: dict[str, TestSuite] = {}
    for row in run.rows:
        kind = row.slices[0]
        suites.setdefault(kind, TestSuite(kind)).add_testcase(_test(row))
    document = JUnitXml("evals")
    for suite in suites.values():
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    document.write(str(path), pretty=True)


def _test(row: Row) -> TestCase:
    test = TestCase(row.id, classname=f"evals.{row.slices[0]}", time=row.scores.get("ms", 0.0) / 1000)
    if row.error:
        test.result = [Error(row.error)]
    elif not row.passed:
        said = row.said[0] if row.said else "a refusal"
        message = "; ".join(row.faults)
        failure = Failure(message)
        failure.text = f"{row.question}\nexpected: {row.expected}\ngiven: {said}"
        test.result = [failure]
    return test
