"""Exit status 7: taken back by its publisher, or nobody can tell whether it was."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError
from seedbox.errors.refusals import RefusedFileError


class WithdrawnError(SeedboxError):
    """A shard that was asked for has been taken back."""

    code = "withdrawn"
    exit_status = 7

    def __init__(self, shard: str, why: str) -> None:
        """Name the shard, when it was taken back, and why."""
        super().__init__(shard=shard, why=why)

    @property
    def message(self) -> str:
        """Name the shard, when it was taken back, and why."""
        return f"{self.data['shard']} is not fetched: {self.data['why']}"

    @property
    def hint(self) -> str:
        """There is nothing to do but to do without."""
        return "Leave it out; the other shards of the dataset are not affected."


class ForeignWithdrawalsError(RefusedFileError):
    """Withdrawals of another dataset, beside a manifest that they say nothing of."""

    code = "foreign-withdrawals"
    words = "is not about {manifest}"
    step = "Get the withdrawals.yaml that the publisher has beside this manifest."


class ShrunkWithdrawalsError(RefusedFileError):
    """A later withdrawals file that hides what an earlier one took back."""

    code = "shrunk-withdrawals"
    words = "has lost entries: it has {entries}, and the first {count} are not those seen on {seen}"
    step = "Get it again from the publisher; withdrawals only ever grow."


class MissingWithdrawalsError(RefusedFileError):
    """No withdrawals file, where there was one before."""

    code = "missing-withdrawals"
    words = "is missing, but one with sequence {floor} was seen on {seen}"
    step = "Get it from the publisher with its .minisig and put both beside the manifest."
