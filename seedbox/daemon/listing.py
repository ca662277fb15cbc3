"""What a manifest says of its shards, as a daemon keeps it, and what a newer one changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from seedbox.daemon.record import Dataset, Evidence, Pause, Shard, Trouble
from seedbox.daemon.truth import Held
from seedbox.manifest import licenses, model
from seedbox.manifest.model import Manifest
from seedbox.plan.withdrawals import Order, stopped


@dataclass(frozen=True, slots=True)
class Claim:
    """One shard as one manifest has it."""

    shard: Shard
    blocked: Pause | None = None  # REFUSED or WITHDRAWN
    release: float | None = None
    order: Order | None = None  # what took it back

    @property
    def key(self) -> str:
        """How the shard is named inside."""
        return self.shard.key


def claims(
    manifest: Manifest, orders: Iterable[Order], *, source: str, now: float
) -> tuple[Claim, ...]:
    """Return what a manifest says of each of its shards.

    Args:
        manifest: The dataset, admitted.
        orders: What was taken back.
        source: Path or URL of the manifest.
        now: The time.

    Raises:
        LicenseRefusedError: The dataset is not openly licensed.
    """
    licenses.gate(manifest)
    refused = {each.shard: each.why for each in licenses.refused(manifest)}
    withdrawn = stopped(orders)
    detail = f"{source}, sequence {manifest.head.sequence}"
    listed = Evidence(now, "manifest", detail)
    return tuple(
        _claim(manifest, shard, rank, listed, withdrawn, refused)
        for rank, shard in enumerate(manifest.shards, start=1)
    )


def _claim(
    manifest: Manifest,
    shard: model.Shard,
    rank: int,
    listed: Evidence,
    withdrawn: Mapping[str, Order],
    refused: Mapping[str, str],
) -> Claim:
    terms = manifest.license_of(shard)
    told = Shard(
        key=shard.info_hash.key,
        info_hash=shard.info_hash,
        dataset=manifest.head.id,
        name=shard.name,
        rank=rank,
        role=shard.role,
        items=shard.items,
        size=shard.size,
        license="" if terms is None else terms.spdx,
        use=shard.use,
        coverage=shard.coverage,
        rendition=shard.rendition,
        listed=listed,
    )
    if order := withdrawn.get(shard.name):
        why = Pause(Trouble.WITHDRAWN, listed.at, order.why)
        return Claim(replace(told, listed=None), why, order=order)
    if shard.name in refused:
        detail = f"its license is refused: {refused[shard.name]}"
        return Claim(replace(told, listed=None), Pause(Trouble.REFUSED, listed.at, detail))
    return Claim(told, release=None if shard.release is None else shard.release.timestamp())


def taken_on(claim: Claim, held: Held | None, *, now: float) -> Held:
    """Return a shard after its manifest was read: what was proven of it stays."""
    if held is None:
        fault = Pause(Trouble.VERIFYING, now, "it waits to be hashed")
        return Held(claim.shard, blocked=claim.blocked, release=claim.release, fault=fault)
    old, new = held.shard, claim.shard
    if old.listed is not None and new.listed is not None:
        since = old.listed.at if old.dataset == new.dataset else new.listed.at
        new = replace(new, listed=replace(new.listed, at=since))
    told = replace(
        old,
        dataset=new.dataset,
        name=new.name,
        rank=new.rank,
        role=new.role,
        items=new.items,
        license=new.license,
        use=new.use,
        coverage=new.coverage,
        rendition=new.rendition,
        listed=new.listed,
    )
    return replace(held, shard=told, blocked=claim.blocked, release=claim.release)


def given_up(held: Held, detail: str, *, now: float) -> Held:
    """Return a shard that no manifest lists any more; its data stay, and what was proven of it."""
    if held.blocked is not None and held.blocked.why is not Trouble.REFUSED:
        return held  # withdrawn stays withdrawn
    told = replace(held.shard, listed=None)
    return replace(held, shard=told, blocked=Pause(Trouble.DROPPED, now, detail))


def dataset(manifest: Manifest, *, source: str, signed_by: str | None, now: float) -> Dataset:
    """Return what is told of a manifest that was just taken on."""
    head = manifest.head
    return Dataset(
        id=head.id,
        source=source,
        title=head.title,
        version=head.version,
        sequence=head.sequence,
        issued=_seconds(head.issued),
        expires=None if head.expires is None else _seconds(head.expires),
        license=None if head.license is None else head.license.spdx,
        shards=len(manifest.shards),
        items=sum(shard.items for shard in manifest.shards),
        size=manifest.size,
        signed_by=signed_by,
        loaded=now,
        looked=now,
        next_look=None,
    )


def _seconds(at: datetime) -> float:
    return at.astimezone(UTC).timestamp()
