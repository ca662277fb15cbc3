"""Exit status 5: the machine does not let us."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class NoSpaceError(SeedboxError):
    """A folder cannot hold what is to be put into it."""

    code = "no-space"
    exit_status = 5

    def __init__(self, what: str, *, folder: str, need: int | None, free: int) -> None:
        """Sizes in bytes; how much is needed is not known where a write was refused."""
        super().__init__(what=what, folder=folder, need=need, free=free)
        self.need, self.free = need, free

    @property
    def message(self) -> str:
        """Give both sizes."""
        folder, what = self.data["folder"], self.data["what"]
        if self.need is None:
            return f"{what} does not fit into {folder}, {self.free:,} bytes are free"
        return f"{what} needs {self.need:,} bytes in {folder}, {self.free:,} are free"

    @property
    def hint(self) -> str:
        """Free space or ask for less."""
        if self.need is None:
            return "Free some space there, or look at your quota; then run the same command again."
        return f"Free {self.need - self.free:,} bytes, or ask for less with --budget or --coverage."


class DiskError(SeedboxError):
    """The system refused a file operation."""

    code = "disk"
    exit_status = 5

    def __init__(self, path: str, action: str, reason: str) -> None:
        """Name the path, what was tried and the system's words."""
        super().__init__(path=path, action=action, reason=reason)

    @property
    def message(self) -> str:
        """Name the path, what was tried and the system's words."""
        return f"cannot {self.data['action']} {self.data['path']}: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """Look at the file."""
        return "Check that it exists, that you may use it and the disk is well; then run again."


class SourceChangedError(SeedboxError):
    """A file is not what it was when the plan was made."""

    code = "source-changed"
    exit_status = 5

    def __init__(self, path: str, *, was: str, now: str) -> None:
        """Give both states in words, such as "4,096 bytes"."""
        super().__init__(path=path, was=was, now=now)

    @property
    def message(self) -> str:
        """Give both states."""
        was, now = self.data["was"], self.data["now"]
        return f"{self.data['path']} changed while it was read: {was}, now {now}"

    @property
    def hint(self) -> str:
        """Keep still and try again."""
        return "Stop whatever writes to the folder, then run the same command again."


class DestinationTakenError(SeedboxError):
    """A file that seedbox did not make stands where a fetched file should go."""

    code = "destination-taken"
    exit_status = 5

    def __init__(self, path: str) -> None:
        """Name the file that stands in the way."""
        super().__init__(path=path)

    @property
    def message(self) -> str:
        """Name the file that stands in the way."""
        return f"{self.data['path']} exists already and holds other content"

    @property
    def hint(self) -> str:
        """Nothing is overwritten."""
        return "Move that file away, or pass another --out; seedbox never overwrites a file."


class InUseError(SeedboxError):
    """Another seedbox works in the same folder."""

    code = "in-use"
    exit_status = 5

    def __init__(self, folder: str) -> None:
        """Name the folder."""
        super().__init__(folder=folder)

    @property
    def message(self) -> str:
        """Name the folder."""
        return f"another seedbox is at work in {self.data['folder']}"

    @property
    def hint(self) -> str:
        """One at a time."""
        return "Wait until it is done, or choose another folder."


class PortInUseError(SeedboxError):
    """The address to listen on is taken or not ours."""

    code = "port-in-use"
    exit_status = 5

    def __init__(self, endpoint: str, reason: str) -> None:
        """Name the address and the system's words."""
        super().__init__(endpoint=endpoint, reason=reason)

    @property
    def message(self) -> str:
        """Name the address and the system's words."""
        return f"cannot listen on {self.data['endpoint']}: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """Choose another port."""
        return "Pass another --listen HOST:PORT; port 0 takes any free one."


class MissingExtraError(SeedboxError):
    """A part of seedbox that has to be installed first."""

    code = "missing-extra"
    exit_status = 5

    def __init__(self, what: str, extra: str) -> None:
        """Name what was wanted and the extra that brings it."""
        super().__init__(what=what, extra=extra)

    @property
    def message(self) -> str:
        """Name what was wanted."""
        return f"{self.data['what']} is not installed"

    @property
    def hint(self) -> str:
        """The command to run."""
        return f"Run: pip install 'seedbox[{self.data['extra']}]'"


class DemoFailedError(SeedboxError):
    """A command of the demo ended otherwise than it should: this installation is not well."""

    code = "demo-failed"
    exit_status = 5

    def __init__(self, command: str, *, expected: int, got: int) -> None:
        """Name the command and both exit statuses."""
        super().__init__(command=command, expected=expected, got=got)

    @property
    def message(self) -> str:
        """Name the command and both exit statuses."""
        expected, got = self.data["expected"], self.data["got"]
        return f"`{self.data['command']}` ended with status {got}, expected {expected}"

    @property
    def hint(self) -> str:
        """Look at the command alone."""
        return "Run `seedbox demo --keep FOLDER`, then that command in FOLDER."
