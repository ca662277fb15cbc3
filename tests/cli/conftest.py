from pathlib import Path

import pytest

from support.publisher import Publisher, publisher


@pytest.fixture
def dataset(tmp_path: Path) -> Publisher:
    """A dataset that is not built yet."""
    return publisher(tmp_path / "publisher")


@pytest.fixture
def built(dataset: Publisher) -> Publisher:
    """A dataset with its manifest: set-0001 is c alone, set-0002 is a, set-0003 the rest."""
    dataset.build()
    return dataset
