"""Programs that seedbox runs: missing, unfit (exit status 5), or not to be run unseen (7)."""

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
