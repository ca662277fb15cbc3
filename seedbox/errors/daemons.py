"""Exit statuses 3 and 5: another daemon is at work, or the daemon's own state cannot be used."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class DaemonRunningError(SeedboxError):
    """Another daemon holds a folder that this one needs for itself."""

    code = "daemon-running"
    exit_status = 3

    def __init__(self, folder: str, *, what: str, pid: int | None) -> None:
        """Say which folder, what it is for ("data" or "state"), and which process if known."""
        super().__init__(folder=folder, what=what, pid=pid)

    @property
    def message(self) -> str:
        """Name the folder, and the process if the system tells."""
        who = "" if self.data["pid"] is None else f", process {self.data['pid']},"
        return f"another seedbox{who} holds the {self.data['what']} folder {self.data['folder']}"

    @property
    def hint(self) -> str:
        """One at a time, or another folder."""
        return "Run `seedbox status` to see it; stop it first, or pass another --data or --state."


class NewerSchemaError(SeedboxError):
    """The state was written by a later seedbox."""

    code = "state-newer-schema"
    exit_status = 5

    def __init__(self, file: str, *, found: int, known: int, backup: str | None) -> None:
        """Give both schema versions, and the latest backup if there is one."""
        super().__init__(file=file, found=found, known=known, backup=backup)

    @property
    def message(self) -> str:
        """Give both versions."""
        found, known = self.data["found"], self.data["known"]
        return f"{self.data['file']} has schema {found}, this seedbox knows up to {known}"

    @property
    def hint(self) -> str:
        """Go forward, or back to the backup of the older one."""
        step = "Install the later seedbox that wrote it"
        if self.data["backup"] is None:
            return f"{step}, or pass another --state."
        file, backup = self.data["file"], self.data["backup"]
        return f"{step}, or move {file}, {file}-wal and {file}-shm away and copy {backup} there."


class CorruptStateError(SeedboxError):
    """The state is damaged; it is left as it is."""

    code = "state-corrupt"
    exit_status = 5

    def __init__(self, file: str, reason: str, *, backup: str | None) -> None:
        """Say what is wrong with the file, and name the latest backup if there is one."""
        super().__init__(file=file, reason=reason, backup=backup)

    @property
    def message(self) -> str:
        """Name the file and what is wrong with it."""
        return f"{self.data['file']} is damaged: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """Put the backup in its place, or begin anew and know what that costs."""
        file, backup = self.data["file"], self.data["backup"]
        step = f"Move {file}, {file}-wal and {file}-shm away"
        if backup is None:
            return f"{step}, then start again: all data is hashed anew, and the counts begin at 0."
        return f"{step}, copy {backup} to {file} if you want what it has, then start again."


class StateUnusableError(SeedboxError):
    """The system does not let us use the state."""

    code = "state-unusable"
    exit_status = 5

    def __init__(self, file: str, action: str, reason: str) -> None:
        """Name the file, what was tried and the system's words."""
        super().__init__(file=file, action=action, reason=reason)

    @property
    def message(self) -> str:
        """Name the file, what was tried and the system's words."""
        return f"cannot {self.data['action']} {self.data['file']}: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """It needs a disk of this machine, with space, that may be written."""
        return "Check its owner and the free space, or pass a --state on a disk of this machine."
