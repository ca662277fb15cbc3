"""A publisher's web site: signed releases of a dataset, withdrawals, and how a daemon asks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from hashlib import sha256
from pathlib import Path

from seedbox.daemon.archive import Archive
from seedbox.daemon.feeds import News, Refusal, Told
from seedbox.daemon.library import Believed
from seedbox.daemon.web_manifest import Place, WebManifest
from seedbox.errors import SeedboxError
from seedbox.jobs.admission import Trust
from seedbox.jobs.shards import Source
from seedbox.manifest.keys import SecretKey
from seedbox.manifest.model import Head, Manifest, Popularity, Shard
from seedbox.manifest.signature import sign
from seedbox.manifest.withdrawals import Action, Entry, Reason, Target, Withdrawals
from seedbox.manifest.withdrawals import write_withdrawals as written
from seedbox.manifest.write import write_manifest
from support.fetching import NOW as MOMENT
from support.origin import Origin
from support.signing import ID, claim, key

MANIFEST, WITHDRAWALS = "manifest.yaml", "withdrawals.yaml"
NOW = MOMENT.timestamp()
ISSUED = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Site:
    """What lies on a server, and who may change it."""

    origin: Origin
    source: Source  # as it was built
    signer: SecretKey = field(default_factory=key)
    latest: bytes = b""

    @property
    def url(self) -> str:
        return f"{self.origin.url}{MANIFEST}"

    def torrents(self) -> None:
        """Put every .torrent of the build there."""
        for shard in self.source.manifest.shards:
            path = shard.torrent.path
            self.origin.files[path] = (self.source.path.parent / path).read_bytes()

    def put(self, name: str, data: bytes, *, sequence: int, signed: bool = True) -> None:
        """Put a file there, signed beside."""
        self.origin.files[name] = data
        signature = sign(data, self.signer, str(claim(data, sequence=sequence)))
        self.origin.files.pop(f"{name}.minisig", None)
        if signed:
            self.origin.files[f"{name}.minisig"] = signature

    def release(
        self, sequence: int, *shards: Shard, signed: bool = True, **changes: object
    ) -> bytes:
        """Publish a release of some shards, or of all, that follows the latest."""
        if self.latest:
            changes = {"previous": sha256(self.latest).digest(), **changes}
        head = replace(self.source.manifest.head, sequence=sequence, **changes)  # type: ignore[arg-type]
        self.latest = write_manifest(_manifest(head, shards or self.source.manifest.shards))
        self.put(MANIFEST, self.latest, sequence=sequence, signed=signed)
        return self.latest

    def take_back(
        self,
        sequence: int,
        *targets: Target,
        by: datetime | None = None,
        action: Action = Action.DELETE,
        signed: bool = True,
    ) -> None:
        """Publish withdrawals; `by` is when they have to be obeyed."""
        due = by or ISSUED + timedelta(days=30)
        entries = tuple(Entry(each, Reason.PRIVACY, action, ISSUED, due) for each in targets)
        data = written(Withdrawals(ID, sequence, entries))
        self.put(WITHDRAWALS, data, sequence=sequence, signed=signed)

    def asked(self) -> list[str]:
        """The paths that were asked for since the last time."""
        paths = [each.path for each in self.origin.asked]
        self.origin.asked.clear()
        return paths


def _manifest(head: Head, shards: Iterable[Shard]) -> Manifest:
    total = sum((shard.use or Decimal(0) for shard in shards), Decimal(0))
    so_far, listed = Decimal(0), []
    for shard in shards:
        so_far += shard.use or Decimal(0)
        coverage = (so_far / total).quantize(Decimal("0.000001"), ROUND_DOWN)
        listed.append(replace(shard, coverage=coverage))
    popularity = Popularity(metric="reads", total=total)
    return Manifest(replace(head, popularity=popularity), tuple(listed))


def site(origin: Origin, source: Source) -> Site:
    """Publish the first release of a dataset that was built."""
    made = Site(origin, source)
    made.torrents()
    made.release(source.manifest.head.sequence)
    return made


def place(folder: Path, *keys: SecretKey, timeout: float = 10.0) -> Place:
    """What a daemon needs to ask; it trusts some keys."""
    state = folder / "daemon"
    trust = Trust(folder / "trust", tuple(each.public for each in keys))
    data = (folder / "data",)
    return Place(state, trust, data, Archive(state), lambda: False, timeout)


def asking(site: Site, folder: Path, *keys: SecretKey, timeout: float = 10.0) -> WebManifest:
    """A manifest by URL as a daemon begins with it, that trusts the publisher or these keys."""
    return WebManifest.at(site.url, place(folder, *(keys or (site.signer,)), timeout=timeout))


# --- what a turn has brought ------------------------------------------------------------------


def only(news: list[News]) -> News:
    (one,) = news
    return one


def believed(news: list[News]) -> Believed:
    found = only(news)
    assert isinstance(found, Believed), found
    return found


def problem(news: list[News]) -> str:
    told = only(news)
    assert isinstance(told, Told), told
    return told.problem or ""


def refusal(news: list[News]) -> SeedboxError:
    refused = only(news)
    assert isinstance(refused, Refusal), refused
    return refused.error


def sequence(manifest: WebManifest) -> int:
    return manifest.held(NOW).source.manifest.head.sequence
