"""Exit statuses 3, 5, 6 and 7: a daemon that cannot be asked, or cannot be listened for."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class DaemonNotRunningError(SeedboxError):
    """Nobody answers where a daemon should."""

    code = "daemon-not-running"
    exit_status = 3

    def __init__(self, place: str) -> None:
        """Name the socket, the address, or the folder of all daemons."""
        super().__init__(place=place)

    @property
    def message(self) -> str:
        """Name the place."""
        return f"no seedbox daemon answers at {self.data['place']}"

    @property
    def hint(self) -> str:
        """Start one, or say where it is."""
        return "Start one: seedbox seed MANIFEST --data FOLDER; or say where it is: --state, --api."


class DaemonAnswerError(SeedboxError):
    """What answered is no daemon, or one that is in trouble."""

    code = "daemon-answer"
    exit_status = 6

    def __init__(self, place: str, reason: str) -> None:
        """Name the place and say what came."""
        super().__init__(place=place, reason=reason)

    @property
    def message(self) -> str:
        """Name the place and say what came."""
        return f"the daemon at {self.data['place']} {self.data['reason']}"

    @property
    def hint(self) -> str:
        """It may be another program, or busy."""
        return "Check that it is a seedbox daemon of this version, then ask again."


class DaemonRefusedError(SeedboxError):
    """The daemon does not let us ask."""

    code = "daemon-refused"
    exit_status = 7

    def __init__(self, place: str, why: str, reason: str, hint: str) -> None:
        """Name the place, and give the daemon's own code and words."""
        super().__init__(place=place, why=why, reason=reason, hint=hint)

    @property
    def message(self) -> str:
        """Give the daemon's words."""
        why, reason = self.data["why"], self.data["reason"]
        return f"the daemon at {self.data['place']} refuses: {reason} ({why})"


class ApiAddressError(SeedboxError):
    """The address for the interface is taken or not ours."""

    code = "api-address"
    exit_status = 5

    def __init__(self, endpoint: str, reason: str) -> None:
        """Name the address and the system's words."""
        super().__init__(endpoint=endpoint, reason=reason)

    @property
    def message(self) -> str:
        """Name the address and the system's words."""
        return f"cannot serve the interface on {self.data['endpoint']}: {self.data['reason']}"

    @property
    def hint(self) -> str:
        """Choose another."""
        return "Pass another --api HOST:PORT; port 0 takes any free one."
