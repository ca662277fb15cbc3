"""Prove web seeds: ask for some pieces as a client would (BEP 19), and hash what comes.

All web seeds are tried, whatever becomes of the others; only a server that takes no connection is
not asked again. At most four requests go to one host at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha1, sha256
from threading import Event
from urllib.parse import urlsplit

from seedbox import web
from seedbox.errors import (
    InvalidManifestError,
    InvalidTorrentError,
    Problem,
    SourceError,
    UnprovenWebSeedError,
    UnreachableError,
    WebError,
    WrongWebSeedError,
)
from seedbox.jobs.events import Advanced, Done, OnEvent, Started
from seedbox.jobs.shards import Source, shard_torrent
from seedbox.manifest import web_seeds
from seedbox.manifest.model import Head, Shard, WebSeed
from seedbox.plan.samples import plan_samples
from seedbox.torrent import merkle
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo

_PER_HOST = 4  # requests at a time
_HOSTS = 2  # at a time
_LONGEST = 16 * 1024 * 1024  # bytes in one request, as libtorrent has it
_ZEROS = 1024 * 1024  # bytes of padding that are hashed at a time
_SLOWEST = 100_000  # bytes/s; a server that is slower is of no use as a web seed
_ENOUGH = 3  # pieces that fail, after which a web seed is not asked for the others
_RANGES_SHOWN = 3
_WRONG = "Put the files there that were built, or build from what lies there."


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a web seed is not proved."""

    message: str  # with the URL that was asked for
    hint: str
    wrong: bool = False  # bytes came, and they are not those of the torrent
    static: bool = False  # the URL cannot work, whatever a server says; nobody was asked


@dataclass(frozen=True, slots=True)
class Tried:
    """A web seed of a shard, and what came of asking it."""

    shard: str
    number: int  # which of the shard's web seeds
    url: str  # the base URL
    pieces: int  # how many came and were right
    checked: datetime | None  # when the last of them came; None: it is not proved
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of asking the web seeds of a manifest."""

    tried: tuple[Tried, ...]

    @property
    def ok(self) -> bool:
        """Every web seed gave what it was asked for."""
        return all(seed.failure is None for seed in self.tried)


def _now() -> datetime:
    return datetime.now(UTC)


def prove(
    source: Source, *, pieces: int = 25, seed: int, on_event: OnEvent, timeout: float = 30.0
) -> Proof:
    """Ask every web seed of a manifest for a sample of each shard's pieces.

    Args:
        source: The manifest; the .torrents lie beside it.
        pieces: How many to ask each web seed for.
        seed: Which ones; see `plan_samples`.
        on_event: Gets progress in bytes.
        timeout: Seconds that a server may take for an answer, beside the time for its bytes.
    """
    prover = Prover(source.manifest.head, pieces, seed, on_event, timeout)
    tried: list[Tried] = []
    for shard in source.manifest.shards:
        if not shard.web_seeds:
            continue
        try:
            metainfo = shard_torrent(source, shard)
        except (InvalidManifestError, InvalidTorrentError, SourceError) as error:
            asked = [web_seeds.asked_for(source.manifest.head, shard, s) for s in shard.web_seeds]
            why = f"was not asked: its .torrent cannot be used: {error.message}"
            failures = [Failure(f"{url} {why}", error.hint or "") for url in asked]
            tried += [_failed(shard, number, each) for number, each in enumerate(failures)]
        else:
            tried += prover.prove(shard, metainfo)
    return Proof(tuple(tried))


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves the web seeds of one shard after the other, and remembers what came of it."""

    head: Head
    pieces: int  # how many to ask each web seed for; 0: nothing is proved, and nobody asked
    seed: int  # which ones
    on_event: OnEvent
    timeout: float = 30.0  # seconds
    now: Callable[[], datetime] = _now
    tried: list[Tried] = field(default_factory=list)
    _silent: dict[str, str] = field(default_factory=dict)  # host and port -> why nobody answers

    def prove(self, shard: Shard, metainfo: Metainfo) -> list[Tried]:
        """Ask each web seed of a shard."""
        questions: list[_Questions] = []
        failed: list[Tried] = []
        for number, seed in enumerate(shard.web_seeds):
            if static := next(web_seeds.problems(self.head, shard, seed), None):
                failed.append(_failed(shard, number, Failure(*static, static=True)))
            else:
                questions.append(_Questions(shard, number, seed))
        if questions:
            self._ask(questions, shard, metainfo)
        found = [each.result(self.now) for each in questions] + failed
        found.sort(key=lambda tried: tried.number)
        self.tried.extend(found)
        return found

    def entry(self, shard: Shard, metainfo: Metainfo) -> Shard:
        """Return a shard's entry with what was proved of its web seeds."""
        if not self.pieces:
            return shard
        seeds = [
            replace(seed, checked=tried.checked, pieces=tried.pieces)
            for seed, tried in zip(shard.web_seeds, self.prove(shard, metainfo), strict=True)
        ]
        return replace(shard, web_seeds=tuple(seeds))

    def refuse(self) -> None:
        """Refuse to go on if a web seed is not proved.

        Raises:
            WrongWebSeedError: One at least serves other bytes.
            UnprovenWebSeedError: One at least did not serve what it was asked for.
        """
        failures = [(tried.shard, tried.failure) for tried in self.tried if tried.failure]
        if not failures:
            return
        problems = tuple(
            Problem("web-seed", failure.message, failure.hint, path=shard)
            for shard, failure in failures
        )
        wrong = any(failure.wrong for _, failure in failures)
        raise WrongWebSeedError(problems) if wrong else UnprovenWebSeedError(problems)

    def _ask(self, questions: Sequence[_Questions], shard: Shard, metainfo: Metainfo) -> None:
        """Ask for all pieces, some at a time; returns or raises only when nobody asks any more."""
        layout = metainfo.layout
        key = bytes.fromhex(metainfo.info_hash.key)
        chosen = plan_samples(layout, key, count=self.pieces, seed=self.seed)
        samples = [_Sample(metainfo, piece) for piece in chosen]
        task, done = f"prove {shard.name}", 0
        self.on_event(Started(task, sum(sample.size for sample in samples) * len(questions)))
        hosts = sorted({each.host for each in questions})
        for at in range(0, len(hosts), _HOSTS):
            some = [each for each in questions if each.host in hosts[at : at + _HOSTS]]
            with closing(self._all(some, samples)) as sizes:
                for size in sizes:
                    done += size
                    self.on_event(Advanced(task, done))
        self.on_event(Done(task))

    def _all(self, questions: Sequence[_Questions], samples: Sequence[_Sample]) -> Generator[int]:
        """Ask for every sample, and yield the bytes of each that is done with."""
        stopped = Event()
        with ExitStack() as stack:
            pools = {
                host: stack.enter_context(ThreadPoolExecutor(_PER_HOST, f"ask {host}"))
                for host in {each.host for each in questions}
            }
            stack.callback(stopped.set)  # runs before the pools wait for their threads
            futures: list[Future[int]] = [
                pools[each.host].submit(self._one, each, sample, stopped)
                for sample in samples
                for each in questions
            ]
            for future in as_completed(futures):
                yield future.result()

    def _one(self, questions: _Questions, sample: _Sample, stopped: Event) -> int:
        """Ask a web seed for a piece; returns its size, whatever came."""
        if stopped.is_set() or len(questions.failures) >= _ENOUGH:
            return sample.size
        asks = list(sample.asks(questions.seed))
        place = urlsplit(questions.seed.url).netloc
        if asks and place in self._silent:
            why = f"was not asked: {place} {self._silent[place]}"
            questions.failures[sample.piece] = Failure(f"{asks[0].url} {why}", "Mend it first.")
            return sample.size
        try:
            wrong = sample.check(_fetched(sample, ask, self.timeout, stopped) for ask in asks)
        except web.CancelledError:
            return sample.size
        except _UnansweredError as unanswered:
            questions.failures[sample.piece] = unanswered.failure
            if unanswered.silent is not None:
                self._silent[place] = unanswered.silent
            return sample.size
        if wrong is None:
            questions.right.add(sample.piece)
        else:
            message = f"piece {sample.piece}, {_ranges(asks)}: {wrong}"
            questions.failures[sample.piece] = Failure(message, _WRONG, wrong=True)
        return sample.size


def _failed(shard: Shard, number: int, failure: Failure) -> Tried:
    url = web_seeds.shown(shard.web_seeds[number].url)
    return Tried(shard.name, number, url, 0, None, failure)


@dataclass(frozen=True, slots=True)
class _Questions:
    """A web seed that is asked, and what came so far."""

    shard: Shard
    number: int
    seed: WebSeed
    right: set[int] = field(default_factory=set)
    failures: dict[int, Failure] = field(default_factory=dict)  # by piece

    @property
    def host(self) -> str:
        return urlsplit(self.seed.url).hostname or ""

    def result(self, now: Callable[[], datetime]) -> Tried:
        """Return what came; of several failures that of the first piece."""
        if self.failures:
            first = self.failures[min(self.failures)]
            return replace(_failed(self.shard, self.number, first), pieces=len(self.right))
        checked = now().astimezone(UTC).replace(microsecond=0)
        count = len(self.right)
        return Tried(self.shard.name, self.number, self.seed.url, count, checked, None)


@dataclass(frozen=True, slots=True)
class _Ask:
    """A range of a file on a server; without a URL, zeros that no server has."""

    url: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Sample:
    """A piece to ask for."""

    metainfo: Metainfo
    piece: int

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        spans = self.metainfo.layout.piece_map.spans(self.piece)
        return sum(span.length for span in spans if span.file is not None)

    def asks(self, seed: WebSeed) -> Iterator[_Ask]:
        """Yield the ranges to ask for, in the order of the piece; pad files are never asked for."""
        layout = self.metainfo.layout
        for span in layout.piece_map.spans(self.piece):
            if span.file is not None:
                path = layout.files[span.file].path
                url = web_seeds.url_of(seed, path, single=layout.single)
                for start in range(span.start, span.stop, _LONGEST):
                    yield _Ask(url, start, min(span.stop, start + _LONGEST))

    def check(self, parts: Iterator[bytes]) -> str | None:
        """Return how the bytes differ from the torrent's, or None.

        Args:
            parts: What came for each range, in order.
        """
        layout = self.metainfo.layout
        whole = sha1(usedforsecurity=False)  # BEP 3 names it
        blocks: list[bytes] = []
        for span in layout.piece_map.spans(self.piece):
            if span.file is None:
                for at in range(0, span.length, _ZEROS):  # BEP 47
                    whole.update(bytes(min(_ZEROS, span.length - at)))
                continue
            left = span.length
            while left:
                part = next(parts)
                left -= len(part)
                whole.update(part)
                starts = range(0, len(part), merkle.BLOCK_SIZE)
                blocks += [sha256(part[at : at + merkle.BLOCK_SIZE]).digest() for at in starts]
        known = self.metainfo.v1_piece(self.piece)
        if known not in {None, whole.digest()}:
            return f"SHA-1 {whole.hexdigest()}, in the torrent {known.hex() if known else ''}"
        return None if layout.form is Format.V1 else self._check_root(blocks)

    def _check_root(self, blocks: Sequence[bytes]) -> str | None:
        """Return how a v2 piece, which is of one file (BEP 52), differs from the torrent's."""
        layout = self.metainfo.layout
        index = layout.piece_map.spans(self.piece)[0].file or 0
        file = layout.files[index]
        if file.length <= layout.piece_length:
            root = merkle.small_root(blocks)
        else:
            (root,) = merkle.piece_layer(blocks, layout.piece_length)
        at = self.piece - layout.piece_map.pieces_of(index).start
        known = self.metainfo.v2_pieces(file)[at]
        return None if root == known else f"root {root.hex()}, in the torrent {known.hex()}"


class _UnansweredError(Exception):
    """A range did not come."""

    def __init__(self, failure: Failure, silent: str | None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.silent = silent  # why nobody answers there; None: somebody does


def _fetched(sample: _Sample, ask: _Ask, timeout: float, stopped: Event) -> bytes:
    """Return the bytes of one range of a piece.

    Raises:
        _UnansweredError: They did not come.
        CancelledError: Nobody wants them any more.
    """
    patience = timeout + (ask.stop - ask.start) / _SLOWEST
    try:
        return web.fetch_range(
            ask.url, ask.start, ask.stop, timeout=patience, cancelled=stopped.is_set
        )
    except WebError as error:
        here = error.url == ask.url  # else a redirect has led us there
        elsewhere = "" if here else f"{error.url} "
        where = f"piece {sample.piece}, {_ranges([ask])}"
        failure = Failure(f"{where}: {elsewhere}{error.reason}", error.hint)
        silent = error.reason if here and isinstance(error, UnreachableError) else None
        raise _UnansweredError(failure, silent) from error


def _ranges(asks: Sequence[_Ask]) -> str:
    shown = [f"bytes {ask.start}-{ask.stop - 1} of {ask.url}" for ask in asks[:_RANGES_SHOWN]]
    more = len(asks) - len(shown)
    return ", ".join(shown) + (f" and {more:,} ranges more" if more else "")
