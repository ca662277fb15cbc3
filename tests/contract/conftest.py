"""The engines under contract."""

from collections.abc import Callable

import pytest

from seedbox.engine.base import Engine, Settings
from seedbox.engine.libtorrent import LibtorrentEngine
from support.fake_engine import FakeEngine, FakeSwarm


@pytest.fixture(params=["fake", "libtorrent"])
def make(request: pytest.FixtureRequest) -> Callable[[Settings], Engine]:
    """What makes engines that can meet each other."""
    if request.param == "libtorrent":
        return LibtorrentEngine
    swarm = FakeSwarm()
    return lambda settings: FakeEngine(settings, swarm)
