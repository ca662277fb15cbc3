"""Servers that do not answer as they should, and what they serve that is not what it was."""

from __future__ import annotations

from datetime import date

from seedbox.errors.base import Problem, SeedboxError
from seedbox.errors.machine import SourceChangedError


class WebError(SeedboxError):
    """A server answered, but not with what was asked for; or too late, or too much."""

    code = "web"
    exit_status = 6

    def __init__(
        self,
        url: str,
        reason: str,
        hint: str,
        *,
        passing: bool = False,
        after: float | None = None,
    ) -> None:
        """Name the URL, without a name or password in it, and say what came.

        Args:
            url: What was asked for.
            reason: What came.
            hint: What to do about it.
            passing: It may be gone when the server is asked again.
            after: How many seconds the server wants to be left alone (Retry-After).
        """
        super().__init__(url=url, reason=reason, hint=hint)
        self.url, self.reason = url, reason
        self.passing, self.after = passing, after

    @property
    def message(self) -> str:
        """Name the URL and say what came."""
        return f"{self.url} {self.reason}"

    @property
    def hint(self) -> str:
        """What to do about it."""
        return str(self.data["hint"])


class UnreachableError(WebError):
    """Nobody could be asked: no address, no connection, or a certificate that proves nothing."""

    code = "web-unreachable"


class UnprovenWebSeedError(SeedboxError):
    """Web seeds that did not give what was asked for; the build wrote no manifest."""

    code = "web-seed-unproven"
    exit_status = 6

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Name each web seed by shard, with the URL that was asked for."""
        super().__init__(problems=problems)
        self.problems = problems

    @property
    def message(self) -> str:
        """One line per problem, the first line counts them."""
        if len(self.problems) == 1:
            return f"web seed of {self.problems[0]}"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"{len(self.problems)} web seeds are not proved:\n{lines}"

    @property
    def hint(self) -> str:
        """The mend of the first problem."""
        return self.problems[0].hint


class WrongWebSeedError(UnprovenWebSeedError):
    """Web seeds, one of which at least serves other bytes than those that were built."""

    code = "web-seed-wrong"
    exit_status = 4


class EvidenceChangedError(SeedboxError):
    """The page that states a license is not the one that dataset.yaml has the digest of."""

    code = "evidence-changed"
    exit_status = 4

    def __init__(self, url: str, *, known: str, since: date | None, found: str) -> None:
        """Give both digests in hex, and when the known one was taken."""
        when = None if since is None else str(since)
        super().__init__(url=url, known=known, since=when, found=found)

    @property
    def message(self) -> str:
        """Give both digests."""
        known, since, found = (self.data[key] for key in ("known", "since", "found"))
        when = f" of {since}" if since else ""
        return f"{self.data['url']} has SHA-256 {found}, the evidence{when} has {known}"

    @property
    def hint(self) -> str:
        """Somebody has to read it."""
        return (
            "Read the page; if it still states the license, "
            "remove sha256 and retrieved from evidence and build again."
        )


class OriginChangedError(SourceChangedError):
    """A file on a server is not what it was when it was first asked for."""

    code = "origin-changed"

    @property
    def hint(self) -> str:
        """Nobody here can keep it still."""
        return "Run the same command again, when nobody changes the files on the server."


class WrongDigestError(SeedboxError):
    """The bytes that came are not those that the origin publishes a digest of."""

    code = "wrong-digest"
    exit_status = 4

    def __init__(self, url: str, *, said: str, found: str, by: str, kind: str = "SHA-256") -> None:
        """Give both digests in hex, and who published the one."""
        super().__init__(url=url, said=said, found=found, by=by, kind=kind)

    @property
    def message(self) -> str:
        """Give both digests."""
        said, found, by, kind = (self.data[key] for key in ("said", "found", "by", "kind"))
        return f"{self.data['url']} has {kind} {found}, {by} says {said}"

    @property
    def hint(self) -> str:
        """One of the two is out of date, or worse."""
        return "Ask whoever publishes the files which of the two is right; nothing was built."
