"""What seedbox raises: data and a code, put into words only when shown.

Every error has a stable `code`, an exit status (see docs/cli.md), a message that names the
thing and the values that disagree, and a hint with the next step.
"""

from seedbox.errors.base import (
    BugError,
    Problem,
    SeedboxError,
    UsageError,
)
from seedbox.errors.inputs import (
    InvalidConfigError,
    InvalidFileError,
    InvalidMagnetError,
    InvalidManifestError,
    InvalidPopularityError,
    InvalidTorrentError,
    SourceError,
    UnsafePathsError,
)
from seedbox.errors.machine import (
    DemoFailedError,
    DestinationTakenError,
    DiskError,
    InUseError,
    MissingExtraError,
    NoSpaceError,
    PortInUseError,
    SourceChangedError,
)
from seedbox.errors.refusals import (
    LicenseRefusedError,
)

__all__ = [
    "BugError",
    "DemoFailedError",
    "DestinationTakenError",
    "DiskError",
    "InUseError",
    "InvalidConfigError",
    "InvalidFileError",
    "InvalidMagnetError",
    "InvalidManifestError",
    "InvalidPopularityError",
    "InvalidTorrentError",
    "LicenseRefusedError",
    "MissingExtraError",
    "NoSpaceError",
    "PortInUseError",
    "Problem",
    "SeedboxError",
    "SourceChangedError",
    "SourceError",
    "UnsafePathsError",
    "UsageError",
]
