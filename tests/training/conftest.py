"""What tests of the training share: the project's encoder, made once a run."""

from pathlib import Path

import pytest

from training.near import open_encoder


@pytest.fixture(scope="session")
def encoder_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of caches with the encoder in it, and nothing else at first."""
    folder = tmp_path_factory.mktemp("cache")
    open_encoder(folder)
    return folder
