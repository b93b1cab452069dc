"""Kills many ingests while a reader asks all the time: `python bench/kills.py --kills 200`.

Exit status 1 if an answer was wrong, too few ingests were at work to be killed, or the last index is another than that
of an undisturbed ingest.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from shanghai_qa.settings import default_index
from tests.e2e.killing import Told, kill, undisturbed
from tests.e2e.test_killed_ingest import DOCUMENTS, QUESTION, assert_same, two_corpora

_SHOWN = 5  # lines of what was wrong


def main() -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="of each corpus, besides one in both")
    parser.add_argument("--index", type=Path, default=default_index({}), help="whose encoder is used")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpora = two_corpora(folder, args.documents)
        answers, (first, second), took_s = undisturbed(corpora, QUESTION, args.index, folder)
        started = time.monotonic()
        told = kill(corpora, QUESTION, answers, first, took_s, args.kills, args.seed)
        print(f"{told.kills} kills of ingests that take {took_s:.1f} s, {told.ended} ended before theirs")
        print(f"{told.answers} answers meanwhile, {len(told.wrong)} wrong; {time.monotonic() - started:.0f} s")
        return verdict(told, args.kills, first, second)


def verdict(told: Told, kills: int, last: Path, undisturbed: Path) -> int:
    """Print what was wrong; returns 1 if anything was, else 0."""
    wrong = list(told.wrong)
    if told.kills < kills:
        wrong.append(f"{told.kills} of {kills} kills met an ingest at work")
    try:
        assert_same(last, undisturbed)
    except (AssertionError, OSError, ValueError) as error:
        wrong.append(f"the last index is not that of an undisturbed ingest: {error}")
    for line in wrong[:_SHOWN] or ["the last index is that of an undisturbed ingest"]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
