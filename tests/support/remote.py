"""Builds from a server for tests, and the same builds from a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

from seedbox import disk
from seedbox.catalog.items import items_in
from seedbox.jobs.build import BuildReport, run_build
from seedbox.jobs.events import OnEvent, ignore
from seedbox.jobs.remote import Manners, survey
from seedbox.manifest.model import Origin
from seedbox.plan.build import BuildOptions, Item, plan_build
from seedbox.torrent.info_hash import Format
from support.content import write
from support.datasets import head

SHARD = 1_250_000  # bytes; the long file alone, and all others


@dataclass
class Waits:
    """Takes note of pauses, and makes none."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, stopped: Event, seconds: float) -> bool:
        self.seconds.append(seconds)
        return stopped.is_set()


def manners(wait: Callable[[Event, float], bool] | None = None, **changes: Any) -> Manners:  # noqa: ANN401
    """Manners of somebody who never waits."""
    return Manners(wait=wait or Waits(), **changes)


def values(paths: list[str]) -> dict[str, Decimal]:
    """How much each path is used: as often as its name is long."""
    return {path: Decimal(len(path)) for path in paths}


def build_remote(
    where: str,
    out: Path,
    *,
    form: Format = Format.HYBRID,
    on_event: OnEvent = ignore,
    how: Manners | None = None,
    **changes: Any,  # noqa: ANN401  (any field of a Head)
) -> BuildReport:
    """Build the dataset of a list."""
    said = head(format=form, **{"root": None, "popularity": None, **changes})
    listing = survey(where, said, on_event=on_event, manners=how or manners())
    items, _ = items_in(listing, None)
    options = BuildOptions(SHARD, 16_384, (listing.plan.web_seed,))
    planned = plan_build(listing.plan.head(said), items, options, folder="unused")
    return run_build(planned, listing, out, jobs=2, on_event=on_event)


def build_local(
    files: Mapping[str, bytes], folder: Path, base: str, form: Format = Format.HYBRID
) -> dict[str, bytes]:
    """Build the same files from a folder, with `base` as their origin; gives what is made."""
    write(folder / "source", files)
    said = head(format=form, root=None, popularity=None, origin=Origin(url=base.rstrip("/")))
    listing = disk.scan(folder / "source")
    items = [Item(file.parts, file.size, Decimal(0)) for file in listing.files]
    seed = base.rstrip("/").rpartition("/")[0] + "/"
    planned = plan_build(said, items, BuildOptions(SHARD, 16_384, (seed,)), folder="unused")
    run_build(planned, listing, folder / "local", jobs=2, on_event=ignore)
    return made(folder / "local")


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}
