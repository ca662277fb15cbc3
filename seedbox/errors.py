"""What seedbox raises: data and a code, put into words only when shown.

Every error has a stable `code`, an exit status (see docs/cli.md), a message that names the
thing and the values that disagree, and a hint with the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class SeedboxError(Exception):
    """Base of all errors that seedbox raises on purpose."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, **data: object) -> None:
        """Keep the values that the message is made of."""
        super().__init__(data)
        self.data = data

    def __str__(self) -> str:
        """Return the message, so that an uncaught error still reads well."""
        return self.message

    @property
    def message(self) -> str:
        """What is wrong, with the values that disagree."""
        return str(self.data.get("message", self.code))

    @property
    def hint(self) -> str | None:
        """The next step, one imperative sentence."""
        hint = self.data.get("hint")
        return None if hint is None else str(hint)


class BugError(SeedboxError):
    """Something that nobody raised on purpose; its cause has the traceback."""

    code = "bug"
    exit_status = 70  # EX_SOFTWARE of sysexits.h


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file that somebody wrote, with its place."""

    rule: str  # short stable code, such as "unknown-key"
    message: str
    hint: str
    file: str = ""
    line: int | None = None  # 1-based
    path: str = ""  # inside the document, such as "shards[3].size"

    def __str__(self) -> str:
        """Return `file:line: path: message`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.message) if part)


# --- exit status 2: wrong usage ---------------------------------------------------------------


class UsageError(SeedboxError):
    """The flags contradict each other or name something that is not there."""

    code = "usage"
    exit_status = 2

    def __init__(self, message: str, hint: str) -> None:
        """Say what cannot be done as asked, and how to ask."""
        super().__init__(message=message, hint=hint)


# --- exit status 4: an input file is bad ------------------------------------------------------


class InvalidFileError(SeedboxError):
    """A file that somebody wrote breaks its format; carries all its problems."""

    code = "invalid-file"
    exit_status = 4
    what: ClassVar[str] = "file"

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        """Name the file and everything that is wrong with it."""
        super().__init__(file=file, problems=problems)
        self.file, self.problems = file, problems

    @property
    def message(self) -> str:
        """One line per problem, the first line counts them."""
        if len(self.problems) == 1:
            return f"{self.what} {self.problems[0]}"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"{self.what} {self.file} has {len(self.problems)} problems:\n{lines}"

    @property
    def hint(self) -> str:
        """The mend of the first problem."""
        return self.problems[0].hint


class InvalidManifestError(InvalidFileError):
    """A manifest or dataset.yaml breaks the rules of docs/manifest.md."""

    code = "invalid-manifest"
    what = "manifest"


class InvalidConfigError(InvalidFileError):
    """The user's configuration file names what does not exist."""

    code = "invalid-config"
    what = "configuration"


class InvalidPopularityError(InvalidFileError):
    """A popularity table cannot be used."""

    code = "invalid-popularity"
    what = "popularity table"


class InvalidTorrentError(SeedboxError):
    """Bytes that are no .torrent, or one that seedbox will not touch."""

    code = "invalid-torrent"
    exit_status = 4

    def __init__(self, reason: str, *, file: str = "torrent") -> None:
        """Say which rule the file breaks."""
        super().__init__(file=file, reason=reason)
        self.reason = reason

    def named(self, file: str) -> InvalidTorrentError:
        """Return the same error with the file's name in it."""
        return InvalidTorrentError(self.reason, file=file)

    @property
    def message(self) -> str:
        """Name the file and the rule."""
        return f"{self.data['file']} is not a usable torrent: {self.reason}"

    @property
    def hint(self) -> str:
        """The file has to come anew."""
        return "Get the file again from its publisher; only strict metainfo (BEP 3, 52) is read."


class InvalidMagnetError(SeedboxError):
    """Text that is no magnet link for BitTorrent."""

    code = "invalid-magnet"
    exit_status = 4

    def __init__(self, reason: str) -> None:
        """Say which part is wrong."""
        super().__init__(reason=reason)

    @property
    def message(self) -> str:
        """Name the part that is wrong."""
        return f"not a usable magnet link: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """What a link needs."""
        return "Pass a link with xt=urn:btih:… (BEP 9) or xt=urn:btmh:1220… (BEP 52)."


class SourceError(SeedboxError):
    """The data to be built or checked is missing, empty or of the wrong kind."""

    code = "source"
    exit_status = 4

    def __init__(self, path: str, reason: str, hint: str) -> None:
        """Name the path and what is wrong with it."""
        super().__init__(path=path, reason=reason, hint=hint)

    @property
    def message(self) -> str:
        """Name the path and what is wrong with it."""
        return f"{self.data['path']} {self.data['reason']}"


class UnsafePathsError(InvalidFileError):
    """Paths that would leave their folder, clash, or cannot exist on some system."""

    code = "unsafe-path"
    what = "source"


# --- exit status 5: the machine does not let us -----------------------------------------------


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


# --- exit status 7: refused -------------------------------------------------------------------


class LicenseRefusedError(SeedboxError):
    """A license that does not let everybody pass the data on, or none at all."""

    code = "license-refused"
    exit_status = 7

    def __init__(self, what: str, *, license_expression: str, why: str) -> None:
        """Name the dataset or shard, its license and the rule that refused it."""
        super().__init__(what=what, license=license_expression, why=why)

    @property
    def message(self) -> str:
        """Name the rule that refused."""
        what, expression = self.data["what"], self.data["license"]
        return f"{what} may not be shared: license {expression!r}: {self.data['why']}"

    @property
    def hint(self) -> str:
        """Only an open license passes."""
        return "Share only openly licensed data; see docs/manifest.md, Licenses."
