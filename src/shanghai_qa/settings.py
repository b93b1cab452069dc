"""Everything that can change an answer, in one frozen object, and where things lie unless told otherwise.

Settings are passed in, never read from a global. `Settings.from_environment` is the one place that reads variables:
each field is `SHANGHAI_QA_<FIELD>`. `SHANGHAI_QA_INDEX` and `SHANGHAI_QA_STORE`, which say where the index lies and not
what it answers, are read by `default_index` and `default_store`, and `SHANGHAI_QA_JOURNAL` by `default_journal`. What
the REST doors admit is in `ApiSettings`, whose variables are `SHANGHAI_QA_API_<FIELD>`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from shanghai_qa.errors import SettingsError

PREFIX = "SHANGHAI_QA_"
_PLACES = ("INDEX", "STORE", "CORPUS", "JOURNAL", "KEEP_QUESTIONS")

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


class IndexSettings(BaseModel):
    """What an index is built with; an index refuses to open with other values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding_model: str = MINILM
    """A sentence-transformers model: the name of the one that ships, or a folder or name that loads offline."""


_PerFeature = Annotated[tuple[float, ...], Field(min_length=14, max_length=14)]
_PerFeatureAndShare = Annotated[tuple[float, ...], Field(min_length=15, max_length=15)]


class Weights(BaseModel):
    """Weights of reading, for `features.Features` in their order; `evals.fit` chose them on evals, dev part.

    `order` ranks sentences; `answers` and `bias` give the log odds that the first of them answers, the last of
    `answers` for its share (`features.standing`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: _PerFeature
    answers: _PerFeatureAndShare
    bias: float


WITH_READER = Weights(
    order=(4.507, 1.423, 0.836, 0.794, 0.0, 0.839, 1.204, 0.1, 0.2, 0.168, 0.602, 1.347, 0.0, 0.363),
    answers=(2.985, 0.92, 0.134, 1.001, -0.24, 0.858, 4.134, 0.262, 0.0, 2.143, 1.582, 0.868, 0.03, 0.795, 0.305),
    bias=-10.51,
)
WITHOUT_READER = Weights(
    order=(6.402, 0.692, 1.478, 1.134, 0.0, 1.087, 1.593, 0.132, 0.2, 0.2, 0.387, 0.0, 0.0, 0.0),
    answers=(4.022, 1.001, 0.1, 1.317, -0.677, 0.637, 4.966, 0.217, 0.0, 2.483, 1.432, 0.0, 0.0, 0.0, 0.818),
    bias=-11.601,
)


class Settings(IndexSettings):
    """All that can change an answer over a given index."""

    candidates: int = Field(default=30, ge=1, le=200)
    """Passages that retrieval hands to reading."""
    per_leg: int = Field(default=60, ge=1, le=500)
    """Passages that each leg of retrieval (vectors, BM25) hands to fusion."""
    max_statements: int = Field(default=5, ge=1, le=10)
    """Sentences of an answer: the lead and those that add to it."""
    answer_above: float = Field(default=0.55, ge=0, le=1)
    """Probability that the question is answered, from which an answer is given.

    On evals, dev part (n=352), 0.55 answers 0.85 of what the corpus answers and 0.15 of the rest, and passes 0.76; 0.65
    0.79, 0.10 and 0.75; 0.35 0.93, 0.30 and 0.72.
    """
    margin: float = Field(default=1.2, ge=0)
    """How far below the lead's value a sentence may lie that adds to it; 0.8 passes 0.01 less, 2.0 no more."""
    reader: str = "own"
    """What reads the best passages closely: "own", the model that ships; "none"; or a folder of `training.export`."""
    read_passages: int = Field(default=10, ge=1, le=200)
    """Passages that the reader reads, the best by all else; 10 hold 0.98 of the answers on evals, dev part."""
    weights: Weights = Field(default_factory=lambda given: WITHOUT_READER if given["reader"] == "none" else WITH_READER)
    model: str | None = None
    """A chat model that writes the answer, as "provider:name"; None for the default answerer."""
    model_base_url: str | None = None
    """Where that model's server is, if not its provider's own."""
    model_timeout_s: float = Field(default=30, gt=0, le=3600)
    """How long the model may take for one answer, retries included; a server gives it less than its clients wait."""
    model_sentences: int = Field(default=12, ge=1, le=100)
    """Sentences of the corpus that the model is given at most."""
    model_budget_chars: int = Field(default=6000, ge=200)
    """Characters that these have together at most."""
    model_tokens: int = Field(default=500, ge=16)
    """Tokens that the model may write for one answer."""
    model_rewrites: bool = False
    """Whether the model puts follow-ups and Chinese questions in full, which is shown in `read_as`."""
    max_question_chars: int = Field(default=2000, ge=1)

    @field_validator("weights", mode="before")
    @classmethod
    def _from_json(cls, given: Any) -> Any:
        return Weights.model_validate_json(given) if isinstance(given, str) else given

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What variables named SHANGHAI_QA_<FIELD> say, defaults for the rest; SettingsError names a bad one."""
        return _read(cls, environment, PREFIX, lambda field: field in _PLACES or field.startswith("API_"))


def _listed(given: Any) -> Any:
    return tuple(filter(None, map(str.strip, given.split(",")))) if isinstance(given, str) else given


class ApiSettings(BaseModel):
    """Whom the REST doors serve, and how much at a time; nothing of it changes an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(default=(), repr=False)
    """One of these must be shown by whoever asks, separated by commas in the variable; without any, nobody is asked."""
    rate: str | None = Field(default=None, pattern=r"^[1-9]\d*/(second|minute|hour|day)$")
    """How many requests a client may make, such as "60/minute"; None for as many as it likes."""
    at_once: int = Field(default=2, ge=1, le=64)
    """Questions that are answered at the same time; the others wait in line."""
    timeout_s: float = Field(default=60, gt=0, le=3600)
    """How long a client waits for its answer, the line included."""
    max_body_bytes: int = Field(default=1_000_000, ge=1)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What variables named SHANGHAI_QA_API_<FIELD> say, defaults for the rest; SettingsError names a bad one."""
        return _read(cls, environment, f"{PREFIX}API_", lambda field: False)


_Model = TypeVar("_Model", bound=BaseModel)


def _read(model: type[_Model], environment: Mapping[str, str], prefix: str, is_other: Callable[[str], bool]) -> _Model:
    """`model` of the variables that begin with `prefix`, but for those of which the rest `is_other`."""
    named = {name.removeprefix(prefix): value for name, value in environment.items() if name.startswith(prefix)}
    given = {name.lower(): value for name, value in named.items() if not is_other(name)}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            known = ", ".join(prefix + name.upper() for name in model.model_fields)
            raise SettingsError(f"{prefix}{field.upper()} is not a setting; there are: {known}") from error
        raise SettingsError(f"{prefix}{field.upper()} is {given[field]!r}: {first['msg']}") from error


def default_index(environment: Mapping[str, str]) -> Path:
    """Where the index lies: $SHANGHAI_QA_INDEX, else `.index` of the checkout run from, else the user's data folder."""
    if named := environment.get(f"{PREFIX}INDEX"):
        return Path(named)
    if checkout := _checkout():
        return checkout / ".index"
    return platformdirs.user_data_path("shanghai-qa", appauthor=False) / "index"


def default_journal(environment: Mapping[str, str]) -> Path:
    """What readers said of answers: $SHANGHAI_QA_JOURNAL, else the checkout's, else one in the user's data folder.

    The path may be `journal.NONE`, under which nothing is kept.
    """
    if named := environment.get(f"{PREFIX}JOURNAL"):
        return Path(named)
    if checkout := _checkout():
        return checkout / ".journal.sqlite"
    return platformdirs.user_data_path("shanghai-qa", appauthor=False) / "journal.sqlite"


def keeps_questions(environment: Mapping[str, str]) -> bool:
    """Whether the journal keeps what is asked: $SHANGHAI_QA_KEEP_QUESTIONS, yes or no, else no."""
    given = environment.get(f"{PREFIX}KEEP_QUESTIONS") or "no"
    try:
        return TypeAdapter(bool).validate_strings(given)
    except ValidationError as error:
        raise SettingsError(f"{PREFIX}KEEP_QUESTIONS is {given!r}; expected yes or no") from error


def default_store(environment: Mapping[str, str]) -> str | None:
    """The address of a Chroma server from $SHANGHAI_QA_STORE, or None for Chroma's files inside the index."""
    return environment.get(f"{PREFIX}STORE") or None


def default_corpus(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of documents that ships: $SHANGHAI_QA_CORPUS, else the checkout's, else the one installed."""
    if environment and (named := environment.get(f"{PREFIX}CORPUS")):
        return Path(named)
    if checkout := _checkout():
        return checkout / "corpus"
    return Path(__file__).parent / "corpus"


def _checkout() -> Path | None:
    root = Path(__file__).parents[2]
    return root if (root / "pyproject.toml").is_file() and (root / "corpus").is_dir() else None
