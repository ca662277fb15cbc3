"""Exit status 7: refused, since it may not be shared."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError


class LicenseRefusedError(SeedboxError):
    """A license that does not let everybody pass the data on, or none at all."""

    code = "license-refused"
    exit_status = 7

    def __init__(self, what: str, *, license_expression: str, why: str) -> None:
        """Name the dataset or shard, its license and the rule that refused it."""
        super().__init__(what=what, license=license_expression, why=why)

    @property
    def message(self) -> str:
        """Name the rule that refused."""
        what, expression = self.data["what"], self.data["license"]
        return f"{what} may not be shared: license {expression!r}: {self.data['why']}"

    @property
    def hint(self) -> str:
        """Only an open license passes."""
        return "Share only openly licensed data; see docs/manifest.md, Licenses."
