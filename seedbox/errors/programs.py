"""Programs that seedbox runs: missing, unfit (exit status 5), no help (6), not to be run (7)."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class MissingProgramError(SeedboxError):
    """A program that an encoder needs is not on this machine."""

    code = "missing-program"
    exit_status = 5

    def __init__(self, program: str, *, encoder: str) -> None:
        """Name the program and the encoder that runs it."""
        super().__init__(program=program, encoder=encoder)

    @property
    def message(self) -> str:
        """Name both."""
        return f"the encoder {self.data['encoder']} needs the program {self.data['program']}"

    @property
    def hint(self) -> str:
        """Install it, or do without."""
        return "Install it so that it is found on PATH, or take the rendition out of dataset.yaml."


class UnfitProgramError(SeedboxError):
    """A program is there and does not do what an encoder needs, so no item could be encoded."""

    code = "unfit-program"
    exit_status = 5

    def __init__(self, program: str, *, encoder: str, why: str) -> None:
        """Name the program and the encoder that runs it, and what went wrong."""
        super().__init__(program=program, encoder=encoder, why=why)

    @property
    def message(self) -> str:
        """Name all three."""
        encoder, program = self.data["encoder"], self.data["program"]
        return f"the encoder {encoder} cannot be run with {program}: {self.data['why']}"

    @property
    def hint(self) -> str:
        """Another build of the program."""
        return "Install a build of the program that can do it, then run the same command again."


class CommandsNotAllowedError(SeedboxError):
    """A dataset.yaml wants commands of its own to be run, and the user has not agreed."""

    code = "commands-not-allowed"
    exit_status = 7

    def __init__(self, file: str, commands: tuple[str, ...]) -> None:
        """Name the file and every command in it."""
        super().__init__(file=file, commands=commands)
        self.commands = commands

    @property
    def message(self) -> str:
        """Show what would be run."""
        lines = "".join(f"\n  {command}" for command in self.commands)
        return f"{self.data['file']} wants to run commands of its own on this machine:{lines}"

    @property
    def hint(self) -> str:
        """Read first, then agree."""
        return "Read them; if they may run with your rights, pass --allow-commands."


class MissingClientError(SeedboxError):
    """The client of a package registry is not on this machine."""

    code = "missing-client"
    exit_status = 5

    def __init__(self, purl: str, program: str, *, otherwise: str) -> None:
        """Name the package, the program that knows where it lies, and another way to build it."""
        super().__init__(purl=purl, program=program, otherwise=otherwise)

    @property
    def message(self) -> str:
        """Name both."""
        return f"where {self.data['purl']} lies only {self.data['program']} knows, which is missing"

    @property
    def hint(self) -> str:
        """Install it, or do without."""
        return f"Install it so that it is found on PATH. Or elsewhere: {self.data['otherwise']}"


class PackageError(SeedboxError):
    """The client of a package registry did not say where a package lies, or nothing of use."""

    code = "package"
    exit_status = 6

    def __init__(self, purl: str, program: str, why: str, *, otherwise: str) -> None:
        """Name the package and the program, what went wrong, and another way to build it."""
        super().__init__(purl=purl, program=program, why=why, otherwise=otherwise)

    @property
    def message(self) -> str:
        """Name all three."""
        purl, program, why = (self.data[key] for key in ("purl", "program", "why"))
        return f"{program} does not find {purl}: {why}"

    @property
    def hint(self) -> str:
        """The registry is set up there, not here."""
        return (
            f"Look what {self.data['program']} itself says of the package; it asks the registry "
            f"of its own configuration. Or without it: {self.data['otherwise']}"
        )
