"""Taking something back: an entry more in the withdrawals beside a manifest, signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import (
    BrokenSignatureError,
    DestinationTakenError,
    ForeignWithdrawalsError,
    UsageError,
)
from seedbox.jobs.shards import Source, read_manifest
from seedbox.jobs.withdrawals import beside, orders_on, read_withdrawals
from seedbox.manifest.keys import SecretKey, key_name
from seedbox.manifest.signature import MAX_SIGNATURE, SUFFIX, Claim, parse_signature, sign
from seedbox.manifest.withdrawals import (
    Action,
    Entry,
    Reason,
    Target,
    Withdrawals,
    info_hash_of,
    write_withdrawals,
)
from seedbox.plan.places import STATE
from seedbox.plan.withdrawals import Found, Order

NOTICE_PERIOD = timedelta(days=7)  # until an entry has to be obeyed, if nobody says otherwise
_ITEM = "item:"


@dataclass(frozen=True, slots=True)
class WithdrawOptions:
    """What the publisher says about everything that is taken back at once."""

    reason: Reason
    action: Action
    now: datetime
    effective_by: datetime | None = None  # None: after the notice period
    notice: str | None = None
    force: bool = False  # also what this manifest does not have


@dataclass(frozen=True, slots=True)
class WithdrawReport:
    """A withdrawals file that was written, or would be."""

    path: Path
    signature: Path
    withdrawals: Withdrawals
    added: tuple[Entry, ...]
    orders: tuple[Order, ...]  # what holders of this manifest have to do about what was added
    key: str  # the name of the key that signs
    written: bool


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """Return what a publisher names: shards by name, torrents by info-hash, items as `item:ID`.

    Items become one target, since one entry may hold many.

    Raises:
        UsageError: One is named twice, or names nothing.
    """
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise UsageError(f"{twice!r} is named twice", "Name each target once.")
    items = tuple(text.removeprefix(_ITEM) for text in texts if text.startswith(_ITEM))
    if not all(item.strip() for item in items):
        raise UsageError("`item:` names no item", "Pass it as item:ID, with the item's path.")
    targets = []
    for text in texts:
        if not text.startswith(_ITEM):
            digest = info_hash_of(text)
            targets.append(Target(text) if digest is None else Target(info_hash=digest))
    return (*targets, Target(items=items)) if items else tuple(targets)


def run_withdraw(
    manifest: Path,
    targets: Sequence[Target],
    options: WithdrawOptions,
    key: SecretKey,
    *,
    dry_run: bool = False,
) -> WithdrawReport:
    """Take something back: add it to the withdrawals beside a manifest, and sign them.

    The signature is written first. Stopped in between, it does not fit the old file, which
    everybody refuses; running the same command again mends that.

    Raises:
        SourceError: There is no such manifest.
        InvalidManifestError: It breaks its rules.
        InvalidWithdrawalsError: What is beside it breaks its rules.
        ForeignWithdrawalsError: It is about another dataset.
        UsageError: A target is not there, is taken back already, or the key is another one.
        InUseError: Another seedbox does the same right now.
    """
    source = Source(manifest, read_manifest(manifest))
    _check_key(source, key)
    if dry_run:
        return _added(source, targets, options, key)
    with disk.lock(manifest.parent / STATE):
        report = _added(source, targets, options, key)
        _write(report, key)
    return replace(report, written=True)


def _added(
    source: Source, targets: Sequence[Target], options: WithdrawOptions, key: SecretKey
) -> WithdrawReport:
    """Return the withdrawals with the new entries, and write nothing."""
    head, path = source.manifest.head, beside(source.path)
    before = read_withdrawals(source.path) or Withdrawals(head.id, 0)
    if before.id != head.id:
        raise ForeignWithdrawalsError(str(path), id=before.id, manifest=head.id)
    entries = tuple(_entry(target, options) for target in targets)
    added = Withdrawals(head.id, before.sequence + 1, entries)
    orders = orders_on(replace(source, withdrawals=added), now=options.now)
    if not options.force:
        _refuse_unknown(source, orders)
    for entry in entries:
        _refuse_again(before, entry)
    after = replace(before, sequence=added.sequence, entries=(*before.entries, *entries))
    signature = path.with_name(f"{path.name}{SUFFIX}")
    return WithdrawReport(path, signature, after, entries, orders, key.public.name, written=False)


def _entry(target: Target, options: WithdrawOptions) -> Entry:
    issued = options.now.replace(microsecond=0)
    due = options.effective_by or issued + NOTICE_PERIOD
    if due < issued:
        raise UsageError(
            f"--effective-by {due.isoformat()} is over, it is {issued.isoformat()}",
            "Pass a later date, or leave it out.",
        )
    return Entry(target, options.reason, options.action, issued, due, options.notice)


def _refuse_unknown(source: Source, orders: Sequence[Order]) -> None:
    """Refuse what the manifest does not have: most often it is misspelled.

    Raises:
        UsageError: With the way to withdraw it all the same.
    """
    for order in orders:
        if order.found is not Found.LISTED:
            cannot = "cannot be found in" if order.found is Found.UNKNOWN else "is not in"
            raise UsageError(
                f"{order.what} {cannot} {source.path}",
                "Correct it; or pass --force, if an older release has it.",
            )


def _refuse_again(before: Withdrawals, entry: Entry) -> None:
    """Refuse an entry that asks for nothing that was not asked for already.

    Raises:
        UsageError: With the date since when.
    """
    for old in before.entries:
        same = (old.target.key, old.reason) == (entry.target.key, entry.reason)
        enough = old.action in {Action.DELETE, entry.action}
        if same and enough and old.effective_by <= entry.effective_by:
            raise UsageError(
                f"{entry.target} was withdrawn on {old.issued.isoformat()} already "
                f"({old.reason}, {old.action}, by {old.effective_by.isoformat()})",
                "Leave it out; a stricter action, an earlier date or another reason can be added.",
            )


def _check_key(source: Source, key: SecretKey) -> None:
    """Refuse a key other than that of the manifest, whose mirrors would refuse what it signs.

    Raises:
        UsageError: The manifest is signed by another one.
        BrokenSignatureError: What is beside the manifest is no signature.
    """
    found = disk.look(source.path.parent, (f"{source.path.name}{SUFFIX}",))
    if isinstance(found, disk.Absent):
        return
    data = disk.read_located(found, MAX_SIGNATURE)
    theirs = parse_signature(data, file=str(source.path)).key_id
    if theirs != key.key_id:
        raise UsageError(
            f"the key is {key.public.name}, {source.path} is signed by {key_name(theirs)}",
            "Pass the key that signs the manifest; both are checked with the same one.",
        )


def _write(report: WithdrawReport, key: SecretKey) -> None:
    """Write signature and file, each whole or not at all.

    Raises:
        DestinationTakenError: Something stands there that is neither.
    """
    data = write_withdrawals(report.withdrawals)
    claim = Claim(report.withdrawals.id, report.withdrawals.sequence, sha256(data).digest())
    standing = disk.standing(report.signature, MAX_SIGNATURE)
    if standing is not None:
        try:
            parse_signature(standing, file=str(report.path))
        except BrokenSignatureError:
            raise DestinationTakenError(str(report.signature)) from None
    disk.write_whole(report.signature, sign(data, key, str(claim)))
    disk.write_whole(report.path, data)
