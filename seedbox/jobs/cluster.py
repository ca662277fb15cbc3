"""The one door to Dask, which hands the shards of a build to workers on other machines.

Only the scheduler that the user names is spoken to. Whoever controls a scheduler or a worker runs
any code on all of them, and on this machine: that is how Dask works.

Workers see the source and OUT under the paths that they have here. A worker is looked at before it
is given anything: the same seedbox, the same Python, the same files, and locks that reach across
machines, since they keep two attempts of one shard apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import pkgutil
import platform
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import seedbox
from seedbox.errors import (
    MissingExtraError,
    SchedulerError,
    SeedboxError,
    UnfitWorkerError,
    UsageError,
    WorkerPathError,
    WorkersLostError,
)
from seedbox.jobs.events import Event, Note, OnEvent, StoppedError
from seedbox.jobs.shard_unit import Made, ShardUnit, make_shard
from seedbox.jobs.sight import Blind, Sight, blind_to, seen_here

if TYPE_CHECKING:
    from distributed import Client

EXTRA = "cluster"  # the extra that brings Dask
_CLOSE = 2.0  # seconds to say goodbye
_LOGGERS = ("distributed", "distributed.client", "tornado.application")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for whom, in seconds."""

    connect: float | None = None  # for the scheduler; None: as Dask is configured
    workers: float = 60.0  # while there is none at all
    answer: float = 30.0  # for what scheduler and workers are asked


@contextlib.contextmanager
def connected(
    address: str, *, on_event: OnEvent, patience: Patience | None = None
) -> Iterator[Cluster]:
    """Connect to a scheduler, until the context ends; what is not done then is taken back.

    Args:
        address: tcp://HOST:PORT, or tls://HOST:PORT with certificates from Dask's configuration.
        on_event: Gets notes.
        patience: How long to wait.

    Raises:
        MissingExtraError: Dask is not installed.
        UsageError: There is no certificate for tls.
        UnfitWorkerError: Somebody there has another seedbox or Python.
        SchedulerError: Nobody answers, or not as a scheduler does.
    """
    distributed = _distributed()
    for name in _LOGGERS:  # what matters of it is raised
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client: Any = _client(distributed, address, (patience or Patience()).connect)
    try:
        cluster = Cluster(client, address, on_event, patience or Patience())
        cluster.compare()
        yield cluster
    finally:
        with contextlib.suppress(OSError):  # gone already
            client.close(timeout=_CLOSE)


def _distributed() -> ModuleType:
    try:
        import dask.config  # noqa: PLC0415  (an extra)
        import distributed  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("Dask, which hands shards to other machines,", EXTRA) from None
    # A unit names each file of its shard.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GiB"})
    return distributed


def _client(distributed: ModuleType, address: str, seconds: float | None) -> Client:
    """Return a client of a scheduler, or an error when time is up.

    The client itself would wait without end for one that takes the connection and says nothing.
    """
    seconds = _configured() if seconds is None else seconds
    try:
        security = distributed.Security()
        arguments = security.get_connection_args("client")
        if address.startswith("tls:") and arguments["ssl_context"] is None:
            hint = "Name ca-file, key and cert in Dask's configuration; see docs/cluster.md."
            raise UsageError(f"{address} needs certificates, and Dask is given none", hint)
        asyncio.run(_greet(distributed, address, seconds, arguments))
        client: Client = distributed.Client(
            address,
            timeout=seconds,
            name="seedbox",
            security=security,
            set_as_default=False,
            direct_to_workers=False,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise SchedulerError(address, f"cannot be reached: {_words(error)}") from error
    return client


def _configured() -> float:
    """Return how many seconds Dask is told to wait for a connection."""
    import dask.utils  # noqa: PLC0415  (an extra)

    limit = dask.config.get("distributed.comm.timeouts.connect")
    return float(dask.utils.parse_timedelta(limit))


async def _greet(
    distributed: ModuleType, address: str, seconds: float, arguments: dict[str, Any]
) -> None:
    """Connect as a client does, and hang up.

    Raises:
        TimeoutError: Nobody answers, or not as Dask does.
        OSError, ValueError, RuntimeError: It cannot be tried.
    """
    async with asyncio.timeout(seconds):
        comm = await distributed.comm.connect(address, timeout=seconds, **arguments)
        await comm.close()


# --- in the main process ----------------------------------------------------------------------


class Cluster:
    """Workers of a scheduler; made by `connected`."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401  (a Client, some methods of which have no types)
        address: str,
        on_event: OnEvent,
        patience: Patience,
    ) -> None:
        """See `connected`."""
        self._client, self._address = client, address
        self._on_event, self._patience = on_event, patience
        self._executor: Executor = self._client.get_executor(pure=False)
        self._threads: dict[str, int] = {}  # of each worker that was looked at and is there
        self._sight: Sight | None = None
        self._nobody: float | None = None  # since when there is no worker

    @property
    def count(self) -> int:
        """How many shards they make at a time."""
        return max(1, sum(self._threads.values()))

    def compare(self) -> None:
        """Look at the programs of all who are there, before anything takes long.

        Raises:
            UnfitWorkerError: One has another seedbox or Python.
            SchedulerError: The scheduler does not answer.
        """
        with self._told():
            self._refuse_unfit(
                sorted(self._client.nthreads(callback_timeout=self._patience.answer))
            )

    def submit(self, unit: ShardUnit, on_event: OnEvent) -> Future[Made | Failed]:
        """Hand out a unit.

        Raises:
            UnfitWorkerError, WorkerPathError: A worker is there that cannot do it.
            SchedulerError: There is no worker, or the scheduler does not answer any more.
        """
        del on_event  # what workers tell does not come across
        if self._sight is None:
            self._sight = seen_here(unit.out, Path(unit.content.name(unit.shard.sources[0])))
        self._look()
        if not self._threads:
            self._wait()
        with self._told():
            return self._executor.submit(attempt, pickle.dumps(unit))

    def collect(self, unit: Future[Made | Failed], name: str) -> Made:
        """Return what came of a unit that has ended.

        Raises:
            SchedulerError: The scheduler is gone.
            WorkersLostError: Too many workers died while they made this shard.
            SeedboxError: What the unit raised.
        """
        killed = _distributed().KilledWorker
        try:
            what = unit.result()
        except CancelledError:
            raise SchedulerError(self._address, "is gone, or was started anew") from None
        except killed as error:
            last, tries = error.last_worker.address, error.allowed_failures + 1
            raise WorkersLostError(name, last=last, tries=tries) from None
        except (ImportError, AttributeError):  # a worker that has just come may lack seedbox
            self._look()
            raise
        if isinstance(what, Failed):
            raise what.error
        return what

    def look_after(self) -> None:
        """See who is there.

        Raises:
            UnfitWorkerError, WorkerPathError: A worker has come that cannot do the work.
            SchedulerError: There has been no worker for too long, or the scheduler is gone.
        """
        self._look()
        if self._threads:
            self._nobody = None
            return
        self._nobody = self._nobody or time.monotonic()
        if time.monotonic() - self._nobody > self._patience.workers:
            raise self._deserted()

    def _wait(self) -> None:
        """Wait until there is a worker at all."""
        self._on_event(Note(f"waiting for a worker at {self._address}"))
        try:
            self._client.wait_for_workers(1, timeout=self._patience.workers)
        except TimeoutError:
            raise self._deserted() from None
        self._look()

    def _deserted(self) -> SchedulerError:
        reason = f"has had no worker for {self._patience.workers:g} seconds"
        return SchedulerError(self._address, reason)

    def _look(self) -> None:
        """Look at each worker that was not there before."""
        with self._told():
            there: dict[str, int] = self._client.nthreads(callback_timeout=self._patience.answer)
            if new := sorted(there.keys() - self._threads.keys()):
                self._refuse_unfit(new)
            seen = self._run(blind_to, self._sight, workers=new)
        for worker, found in seen.items():
            if isinstance(found, Blind):
                raise WorkerPathError(worker, path=found.path, reason=found.reason)
        known = self._threads.keys() | seen.keys()
        self._threads = {worker: there[worker] for worker in there if worker in known}

    def _refuse_unfit(self, workers: Sequence[str]) -> None:
        """Refuse workers, and a scheduler, that have another seedbox or Python than we.

        What is asked is in the standard library, so that it can be asked of anybody.
        """
        name = "seedbox:__version__"
        seedboxes = self._run(pkgutil.resolve_name, name, workers=workers)
        pythons = self._run(platform.python_version, workers=workers)
        if not self._threads:  # it takes units apart, and so needs what they are made of
            who = f"the scheduler at {self._address}"
            pythons[who] = self._client.run_on_scheduler(platform.python_version)
            try:
                seedboxes[who] = self._client.run_on_scheduler(pkgutil.resolve_name, name)
            except ImportError as error:
                seedboxes[who] = error
        for who, version in pythons.items():
            if _minor(version) != _minor(platform.python_version()):
                here = platform.python_version()
                raise UnfitWorkerError(who, what="Python", there=str(version), here=here)
        for who, found in seedboxes.items():
            if found != seedbox.__version__:
                there = "none" if isinstance(found, ImportError) else str(found)
                raise UnfitWorkerError(who, what="seedbox", there=there, here=seedbox.__version__)

    def _run(
        self,
        function: Callable[..., object],
        *args: object,
        workers: Sequence[str],
    ) -> dict[str, object]:
        """Call a function on some workers; those that are gone are left out."""
        if not workers:
            return {}
        answers: dict[str, object] = self._client.run(
            function,
            *args,
            workers=list(workers),
            on_error="return",
            callback_timeout=self._patience.answer,
        )
        return {who: said for who, said in answers.items() if not isinstance(said, OSError)}

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Name the scheduler if it does not answer."""
        try:
            if self._client.status != "running":  # Dask would go on trying for long
                raise ConnectionResetError("the connection is lost")
            yield
        except (OSError, CancelledError) as error:
            raise SchedulerError(self._address, f"does not answer: {_words(error)}") from error


def _minor(version: object) -> list[str]:
    return str(version).split(".")[:2]


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "it does not answer in time"
    return str(error).partition("\n")[0] or type(error).__name__


# --- in a worker ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failed:
    """What a unit raised.

    It comes back as a result: Dask takes exceptions apart with their tracebacks, and where it fails
    in that, whoever waits for one waits without end.
    """

    error: Exception


def attempt(data: bytes) -> Made | Failed:
    """Make the shard of a pickled unit, in a worker; end when nobody wants it any more."""
    unit: ShardUnit = pickle.loads(data)  # noqa: S301  (who sends it can run any code here anyhow)
    worker = _distributed().get_worker()
    key = worker.get_current_task()
    threads = unit.jobs or max(1, (os.cpu_count() or 1) // worker.state.nthreads)

    def stop_if_unwanted(event: Event) -> None:
        del event
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            raise StoppedError

    try:
        return make_shard(replace(unit, jobs=threads), stop_if_unwanted)
    except (SeedboxError, StoppedError) as error:
        return Failed(error)
    except Exception:  # noqa: BLE001  (a bug is told there, not lost here)
        lines = traceback.format_exc()
        return Failed(RuntimeError(f"{unit.shard.name} at {worker.address}:\n{lines}"))
