"""Workers on other machines: not there (exit status 6), or not fit for the work (5)."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class SchedulerError(SeedboxError):
    """A scheduler cannot be reached, or has nobody to do the work."""

    code = "scheduler"
    exit_status = 6

    def __init__(self, address: str, reason: str) -> None:
        """Name the address, and say what is wrong there."""
        super().__init__(address=address, reason=reason)

    @property
    def message(self) -> str:
        """Name the address, and say what is wrong there."""
        return f"the scheduler at {self.data['address']} {self.data['reason']}"

    @property
    def hint(self) -> str:
        """What has to run; what is done is kept."""
        return "Start `dask scheduler` and `dask worker` there, then run the same command again."


class WorkersLostError(SeedboxError):
    """Every worker that tried a shard has died of it."""

    code = "workers-lost"
    exit_status = 6

    def __init__(self, shard: str, *, last: str, tries: int) -> None:
        """Name the shard, the last worker that died, and how many did."""
        super().__init__(shard=shard, last=last, tries=tries)

    @property
    def message(self) -> str:
        """Name the shard and the last worker."""
        tries, last = self.data["tries"], self.data["last"]
        return f"{self.data['shard']} was lost with {tries} workers, at last with {last}"

    @property
    def hint(self) -> str:
        """The worker knows more, or the system that ended it."""
        return "Look at the log of that worker; most often memory has run out. Then run again."


class UnfitWorkerError(SeedboxError):
    """A worker, or the scheduler, runs other programs than we do: its results might differ."""

    code = "unfit-worker"
    exit_status = 5

    def __init__(self, worker: str, *, what: str, there: str, here: str) -> None:
        """Name the worker, and both versions of what differs."""
        super().__init__(worker=worker, what=what, there=there, here=here)

    @property
    def message(self) -> str:
        """Name the worker and both versions."""
        what, there, here = (self.data[key] for key in ("what", "there", "here"))
        return f"{self.data['worker']} has {what} {there}, this machine has {here}"

    @property
    def hint(self) -> str:
        """The same everywhere."""
        return "Install the same seedbox on the same Python everywhere, or stop that worker."


class WorkerPathError(SeedboxError):
    """A worker does not see the files that the main process sees."""

    code = "worker-path"
    exit_status = 5

    def __init__(self, worker: str, *, path: str, reason: str) -> None:
        """Name the worker and the path, and say what it sees."""
        super().__init__(worker=worker, path=path, reason=reason)

    @property
    def message(self) -> str:
        """Name the worker and the path."""
        return f"{self.data['worker']} does not share {self.data['path']}: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """One file system for all."""
        return "Mount the source and OUT under the same paths on every worker, with file locks."
