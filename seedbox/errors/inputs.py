"""Exit status 4: an input file is bad."""

from __future__ import annotations

from typing import ClassVar

from seedbox.errors.base import Problem, SeedboxError


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


class InvalidWithdrawalsError(InvalidFileError):
    """A withdrawals file breaks the rules of docs/manifest.md."""

    code = "invalid-withdrawals"
    what = "withdrawals file"


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
