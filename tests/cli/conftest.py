from pathlib import Path

import pytest

from support.publisher import Publisher, publisher


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of pinned keys; nobody's own is ever touched."""
    folder = tmp_path / "state"
    monkeypatch.setenv("SEEDBOX_STATE", str(folder))
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Publisher:
    """A dataset that is not built yet."""
    return publisher(tmp_path / "publisher")


@pytest.fixture
def built(dataset: Publisher) -> Publisher:
    """A dataset with its manifest: set-0001 is c alone, set-0002 is a, set-0003 the rest."""
    dataset.build()
    return dataset
