"""SHA-1 pieces and SHA-256 blocks on all cores: one read of the data feeds every hash."""

from seedbox.hashing.paths import HashPath, available, built, chosen
from seedbox.hashing.pieces import FileDigest, Hashed, hash_pieces

__all__ = ["FileDigest", "HashPath", "Hashed", "available", "built", "chosen", "hash_pieces"]
