"""What swarm tests need: small torrents with their data, and waiting for events with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from seedbox.engine.base import AddTorrent, Endpoint, Engine, Event, Mode, Settings
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support.content import content, write
from support.torrents import make

KIB = 1024  # bytes
MIB = 1024 * KIB
DEADLINE = 15.0  # seconds; a wait takes a few hundredths of it, on a machine at rest
LOOPBACK = Settings(listen=(Endpoint("127.0.0.1", 0),))

P = ParamSpec("P")
E = TypeVar("E", bound=Event)


# --- data and torrents ------------------------------------------------------------------------

SMALL: Mapping[str, bytes] = {
    "a.bin": content("a", 100_000),
    "deep/er/b.bin": content("b", 70_001),
    "deep/empty": b"",
    "z.txt": b"short",
}


def read(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@dataclass(frozen=True)
class Shared:
    """A torrent, and the folder that holds its data."""

    metainfo: Metainfo
    folder: Path  # the save folder

    @property
    def key(self) -> str:
        return self.metainfo.info_hash.key

    def seed(self) -> AddTorrent:
        have = (True,) * self.metainfo.num_pieces
        return AddTorrent(self.metainfo.raw, self.metainfo.info_hash, self.folder, Mode.SEED, have)

    def seed_at(self, *trackers: str) -> AddTorrent:
        return replace(self.seed(), trackers=tuple((url,) for url in trackers))

    def fetch(self, folder: Path, have: tuple[bool, ...] | None = None) -> AddTorrent:
        have = (False,) * self.metainfo.num_pieces if have is None else have
        return AddTorrent(self.metainfo.raw, self.metainfo.info_hash, folder, Mode.FETCH, have)


def share(
    folder: Path,
    files: Mapping[str, bytes] = SMALL,
    form: Format = Format.HYBRID,
    *,
    name: str = "set",
    piece_length: int = 32 * KIB,
) -> Shared:
    """Write files below a folder and return them as a torrent; a file named as it is alone."""
    single = list(files) == [name]
    write(folder if single else folder / name, files)
    metainfo = make(files, form, name=name, piece_length=piece_length, single=single)
    return Shared(metainfo, folder)


# --- engines and their events -----------------------------------------------------------------


@dataclass
class Node:
    """A running engine and what it has told so far."""

    engine: Engine
    told: list[Event] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    @property
    def address(self) -> Endpoint:
        return self.engine.listening[0]

    async def listen(self) -> None:
        try:
            async for event in self.engine.events():
                self.told.append(event)
                self._news.set()
        finally:
            self._over = True
            self._news.set()

    def of(self, kind: type[E], key: str | None = None) -> list[E]:
        """What was told of one kind, and of one torrent."""
        events = (event for event in self.told if isinstance(event, kind))
        return [event for event in events if key in {None, event.key}]

    async def until(
        self, kind: type[E], key: str | None = None, *, where: Callable[[E], bool] | None = None
    ) -> E:
        """The first event of a kind, told already or to come."""
        return (await self.until_many(kind, 1, key, where=where))[0]

    async def until_many(
        self,
        kind: type[E],
        count: int,
        key: str | None = None,
        *,
        where: Callable[[E], bool] | None = None,
    ) -> list[E]:
        """The first events of a kind, as many as asked for."""
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    found = [e for e in self.of(kind, key) if where is None or where(e)]
                    if len(found) >= count:
                        return found
                    assert not self._over, f"no more events after {self.told}"
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(
                f"{len(found)} of {count} {kind.__name__} in {self.told}"
            ) from None

    async def refreshed_until(
        self, kind: type[E], key: str, *, where: Callable[[E], bool] | None = None
    ) -> E:
        """As `until`, asking for progress ten times a second."""

        async def ask() -> None:
            while True:
                self.engine.refresh()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await asyncio.Event().wait()

        asking = asyncio.create_task(ask())
        try:
            return await self.until(kind, key, where=where)
        finally:
            asking.cancel()


@contextlib.asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[Node]:
    """Start an engine, listen to it, and stop it."""
    node = Node(engine)
    async with engine:
        listener = asyncio.create_task(node.listen())
        try:
            yield node
        finally:
            if listener.done():
                await listener
    async with asyncio.timeout(DEADLINE):
        await listener


def in_loop(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on; the system gives another one each time."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
