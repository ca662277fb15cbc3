"""Settings for every test: property tests draw the same examples on every machine."""

import os

import pytest
from hypothesis import settings

settings.register_profile("seedbox", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("seedbox")


@pytest.fixture(autouse=True, scope="session")
def _no_state_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep commands away from the user's own daemons and pinned keys, and from the real DHT."""
    os.environ["SEEDBOX_STATE"] = str(tmp_path_factory.mktemp("state"))
    os.environ["SEEDBOX_SEED_DHT"] = "false"
