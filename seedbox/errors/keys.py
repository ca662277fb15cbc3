"""Exit status 4: key files, and the record of whom this user trusts."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class InvalidKeyError(SeedboxError):
    """A key, or a file of one, that is not as minisign writes it."""

    code = "invalid-key"
    exit_status = 4

    def __init__(self, reason: str, file: str) -> None:
        """Say which rule the key breaks."""
        super().__init__(file=file, reason=reason)

    @property
    def message(self) -> str:
        """Name the file and the rule."""
        return f"{self.data['file']} is not a usable key: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """What a key looks like."""
        return "A public key is the line that begins with RW, or a .pub file; `seedbox keygen`."


class WrongPasswordError(SeedboxError):
    """A secret key that stays closed."""

    code = "wrong-password"
    exit_status = 4

    def __init__(self, file: str, reason: str) -> None:
        """Say whether there was a password at all."""
        super().__init__(file=file, reason=reason)

    @property
    def message(self) -> str:
        """Name the key, never what was typed."""
        return f"{self.data['file']} {self.data['reason']}"

    @property
    def hint(self) -> str:
        """Where a password may come from."""
        return "Type the password that it was made with, or pass --password-file."


class InvalidTrustError(SeedboxError):
    """The record of pinned keys and of what was seen is damaged, or of a later seedbox."""

    code = "invalid-trust"
    exit_status = 4

    def __init__(self, file: str, reason: str) -> None:
        """Say what is wrong with the file."""
        super().__init__(file=file, reason=reason)

    @property
    def message(self) -> str:
        """Name the file and what is wrong."""
        return (
            f"{self.data['file']}, the record of pinned keys, cannot be used: {self.data['reason']}"
        )

    @property
    def hint(self) -> str:
        """It is not made anew, since that would forget what was seen."""
        return "Bring it back from a backup, or use the seedbox that wrote it; nothing was changed."
