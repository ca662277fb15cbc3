"""Files on a server, found by a list and asked for their sizes, before anything is read of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from urllib.parse import urljoin, urlsplit

from seedbox import disk, web
from seedbox.errors import InvalidListError, Problem, WebError
from seedbox.jobs.events import Note, OnEvent
from seedbox.jobs.packages import locate
from seedbox.manifest.model import Head
from seedbox.plan.lists import problem, read_list
from seedbox.plan.remote import Held, RemotePlan, Wanted, pause, plan_remote

_MOST_LIST = 1 << 28  # bytes
_LIST_TIME = 600.0  # seconds
_AHEAD = 64  # files that are asked for before the answer of the first is looked at
_HINT = "Correct the list, or have the file on the server mended."


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server is treated."""

    per_host: int = 4  # requests at a time; all files lie on one host
    tries: int = 7  # in a row that bring nothing
    first: float = 0.5  # seconds of the first pause; see `plan.remote.pause`
    longest: float = 60.0  # seconds of a pause that the server does not ask for
    obeyed: float = 300.0  # seconds of a pause that the server asks for; longer ones end the build
    silence: float = 30.0  # seconds for an answer, and for each 64 KiB of it
    wait: Callable[[Event, float], bool] = Event.wait  # True: nobody wants it any more


@dataclass(slots=True)
class Patience:
    """Asks again after failures that may pass."""

    url: str
    manners: Manners
    stopped: Event
    failures: int = 0  # in a row

    def failed(self, error: WebError) -> None:
        """Wait until it is time to ask again.

        Raises:
            WebError: The same, if asking again is of no use.
            CancelledError: Nobody wants it any more.
        """
        self.failures += 1
        after = error.after or 0.0
        if not error.passing or self.failures >= self.manners.tries or after > self.manners.obeyed:
            raise error
        first, longest = self.manners.first, self.manners.longest
        seconds = pause(self.url, self.failures, after, first=first, longest=longest)
        if self.manners.wait(self.stopped, seconds):
            raise web.CancelledError


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a server, as it was when the server was asked for its size."""

    parts: tuple[str, ...]  # below the root
    url: str
    state: web.State
    sha256: bytes | None  # as it is published
    sha512: bytes | None = None  # as a package registry publishes it
    by: str = "the list"  # who publishes the SHA-256

    @property
    def size(self) -> int:
        """Bytes."""
        return self.state.size

    @property
    def held(self) -> Held:
        """What a later run can hold the file to."""
        partly = self.state.validator is not None
        checked = self.sha256 is not None or self.sha512 is not None
        return Held(self.identity is not None, checked, partly)

    @property
    def identity(self) -> str | None:
        """What tells this state of the file from another; None: nothing does."""
        digest = self.sha256 or self.sha512
        return digest.hex() if digest else self.state.validator


@dataclass(frozen=True, slots=True)
class RemoteListing:
    """The files of a dataset on a server: what a `disk.Listing` is for a folder."""

    root: str  # URL of the folder
    files: tuple[RemoteFile, ...]
    plan: RemotePlan
    left_out: tuple[disk.Absent, ...] = ()
    manners: Manners = field(default_factory=Manners)


def survey(
    where: str, head: Head, *, on_event: OnEvent, manners: Manners | None = None
) -> RemoteListing:
    """Read a list of files, or find a package's archive, and ask the server for the size of each.

    A file whose size and SHA-256 the list names is not asked for.

    Args:
        where: URL or path of a list, see `plan.lists`; or a package, see `plan.packages`.
        head: What the publisher says of the dataset.
        on_event: Gets notes.
        manners: How the server is treated.

    Raises:
        UsageError: `where` names a package that cannot be found, or the files have no root.
        MissingClientError, PackageError: The client of the package's registry is of no help.
        InvalidListError: The list has lines that cannot be taken.
        SourceError: There is no such file.
        WebError: The list, or the size of a file, could not be had.
    """
    manners = manners or Manners()
    package = where.lower().startswith("pkg:")
    plan = locate(where, head, on_event=on_event) if package else _listed(where, head, manners)
    host = urlsplit(plan.base).netloc
    files = "file" if len(plan.files) == 1 else "files"
    on_event(Note(f"asking {host} for {len(plan.files):,} {files}"))
    found = list(zip(plan.files, _states(plan.files, manners), strict=True))
    if wrong := [each for wanted, state in found for each in _differences(where, wanted, state)]:
        raise InvalidListError(where, tuple(wrong))
    located = tuple(_located(wanted, state) for wanted, state in found)
    return RemoteListing(plan.base, located, plan, manners=manners)


def _listed(where: str, head: Head, manners: Manners) -> RemotePlan:
    data, base = _list(where, manners)
    entries = read_list(data, file=where, base=base or _origin(head))
    return plan_remote(entries, head, file=where, base=base)


def _located(wanted: Wanted, state: web.State) -> RemoteFile:
    digest = wanted.sha256 or state.sha256
    return RemoteFile(wanted.parts, wanted.url, state, digest, wanted.sha512, wanted.by)


def _origin(head: Head) -> str | None:
    url = head.origin.url if head.origin else None
    return None if url is None else f"{url.rstrip('/')}/"


def _list(where: str, manners: Manners) -> tuple[bytes, str | None]:
    """Return a list's bytes, and the URL of its folder; None: it lies on this machine."""
    if not where.lower().startswith(("https://", "http://")):
        return disk.read_whole(Path(where), _MOST_LIST), None
    patience = Patience(where, manners, Event())
    while True:
        try:
            page = web.fetch(where, limit=_MOST_LIST, timeout=_LIST_TIME)
        except WebError as error:
            patience.failed(error)
        else:
            return page.body, urljoin(where.partition("?")[0].partition("#")[0], ".")


def _states(files: Sequence[Wanted], manners: Manners) -> Iterator[web.State]:
    """Yield what the server says of each file, in order, or the list if it says enough."""
    stopped = Event()
    pool = ThreadPoolExecutor(manners.per_host, thread_name_prefix="look")

    def look(wanted: Wanted) -> web.State:
        if wanted.size is not None and wanted.sha256 is not None:
            return web.State(wanted.size)
        patience = Patience(wanted.url, manners, stopped)
        while True:
            try:
                return web.look(wanted.url, timeout=manners.silence, cancelled=stopped.is_set)
            except WebError as error:
                patience.failed(error)

    try:
        with closing(_in_order(pool.submit(look, wanted) for wanted in files)) as found:
            yield from found
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(futures: Iterable[Future[web.State]]) -> Generator[web.State, None, None]:
    pending: deque[Future[web.State]] = deque()
    for future in futures:
        pending.append(future)
        if len(pending) > _AHEAD:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _differences(file: str, wanted: Wanted, state: web.State) -> Iterator[Problem]:
    """Yield what the list and the server say differently."""
    if wanted.size not in {None, state.size}:
        said = f"{wanted.url} has {state.size:,} bytes, {wanted.by} says {wanted.size:,}"
        yield problem(file, None, said, _HINT)
    if wanted.sha256 and state.sha256 and wanted.sha256 != state.sha256:
        said = f"{wanted.url} has SHA-256 {state.sha256.hex()} by its server"
        yield problem(file, None, f"{said}, {wanted.by} says {wanted.sha256.hex()}", _HINT)
