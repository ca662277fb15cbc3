"""Where a package lies, as the client of its registry says that is on this machine."""

from __future__ import annotations

from seedbox.jobs import programs
from seedbox.jobs.events import Note, OnEvent
from seedbox.manifest.model import Head
from seedbox.plan.packages import Package, complaint, parse_package, plan_package, read_answer
from seedbox.plan.remote import RemotePlan

_TIME = 120.0  # seconds
_MOST = 1 << 20  # bytes of an answer


def locate(purl: str, head: Head, *, on_event: OnEvent) -> RemotePlan:
    """Ask the client of a package's registry where it lies.

    The client runs in the user's own environment: which registry it asks is configured there.

    Args:
        purl: The package.
        head: What the publisher says of the dataset.
        on_event: Gets a note.

    Raises:
        UsageError: No exact version of a package of npm or PyPI, or dataset.yaml names another.
        MissingClientError: The client is not on this machine.
        PackageError: It fails, or answers something else.
        InvalidListError: The URL is none that a web seed can have.
    """
    package = parse_package(purl)
    program = next(filter(None, map(programs.find, package.programs)), None)
    if program is None:
        raise package.missing()
    on_event(Note(f"asking {package.programs[0]} where {package.purl} lies"))
    return plan_package(package, read_answer(package, _asked(program, package)), head)


def _asked(program: str, package: Package) -> bytes:
    said = bytearray()

    def take(data: bytes) -> None:
        said.extend(data)
        if len(said) > _MOST:
            raise package.failed(f"its answer has more than {_MOST:,} bytes")

    ran = programs.run([program, *package.arguments], None, programs.Bounds(_TIME), take)
    if not ran.well:
        raise package.failed(complaint(bytes(said)) or f"it {ran.words}")
    return bytes(said)
