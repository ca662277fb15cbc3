"""Verify: read the data of a torrent and say of every file what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from seedbox import disk, hashing
from seedbox.jobs.digests import told
from seedbox.jobs.events import Done, OnEvent, Started
from seedbox.plan.verify import Sighting, VerifyPlan, VerifyReport, expected, judge, right


def sightings(found: Sequence[disk.Located | disk.Absent]) -> list[Sighting]:
    """Return what a plan needs to know of files that were looked at."""
    return [file.size if isinstance(file, disk.Located) else file.reason for file in found]


def run_verify(
    plan: VerifyPlan,
    found: Sequence[disk.Located | disk.Absent],
    *,
    name: str,
    jobs: int | None,
    on_event: OnEvent,
    max_read: int | None = None,
) -> VerifyReport:
    """Hash what the plan names and return what is known of every file.

    Args:
        plan: Made from the sizes of `found`.
        found: Where each file of the torrent lies.
        name: Of the shard or torrent, for progress.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes.
        max_read: Bytes/s to read at most; as fast as it goes if None.

    Raises:
        SourceChangedError: A file changed while it was read.
        DiskError: A file could not be read.
    """
    metainfo = plan.metainfo
    task = f"verify {name}"
    wanted = expected(metainfo)
    located = [file if isinstance(file, disk.Located) else None for file in found]
    good: list[int] = []
    on_event(Started(task, plan.size))
    runs = hashing.hash_pieces(
        metainfo.layout, located, wanted=plan.pieces, jobs=jobs, max_read=max_read
    )
    with closing(runs):
        for hashed in told(runs, task, on_event):
            good += right(wanted, hashed.digests)
    on_event(Done(task))
    return judge(plan, good)
