"""One engine, many listeners: each torrent's events go to the task that waits for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from seedbox.engine.base import AddTorrent, Engine, Event, Removed

_REFRESH = 0.5  # seconds between two looks at the torrents' progress


class Swarm:
    """Hands an engine's events on by torrent; made by `joined`."""

    def __init__(self, engine: Engine) -> None:
        """See `joined`."""
        self.engine = engine
        self._inboxes: dict[str, asyncio.Queue[Event]] = {}
        self._over = False  # nothing will be told any more

    @contextlib.asynccontextmanager
    async def torrent(self, torrent: AddTorrent) -> AsyncIterator[asyncio.Queue[Event]]:
        """Add a torrent for as long as the context lasts; gives the queue of its events.

        On leaving, the torrent is removed and its files are closed; its data stays.
        """
        inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._inboxes[torrent.key] = inbox
        self.engine.add(torrent)
        try:
            yield inbox
        finally:
            if not self._over:
                self.engine.remove(torrent.key)
                while not isinstance(await inbox.get(), Removed):
                    pass
            del self._inboxes[torrent.key]

    async def hand_on(self) -> None:
        """Hand events on until the engine ends or fails; then nobody waits for it any more."""
        try:
            async for event in self.engine.events():
                if inbox := self._inboxes.get(event.key):
                    inbox.put_nowait(event)
        finally:
            self._over = True
            for key, inbox in self._inboxes.items():
                inbox.put_nowait(Removed(key))

    async def look(self) -> None:
        """Ask for progress again and again."""
        while True:
            self.engine.refresh()
            await asyncio.sleep(_REFRESH)


@contextlib.asynccontextmanager
async def joined(engine: Engine) -> AsyncIterator[Swarm]:
    """Hand an engine's events on for as long as the context lasts.

    Should that fail, the body is cancelled and the failure is raised in its place.
    """
    swarm = Swarm(engine)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(swarm.hand_on()), group.create_task(swarm.look())]
            yield swarm
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
