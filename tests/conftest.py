"""What tests over the real corpus share: one index of it, built once a run and never written to by a test."""

import shutil
from pathlib import Path

import pytest

from ingest.publish import ingest
from shanghai_qa.assistant import Assistant
from shanghai_qa.settings import Settings, default_corpus, default_index
from shanghai_qa.store import Index


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an index of the corpus that ships; made once for the run, in a folder of its own.

    What the checkout's own index holds is not embedded again.
    """
    folder = tmp_path_factory.mktemp("index")
    if (own := default_index({})).is_dir():
        shutil.copytree(own, folder, dirs_exist_ok=True)
    ingest([default_corpus()], Index(folder), Settings())
    return folder


@pytest.fixture(scope="session")
def assistant(index: Path) -> Assistant:
    return Assistant.open(index, Settings())
