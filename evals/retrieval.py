"""From rankings of documents to the field's retrieval measures, computed by ir-measures (trec_eval's own code)."""

from collections.abc import Iterable, Mapping, Sequence

import ir_measures
from ir_measures import AP, RR, R, Success, nDCG

Rankings = Mapping[str, Sequence[str]]
"""Question id → ids of documents, best first, none twice."""

SUITE = (Success @ 5, R @ 10, RR @ 10, nDCG @ 10)
"""Hit rate at 5, recall at 10, mean reciprocal rank at 10 and nDCG at 10."""
COLLECTION = (Success @ 4, Success @ 10, RR @ 10, AP @ 10, nDCG @ 10)
"""Hits@4, Hits@10, MRR@10, MAP@10 and nDCG@10."""


def per_question(
    measures: Sequence[ir_measures.Measure], relevant: Mapping[str, Iterable[str]], rankings: Rankings
) -> dict[str, dict[str, float]]:
    """Measure → question id → value in [0, 1], for each question of `relevant`, which maps it to one document at least.

    A question that `rankings` lacks, or has nothing for, scores 0. No questions give empty mappings.
    """
    wanted = [ir_measures.Qrel(id, document, 1) for id, documents in relevant.items() for document in documents]
    found = [
        ir_measures.ScoredDoc(id, document, -float(rank))
        for id in relevant
        for rank, document in enumerate(rankings.get(id, ()))
    ]
    values: dict[str, dict[str, float]] = {str(measure): dict.fromkeys(relevant, 0.0) for measure in measures}
    if wanted and found:
        for value in ir_measures.iter_calc(measures, wanted, found):
            values[str(value.measure)][value.query_id] = value.value
    return values
