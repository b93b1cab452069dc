"""From passages to vectors, taking from the last snapshot those that it has already."""

from collections.abc import Callable, Sequence

import numpy as np

from ingest.split import embedded
from shanghai_qa.embedding import Encoder, Vectors
from shanghai_qa.store import Contents
from shanghai_qa.values import Document, Passage

Known = dict[str, tuple[Vectors, Vectors]]
"""What the model read → its vector, and those of its sentences."""


def known(contents: Contents) -> Known:
    """The vectors of a snapshot, to be used again; only for the encoder that made them."""
    first = contents.first_sentence
    return {
        _read(contents.document_of(passage), passage): (
            contents.passage_vectors[row],
            contents.sentence_vectors[first[row] : first[row + 1]],
        )
        for row, passage in enumerate(contents.passages)
    }


def embed(
    documents: Sequence[Document],
    passages: Sequence[Passage],
    encoder: Encoder,
    have: Known,
    on_batch: Callable[[int], None] = lambda count: None,
) -> Contents:
    """The whole contents of a snapshot; only passages that `have` lacks are embedded, and `on_batch` counts them."""
    by_id = {document.id: document for document in documents}
    read = [embedded(by_id[passage.document_id], passage.heading, passage.sentences) for passage in passages]
    new = [row for row, (text, _) in enumerate(read) if text not in have]
    vectors, parts = encoder.encode_with_parts([read[i][0] for i in new], [read[i][1] for i in new], on_batch)
    fresh = {read[i][0]: (vector, of_parts) for i, vector, of_parts in zip(new, vectors, parts, strict=True)}
    found = [fresh[text] if text in fresh else have[text] for text, _ in read]
    empty = np.empty((0, encoder.dimension), dtype=np.float32)
    return Contents(
        tuple(documents),
        tuple(passages),
        np.vstack([empty, *(vector[np.newaxis] for vector, _ in found)]),
        np.vstack([empty, *(of_parts for _, of_parts in found)]),
    )


def count_new(documents: Sequence[Document], passages: Sequence[Passage], have: Known) -> int:
    """How many passages `embed` will have to embed."""
    by_id = {document.id: document for document in documents}
    return sum(_read(by_id[passage.document_id], passage) not in have for passage in passages)


def _read(document: Document, passage: Passage) -> str:
    return embedded(document, passage.heading, passage.sentences)[0]
