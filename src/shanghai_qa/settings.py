"""Everything that can change an answer, in one frozen object, and where things lie unless told otherwise.

Settings are passed in, never read from a global. `Settings.from_environment` is the one place that reads variables:
each field is `SHANGHAI_QA_<FIELD>`. `SHANGHAI_QA_INDEX` and `SHANGHAI_QA_STORE`, which say where the index lies and not
what it answers, are read by `default_index` and `default_store`, and `SHANGHAI_QA_JOURNAL` by `default_journal`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shanghai_qa.errors import SettingsError

PREFIX = "SHANGHAI_QA_"
_PLACES = ("INDEX", "STORE", "CORPUS", "JOURNAL")

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


class IndexSettings(BaseModel):
    """What an index is built with; an index refuses to open with other values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding_model: str = MINILM
    """A sentence-transformers model: the name of the one that ships, or a folder or name that loads offline."""


_PerFeature = Annotated[tuple[float, ...], Field(min_length=10, max_length=10)]


class Weights(BaseModel):
    """Weights of reading, for `features.Features` in their order; `evals.fit` chose them on evals, dev part.

    `order` ranks sentences; `answers` and `bias` give the log odds that the first of them answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: _PerFeature = (2.683, 1.5, 1.358, 0.959, -0.4, 1.162, 1.015, 0.1, 0.2, 0.642)
    answers: _PerFeature = (3.995, 0.909, 2.132, 4.23, 0.366, 2.16, 2.259, 0.355, 0.0, 3.128)
    bias: float = -16.177


class Settings(IndexSettings):
    """All that can change an answer over a given index."""

    candidates: int = Field(default=30, ge=1, le=200)
    """Passages that retrieval hands to reading."""
    per_leg: int = Field(default=60, ge=1, le=500)
    """Passages that each leg of retrieval (vectors, BM25) hands to fusion."""
    max_statements: int = Field(default=5, ge=1, le=10)
    """Sentences of an answer: the lead and those that add to it."""
    answer_above: float = Field(default=0.18, ge=0, le=1)
    """Probability that the lead answers, from which an answer is given.

    Fitted among many near misses, so that it is low. On evals, dev part (n=172), anything from 0.06 to 0.25 passes 0.76
    to 0.77; in between, 0.18 has about as many false refusals (0.17) as false answers (0.18).
    """
    margin: float = Field(default=0.8, ge=0)
    """How far below the lead's value a sentence may lie that adds to it."""
    weights: Weights = Weights()
    model: str | None = None
    """A chat model that writes the answer, as "provider:name"; None for the default answerer."""
    model_base_url: str | None = None
    """Where that model's server is, if not its provider's own."""
    max_question_chars: int = Field(default=2000, ge=1)

    @field_validator("weights", mode="before")
    @classmethod
    def _from_json(cls, given: Any) -> Any:
        return Weights.model_validate_json(given) if isinstance(given, str) else given

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What variables named SHANGHAI_QA_<FIELD> say, defaults for the rest; SettingsError names a bad one."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in _PLACES
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0])
            if first["type"] == "extra_forbidden":
                known = ", ".join(PREFIX + name.upper() for name in cls.model_fields)
                raise SettingsError(f"{PREFIX}{field.upper()} is not a setting; there are: {known}") from error
            raise SettingsError(f"{PREFIX}{field.upper()} is {given[field]!r}: {first['msg']}") from error


def default_index(environment: Mapping[str, str]) -> Path:
    """Where the index lies: $SHANGHAI_QA_INDEX, else `.index` of the checkout run from, else the user's data folder."""
    if named := environment.get(f"{PREFIX}INDEX"):
        return Path(named)
    if checkout := _checkout():
        return checkout / ".index"
    return platformdirs.user_data_path("shanghai-qa", appauthor=False) / "index"


def default_journal(environment: Mapping[str, str]) -> Path:
    """What readers said of answers: $SHANGHAI_QA_JOURNAL, else the checkout's, else one in the user's data folder."""
    if named := environment.get(f"{PREFIX}JOURNAL"):
        return Path(named)
    if checkout := _checkout():
        return checkout / ".journal.sqlite"
    return platformdirs.user_data_path("shanghai-qa", appauthor=False) / "journal.sqlite"


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
