"""Hash files on a server piece by piece while they come, and keep nothing of them.

Threads ask for files, a few at a time and in order, and hash what belongs to one file alone: its
SHA-256 and its v2 blocks. Whoever takes the results hashes what may span files: the pieces. Each
thread is a few chunks ahead at most, so memory does not grow with the files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha1, sha256, sha512
from threading import Condition, Event
from typing import TYPE_CHECKING

from seedbox import web
from seedbox.errors import OriginChangedError, WebError, WrongDigestError
from seedbox.hashing import units
from seedbox.hashing.pieces import FileDigest, Hashed
from seedbox.hashing.units import Shape, Unit
from seedbox.jobs.remote import Manners, Patience, RemoteFile
from seedbox.torrent import merkle
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout
from seedbox.torrent.merkle import BLOCK_SIZE
from seedbox.torrent.pieces import Span

if TYPE_CHECKING:
    from hashlib import _Hash

_CHUNK = 256 * 1024  # bytes; a multiple of BLOCK_SIZE
_AHEAD = 8  # chunks of one file that nobody has taken yet
_PROGRESS = 1024 * 1024  # bytes, after which earlier failures are forgotten
_SLICE = 0.05  # seconds; how soon a thread sees that nobody takes its chunks any more
_ZEROS = bytes(_CHUNK)


def hash_remote(
    layout: Layout,
    files: Sequence[RemoteFile],
    wanted: Sequence[int],
    *,
    manners: Manners,
    on_file: Callable[[FileDigest], None] | None = None,
) -> Generator[Hashed, None, None]:
    """Read files on a server and yield the digests of pieces in order; closing it stops all soon.

    Args:
        layout: Where the files lie in the row of pieces.
        files: One for each of its files.
        wanted: Rising indices of pieces; see `plan_reading`.
        manners: How the server is treated.
        on_file: Gets the SHA-256 of each file that is read whole.

    Raises:
        OriginChangedError: A file is not what it was when the server was asked for its size.
        WrongDigestError: A file is not what its publisher says.
        WebError: A file does not come, however often it is asked for.
    """
    _check_empty(files, on_file)
    stopped = Event()
    pool = ThreadPoolExecutor(manners.per_host, thread_name_prefix="stream")
    shape = Shape(layout.piece_map.count, len(files) + 1)  # one unit for each run without a gap
    runs = list(units.cut(layout.piece_map, wanted, shape))
    blocks = layout.form is not Format.V1
    downloads = (
        Download(files[at], span, blocks, manners, stopped) for at, span in _of_files(runs)
    )
    feed = _Feed(pool, downloads, 2 * manners.per_host, on_file)
    try:
        for run in runs:
            for piece in run.pieces:
                yield _hashed(layout, piece, feed)
        feed.finish()
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _of_files(runs: Sequence[Unit]) -> Iterator[tuple[int, Span]]:
    """Yield the spans to ask for, with the file of each; padding is on no server."""
    for run in runs:
        yield from ((span.file, span) for span in run.spans if span.file is not None)


def _check_empty(files: Sequence[RemoteFile], on_file: Callable[[FileDigest], None] | None) -> None:
    """Hold files that nobody has to ask for to what their publisher says."""
    nothing = sha256().digest()
    for index, file in enumerate(files):
        if not file.size:
            _hold(file, nothing, sha512().digest())
            if on_file:
                on_file(FileDigest(index, nothing))


def _hold(file: RemoteFile, found: bytes, found_512: bytes | None) -> None:
    if file.sha256 not in {None, found}:
        by = "the server" if file.sha256 == file.state.sha256 else file.by
        said = (file.sha256 or b"").hex()
        raise WrongDigestError(file.url, said=said, found=found.hex(), by=by)
    if file.sha512 is not None and found_512 != file.sha512:
        said, made = file.sha512.hex(), (found_512 or b"").hex()
        by = "the registry"  # nobody else publishes one
        raise WrongDigestError(file.url, said=said, found=made, by=by, kind="SHA-512")


def _hashed(layout: Layout, piece: int, feed: _Feed) -> Hashed:
    """Return the digests of one piece, whose bytes are the next that come."""
    whole = None if layout.form is Format.V2 else sha1(usedforsecurity=False)  # BEP 3 names it
    blocks: list[bytes] = []
    length = size = 0  # of the file that the piece belongs to (v2), and of the piece's own data
    for span in layout.piece_map.spans(piece):
        if span.file is None:
            for at in range(0, span.length, _CHUNK) if whole else ():
                whole.update(_ZEROS[: span.length - at])  # type: ignore[union-attr]
            continue
        length = layout.files[span.file].length
        size += span.length
        for part, digests in feed.take(span.length):
            if whole:
                whole.update(part)
            blocks += digests
    root = None
    if layout.form is not Format.V1:
        small = length <= layout.piece_length
        root = merkle.small_root(blocks) if small else _layer(blocks, layout.piece_length)
    return Hashed([PieceDigest(piece, whole.digest() if whole else None, root)], size)


def _layer(blocks: list[bytes], piece_length: int) -> bytes:
    (root,) = merkle.piece_layer(blocks, piece_length)
    return root


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bytes of one file, and its blocks if it has any (v2)."""

    data: bytes
    blocks: tuple[bytes, ...]


class Channel:
    """Chunks on their way from the thread that reads to the one that takes."""

    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque()
        self._changed = Condition()
        self._ended = False

    def put(self, chunk: Chunk, stopped: Event) -> None:
        """Add a chunk as soon as there is room.

        Raises:
            CancelledError: Nobody takes it any more.
        """
        with self._changed:
            while not self._changed.wait_for(lambda: len(self._chunks) < _AHEAD, _SLICE):
                if stopped.is_set():
                    raise web.CancelledError
            self._chunks.append(chunk)
            self._changed.notify_all()

    def end(self) -> None:
        """Say that there are no more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self) -> Chunk | None:
        """Return the next chunk; None: there are no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended)
            chunk = self._chunks.popleft() if self._chunks else None
            self._changed.notify_all()
            return chunk


class _Feed:
    """The bytes of many files as one row, in order."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        downloads: Iterator[Download],
        ahead: int,
        on_file: Callable[[FileDigest], None] | None,
    ) -> None:
        self._pool = pool
        self._downloads = downloads
        self._ahead = ahead
        self._on_file = on_file
        self._pending: deque[tuple[Download, Future[bytes]]] = deque()
        self._chunk = Chunk(b"", ())
        self._at = 0  # in the chunk

    def take(self, length: int) -> Iterator[tuple[memoryview, Sequence[bytes]]]:
        """Yield the next bytes, and the digests of the blocks that they are."""
        while length:
            if self._at == len(self._chunk.data):
                self._chunk, self._at = self._next(), 0
            stop = min(len(self._chunk.data), self._at + length)
            blocks = self._chunk.blocks[self._at // BLOCK_SIZE : -(-stop // BLOCK_SIZE)]
            yield memoryview(self._chunk.data)[self._at : stop], blocks
            length -= stop - self._at
            self._at = stop

    def _next(self) -> Chunk:
        while True:
            self._fill()
            if chunk := self._pending[0][0].channel.take():
                return chunk
            self._end()

    def _fill(self) -> None:
        while len(self._pending) < self._ahead and (download := next(self._downloads, None)):
            self._pending.append((download, self._pool.submit(download)))

    def _end(self) -> None:
        """Hear how the first of the files under way has ended."""
        download, future = self._pending.popleft()
        digest = future.result()
        if self._on_file and download.whole:
            self._on_file(FileDigest(download.span.file or 0, digest))

    def finish(self) -> None:
        """Wait for what comes after the last byte: how the last files have ended."""
        while self._pending:
            self._end()


@dataclass(slots=True)
class Download:
    """The bytes of one span of a file: they all come, however often the connection breaks."""

    file: RemoteFile
    span: Span
    blocks: bool  # hash them as v2 has it; the span begins with one
    manners: Manners
    stopped: Event
    channel: Channel = field(default_factory=Channel)
    _state: web.State = field(init=False)
    _at: int = field(init=False)  # the next byte that has to come
    _seen: _Hash = field(default_factory=sha256)  # of the bytes from the span's start to there
    _seen_512: _Hash | None = field(init=False)  # likewise; None: nobody publishes it
    _buffer: bytearray = field(default_factory=bytearray)  # the last of them

    def __post_init__(self) -> None:
        self._state, self._at = self.file.state, self.span.start
        self._seen_512 = sha512() if self.file.sha512 else None

    @property
    def whole(self) -> bool:
        """The span is all of the file."""
        return self.span.length == self.file.size

    def __call__(self) -> bytes:
        """Put all bytes into the channel; return the SHA-256 of them.

        Raises:
            OriginChangedError, WrongDigestError, WebError: See `hash_remote`.
            CancelledError: Nobody wants them any more.
        """
        patience = Patience(self.file.url, self.manners, self.stopped)
        mark = self._at
        try:
            while self._at < self.span.stop:
                try:
                    self._ask()
                except WebError as error:
                    if self._at - mark >= _PROGRESS:
                        mark, patience.failures = self._at, 0
                    patience.failed(error)
            return self._seen.digest()
        finally:
            self.channel.end()

    def _ask(self) -> None:
        """Ask for what is missing, and take what comes.

        Without anything that tells one state of the file from another, all is asked for again.
        """
        begin = self._at if self._state.validator else self.span.start
        span = (begin, self.span.stop)
        silence, wanted = self.manners.silence, self.stopped.is_set
        with web.stream(
            self.file.url, self._state, span, silence=silence, cancelled=wanted
        ) as stream:
            self._state = self._state.joined(stream.state)
            for data in self._fresh(stream):
                self._take(data)

    def _fresh(self, stream: web.Stream) -> Iterator[bytes]:
        """Yield the bytes that had not come; those that had must be the same again.

        Raises:
            OriginChangedError: They are not, or nobody can tell.
        """
        if stream.start < self.span.start and not stream.state.validator:
            was = self._state.validator or "it had a digest"
            raise OriginChangedError(self.file.url, was=was, now="the server does not say")
        at, begin, again = self._at, stream.start, sha256()
        for data in stream.chunks():
            stop = begin + len(data)
            if begin < at:
                again.update(data[max(0, self.span.start - begin) : at - begin])
                if stop >= at and again.digest() != self._seen.digest():
                    was = f"its first {at:,} bytes had SHA-256 {self._seen.hexdigest()}"
                    raise OriginChangedError(self.file.url, was=was, now=again.hexdigest())
            if stop > at:
                yield data[max(0, at - begin) :]
            begin = stop

    def _take(self, data: bytes) -> None:
        """Hash what came, and hand on what makes a chunk."""
        self._seen.update(data)
        if self._seen_512:
            self._seen_512.update(data)
        self._at += len(data)
        self._buffer += data
        ended = self._at == self.span.stop
        if ended and self.whole:
            self._check()
        while len(self._buffer) >= _CHUNK or (ended and self._buffer):
            chunk = bytes(self._buffer[:_CHUNK])
            del self._buffer[:_CHUNK]
            made = Chunk(chunk, _blocks(chunk) if self.blocks else ())
            self.channel.put(made, self.stopped)

    def _check(self) -> None:
        """Hold the whole file to what its publisher says, before its last byte is handed on."""
        found = self._seen.digest()
        _hold(self.file, found, self._seen_512.digest() if self._seen_512 else None)
        if self._state.sha256 not in {None, found}:
            said = (self._state.sha256 or b"").hex()
            raise WrongDigestError(self.file.url, said=said, found=found.hex(), by="the server")


def _blocks(chunk: bytes) -> tuple[bytes, ...]:
    view = memoryview(chunk)
    starts = range(0, len(chunk), BLOCK_SIZE)
    return tuple(sha256(view[at : at + BLOCK_SIZE]).digest() for at in starts)
