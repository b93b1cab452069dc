"""Kills many ingests while a reader asks all the time: `python bench/kills.py --kills 200`."""

import argparse
import tempfile
import time
from pathlib import Path

from shanghai_qa.settings import default_index
from tests.e2e.killing import kill, undisturbed
from tests.e2e.test_killed_ingest import DOCUMENTS, QUESTION, assert_same, two_corpora


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpora = two_corpora(folder, DOCUMENTS)
        answers, (first, second), took_s = undisturbed(corpora, QUESTION, default_index({}), folder)
        started = time.monotonic()
        told = kill(corpora, QUESTION, answers, first, took_s, args.kills, args.seed)
        print(f"{told.kills} kills of ingests that take {took_s:.1f} s, {told.ended} ended before theirs")
        print(f"{told.answers} answers meanwhile, {len(told.wrong)} wrong; {time.monotonic() - started:.0f} s")
        for line in told.wrong[:5]:
            print(line)
        assert_same(first, second)
        print("the last index is that of an undisturbed ingest")


if __name__ == "__main__":
    main()
