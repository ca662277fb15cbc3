"""How a torrent is named: its info-hashes and the formats that have them (BEP 3, BEP 52).

Pure. In its own module because manifests name torrents without reading any.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

V1_BYTES = 20  # SHA-1 of the info dict (BEP 3)
V2_BYTES = 32  # SHA-256 of the info dict (BEP 52)


class Format(StrEnum):
    """Which info-hashes a torrent has."""

    V1 = "v1"
    V2 = "v2"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class InfoHash:
    """The info-hashes of one torrent: v1, v2 or, for a hybrid, both."""

    v1: bytes | None = None  # 20 bytes
    v2: bytes | None = None  # 32 bytes

    def __post_init__(self) -> None:
        """Refuse what names no torrent: a bug in the caller, since input is checked at the edge."""
        if self.v1 is None and self.v2 is None:
            raise ValueError("an info-hash needs v1, v2 or both")
        if self.v1 is not None and len(self.v1) != V1_BYTES:
            raise ValueError(f"a v1 info-hash has 20 bytes, got {len(self.v1)}")
        if self.v2 is not None and len(self.v2) != V2_BYTES:
            raise ValueError(f"a v2 info-hash has 32 bytes, got {len(self.v2)}")

    @property
    def format(self) -> Format:
        """The format of the torrent that has these info-hashes."""
        if self.v1 is None:
            return Format.V2
        return Format.V1 if self.v2 is None else Format.HYBRID

    @property
    def key(self) -> str:
        """Hex of v2 if there is one, else of v1: how seedbox names the torrent inside."""
        named = self.v1 if self.v2 is None else self.v2
        return "" if named is None else named.hex()
