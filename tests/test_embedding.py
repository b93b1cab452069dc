"""The exported model against its reference, sentence-transformers."""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ingest.publish import ingest
from shanghai_qa.embedding import Encoder, Vectors, encoder_identity, load_reference
from shanghai_qa.errors import IndexUnusable, SettingsError
from shanghai_qa.settings import MINILM, Settings
from shanghai_qa.store import Index

pytestmark = pytest.mark.corpus

TEXTS = ["Shanghai", "SMIC (中芯国际) of Shanghai had revenue of US$8 billion in 2024.", "x " * 900, ""]


@pytest.fixture(scope="module")
def folder(index: Path) -> Path:
    return index / "encoders" / encoder_identity(MINILM)


def test_the_export_gives_the_vectors_of_the_reference(folder: Path) -> None:
    reference = load_reference(MINILM).encode(TEXTS, normalize_embeddings=True)
    exported = Encoder.open(folder).encode(TEXTS)
    assert exported.shape == (4, 384)
    assert np.abs(exported - reference).max() < 1e-5


def test_a_text_has_the_same_vector_alone_and_among_others(folder: Path) -> None:
    encoder = Encoder.open(folder)
    together = encoder.encode(TEXTS)
    assert np.abs(encoder.encode([TEXTS[1]])[0] - together[1]).max() < 1e-5
    assert encoder.encode([]).shape == (0, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_texts_of_all_lengths_come_back_in_their_order(folder: Path) -> None:
    encoder = Encoder.open(folder, gpu=True)  # of which there is none here, as a rule
    texts = [f"{n} {'chip ' * (n * 7 % 30)}" for n in range(40)]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.abs(encoder.encode(texts) - alone).max() < 1e-6


def test_more_texts_than_are_sorted_together_come_back_in_their_order() -> None:
    def number(texts: Sequence[str]) -> Vectors:
        return np.array([[float(text)] for text in texts], dtype=np.float32)

    toy = Encoder(number, None, "toy", "toy", dimension=1, max_tokens=8)
    assert toy.encode([str(n) for n in range(2500)])[:, 0].tolist() == list(range(2500))


def test_a_model_without_an_export_serves_several_threads(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "encoder", ignore=shutil.ignore_patterns("*.onnx"))
    card = json.loads((copy / "encoder.json").read_text(encoding="utf-8"))
    (copy / "encoder.json").write_text(json.dumps(card | {"engine": "sentence-transformers"}), encoding="utf-8")
    encoder, exported = Encoder.open(copy), Encoder.open(folder)
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(encoder.encode, [TEXTS] * 8)]
    assert max(np.abs(vectors - exported.encode(TEXTS)).max() for vectors in found) < 1e-5


def test_tokens_are_counted_beyond_what_the_model_reads(folder: Path) -> None:
    encoder = Encoder.open(folder)
    assert encoder.max_tokens == 256
    assert encoder.tokens("a b c") == 5  # and the model's own two
    assert encoder.tokens("a " * 1000) == 1002


def test_langchain_can_use_it(folder: Path) -> None:
    encoder = Encoder.open(folder)
    assert np.allclose(encoder.embed_query("Shanghai"), encoder.embed_documents(["Shanghai"])[0], atol=1e-6)


def test_a_damaged_export_is_named_with_the_way_out(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "encoder")
    with (copy / "model.onnx").open("r+b") as file:
        file.write(b"broken")
    with pytest.raises(IndexUnusable, match=r"model\.onnx is damaged; .*--rebuild"):
        Encoder.open(copy)
    with pytest.raises(IndexUnusable, match="cannot be read"):
        Encoder.open(tmp_path)


def test_a_model_that_is_not_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be loaded here, without a network"):
        load_reference(str(tmp_path / "no-model"))


def test_an_ingest_mends_a_damaged_encoder(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("The lab opened in 2031.", encoding="utf-8")
    index = Index(tmp_path / "index")
    ingest([tmp_path / "corpus"], index, Settings())
    (model,) = index.folder.glob("encoders/*/model.onnx")
    model.write_bytes(b"broken")
    assert not ingest([tmp_path / "corpus"], index, Settings()).published
    assert model.stat().st_size > 1_000_000
