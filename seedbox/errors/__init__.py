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
from seedbox.errors.catalogs import (
    InvalidItemsError,
    InvalidListError,
    MemoryLimitError,
    NotAsListedError,
)
from seedbox.errors.cluster import (
    SchedulerError,
    UnfitWorkerError,
    WorkerPathError,
    WorkersLostError,
)
from seedbox.errors.daemons import (
    CorruptStateError,
    DaemonRunningError,
    NewerSchemaError,
    StateUnusableError,
)
from seedbox.errors.inputs import (
    InvalidConfigError,
    InvalidFileError,
    InvalidMagnetError,
    InvalidManifestError,
    InvalidPopularityError,
    InvalidTorrentError,
    InvalidWithdrawalsError,
    SourceError,
    UnsafePathsError,
)
from seedbox.errors.interface import (
    ApiAddressError,
    DaemonAnswerError,
    DaemonNotRunningError,
    DaemonRefusedError,
)
from seedbox.errors.items import (
    ItemsRefusedError,
    RefusedFile,
)
from seedbox.errors.keys import (
    InvalidKeyError,
    InvalidTrustError,
    WrongPasswordError,
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
from seedbox.errors.programs import (
    CommandsNotAllowedError,
    MissingClientError,
    MissingProgramError,
    PackageError,
    UnfitProgramError,
)
from seedbox.errors.refusals import (
    BrokenChainError,
    BrokenSignatureError,
    EquivocationError,
    ExpiredError,
    HugeSignatureError,
    KeyFromChannelError,
    LicenseRefusedError,
    LinkedSignatureError,
    OtherIdError,
    RefusedFileError,
    RollbackError,
    TamperedCommentError,
    UnboundSignatureError,
    UnsignedError,
    WrongKeyError,
    WrongSignatureError,
)
from seedbox.errors.sources import (
    OtherDatasetError,
    UnvouchedError,
)
from seedbox.errors.web import (
    EvidenceChangedError,
    OriginChangedError,
    UnprovenWebSeedError,
    UnreachableError,
    WebError,
    WrongDigestError,
    WrongWebSeedError,
)
from seedbox.errors.withdrawn import (
    ForeignWithdrawalsError,
    MissingWithdrawalsError,
    ShrunkWithdrawalsError,
    WithdrawnError,
)

__all__ = [
    "ApiAddressError",
    "BrokenChainError",
    "BrokenSignatureError",
    "BugError",
    "CommandsNotAllowedError",
    "CorruptStateError",
    "DaemonAnswerError",
    "DaemonNotRunningError",
    "DaemonRefusedError",
    "DaemonRunningError",
    "DemoFailedError",
    "DestinationTakenError",
    "DiskError",
    "EquivocationError",
    "EvidenceChangedError",
    "ExpiredError",
    "ForeignWithdrawalsError",
    "HugeSignatureError",
    "InUseError",
    "InvalidConfigError",
    "InvalidFileError",
    "InvalidItemsError",
    "InvalidKeyError",
    "InvalidListError",
    "InvalidMagnetError",
    "InvalidManifestError",
    "InvalidPopularityError",
    "InvalidTorrentError",
    "InvalidTrustError",
    "InvalidWithdrawalsError",
    "ItemsRefusedError",
    "KeyFromChannelError",
    "LicenseRefusedError",
    "LinkedSignatureError",
    "MemoryLimitError",
    "MissingClientError",
    "MissingExtraError",
    "MissingProgramError",
    "MissingWithdrawalsError",
    "NewerSchemaError",
    "NoSpaceError",
    "NotAsListedError",
    "OriginChangedError",
    "OtherDatasetError",
    "OtherIdError",
    "PackageError",
    "PortInUseError",
    "Problem",
    "RefusedFile",
    "RefusedFileError",
    "RollbackError",
    "SchedulerError",
    "SeedboxError",
    "ShrunkWithdrawalsError",
    "SourceChangedError",
    "SourceError",
    "StateUnusableError",
    "TamperedCommentError",
    "UnboundSignatureError",
    "UnfitProgramError",
    "UnfitWorkerError",
    "UnprovenWebSeedError",
    "UnreachableError",
    "UnsafePathsError",
    "UnsignedError",
    "UnvouchedError",
    "UsageError",
    "WebError",
    "WithdrawnError",
    "WorkerPathError",
    "WorkersLostError",
    "WrongDigestError",
    "WrongKeyError",
    "WrongPasswordError",
    "WrongSignatureError",
    "WrongWebSeedError",
]
