"""SHA-1 pieces and SHA-256 blocks on all cores: one read of the data feeds every hash."""

from seedbox.hashing.pieces import FileDigest, hash_pieces

__all__ = ["FileDigest", "hash_pieces"]
