"""The doctor's round: the installation, and each point of a daemon that runs or is to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seedbox.daemon import examining, questions
from seedbox.daemon.client import Client
from seedbox.daemon.library import manifests_in
from seedbox.daemon.questions import Answers, Document
from seedbox.engine.base import Endpoint
from seedbox.errors import SeedboxError
from seedbox.jobs.admission import Trust
from seedbox.jobs.doctor import (
    DoctorReport,
    Finding,
    Verdict,
    clock,
    installation,
    manifests,
    ports,
    storage,
    swarm,
    trackers,
)
from seedbox.manifest.model import Manifest
from seedbox.plan.places import STATE, home

_URLS = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the doctor is to look at."""

    manifests: tuple[str, ...]  # paths, folders and URLs; none: those of the daemon that runs
    data: tuple[Path, ...]  # none: those of the daemon that runs
    listen: tuple[Endpoint, ...]  # none: a daemon is not to be started
    state: Path | None  # a daemon's state folder; None: that of the daemon that runs
    trust: Trust
    find: Callable[[], Client]
    now: Callable[[], float]
    online: bool = False  # whether trackers and servers may be asked


def run_doctor(asked: Asked) -> DoctorReport:
    """Look at everything, and change nothing.

    Raises:
        UsageError: SEEDBOX_HASH names a path that this machine cannot run; or several daemons are
            running, and none was named.
    """
    found = [*installation.installation()]
    running, answered = questions.ask(asked.find)
    here = running if running is not None and running.here else None
    listed = [*_manifests(asked, here)]
    named = [seen.manifest for seen in listed if seen.manifest is not None]
    data = asked.data or tuple(Path(each) for each in (here.status["data"] if here else ()))
    state = asked.state or (here.socket.parent if here and here.socket else None)
    found.append(answered)
    if running is None or here is not None:
        found += _disks(asked.trust.state, state, data, named)
        found += _holds(state, data, here)
    found += [finding for seen in listed for finding in seen.findings]
    found += _ports(asked, running)
    hashes = manifests.trackers(named)
    found += trackers.look_at_trackers(hashes, online=asked.online)
    found.append(_clock(asked, running, named, state))
    found += _swarm(running)
    return DoctorReport(tuple(found))


# --- manifests --------------------------------------------------------------------------------


def _manifests(asked: Asked, running: Answers | None) -> Iterator[manifests.Seen]:
    now = asked.now()
    for each in asked.manifests:
        if each.lower().startswith(_URLS):
            yield manifests.look_at_url(each, asked.trust, now=now)
            continue
        paths = manifests_in(Path(each))
        if not paths:
            hint = "Put a manifest.yaml there, with its torrents beside it."
            yield manifests.Seen(
                (Finding("manifest", Verdict.FAIL, "no manifest is there", hint, each),)
            )
        for path in paths:
            yield manifests.look_at_file(path, asked.trust, now=now)
    if not asked.manifests and running is not None:
        for dataset in running.datasets:
            yield _known(dataset, asked, now)


def _known(dataset: Document, asked: Asked, now: float) -> manifests.Seen:
    """Tell what a daemon says of a manifest; the file is read only for what it names."""
    id_, source = str(dataset["id"]), str(dataset["source"])
    remote = source.lower().startswith(_URLS)
    found = f"{id_}, sequence {dataset['sequence']}, {dataset['shards']:,} shards"
    seen = Finding("manifest", Verdict.PASS, found, about=source)
    if dataset["problem"] is not None:
        hint = "The daemon stays with the last one that was good; have the newer one mended."
        words = f"{found}; what lies there now is refused: {dataset['problem']}"
        seen = Finding("manifest", Verdict.WARN, words, hint, source)
    key = manifests.key(id_, dataset["signed_by"], about=source, remote=remote)
    read: Manifest | None = None
    if not remote:
        read = manifests.look_at_file(Path(source), asked.trust, now=now).manifest
    elif asked.online:
        read = manifests.look_at_url(source, asked.trust, now=now).manifest
    return manifests.Seen((seen, key), read)


# --- this machine -----------------------------------------------------------------------------


def _disks(
    base: Path, state: Path | None, data: Iterable[Path], named: Iterable[Manifest]
) -> Iterator[Finding]:
    homes = [home(manifest.head) for manifest in named]
    for folder in dict.fromkeys(each for each in (base, state) if each is not None):
        yield from storage.state_folder(folder)
    for folder in data:
        fetched = any(folder.joinpath(*each, STATE).exists() for each in homes)
        yield from storage.data_folder(folder, fetched=fetched)


def _holds(
    state: Path | None, data: tuple[Path, ...], running: Answers | None
) -> Iterator[Finding]:
    """Look at who has the folders, and at the database that no daemon has open."""
    own = None
    if running is not None and running.socket is not None:
        own = examining.peer(running.socket)
        limits = None if own is None else installation.limits_of(own)
        if limits is not None:
            yield installation.open_files(*limits, pid=own)
    if state is not None:
        hold = examining.hold(state)
        yield examining.lock(hold, str(state))
        yield examining.schema(_database(state), str(state))
        own = own or hold.pid
    if running is None or own is not None:
        yield from examining.data_locks(data, own)


def _database(state: Path) -> examining.Database | SeedboxError | None:
    try:
        return examining.look_at_database(state)
    except SeedboxError as error:
        return error


def _ports(asked: Asked, running: Answers | None) -> tuple[Finding, ...]:
    """Try the port as a daemon, or as its peer."""
    if running is not None and running.here:
        return ports.answers(running.status["listening"], running.info_hash)
    if running is None and asked.listen:
        return tuple(ports.free_to_listen(each) for each in asked.listen)
    if running is not None:
        found = "the daemon runs on another machine"
        return (Finding("port", Verdict.UNKNOWN, found, "Run `seedbox doctor` there."),)
    hint = "Pass what `seedbox seed` is to be given: MANIFEST and --data, or --listen."
    return (Finding("port", Verdict.UNKNOWN, "no daemon runs, or is to run", hint),)


# --- the world --------------------------------------------------------------------------------


def _clock(
    asked: Asked, running: Answers | None, named: list[Manifest], state: Path | None
) -> Finding:
    urls = [each for each in asked.manifests if each.lower().startswith(_URLS)]
    if asked.online:
        urls += manifests.servers(named)
    readings = clock.read_clocks(dict.fromkeys(urls), asked.now)
    written = [
        clock.Written(f"manifest {each.head.id}", each.head.issued.timestamp(), ours=False)
        for each in named
    ]
    last = None if running is None else running.last
    if running is None and state is not None:
        database = _database(state)
        last = database.last if isinstance(database, examining.Database) else None
    if last is not None:
        written.append(clock.Written("the last line of the daemon's log", last, ours=True))
    return clock.judge(readings, written, asked.now())


def _swarm(running: Answers | None) -> tuple[Finding, ...]:
    if running is None:
        found = "only a daemon that runs can know"
        points = ("shards", "announced", "dht", "reachable")
        return tuple(Finding(point, Verdict.UNKNOWN, found) for point in points)
    return (
        swarm.shards(running.held),
        swarm.announced(running.held),
        swarm.dht(running.status["dht_nodes"], running.age),
        swarm.reachable(running.held),
    )
