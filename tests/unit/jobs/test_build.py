import os
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import (
    DestinationTakenError,
    InUseError,
    SourceError,
)
from seedbox.jobs.build import run_build
from seedbox.jobs.events import Advanced, Done, Event, Started
from seedbox.jobs.shards import Source, read_manifest, shard_torrent
from seedbox.manifest.model import License
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support import reference
from support.content import contents, write
from support.datasets import build, plan

FORMS = [Format.V1, Format.V2, Format.HYBRID]
FILES = contents({"a": 70_000, "b/c": 16_384, "b/empty": 0, "long/name.bin": 120_001, "z": 1})
SIZE = 70_000 + 16_384 + 120_001 + 1


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


class Watch:
    """Keeps the events of a build."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)


# --- what is made -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_build_makes_a_manifest_that_passes_every_rule_and_torrents_that_fit_it(
    source: Path, tmp_path: Path, form: Format
) -> None:
    report = build(source, tmp_path / "out", format=form)

    manifest = read_manifest(tmp_path / "out" / "manifest.yaml")
    assert manifest == report.manifest
    assert report.ok
    assert (report.size, report.hashed) == (SIZE, SIZE)
    listed = Source(tmp_path / "out" / "manifest.yaml", manifest)
    torrents = [shard_torrent(listed, shard) for shard in manifest.shards]
    assert [torrent.form for torrent in torrents] == [form] * 2
    assert set(made(tmp_path / "out")) == {
        "manifest.yaml",
        *(f"torrents/set-000{n}.torrent" for n in (1, 2)),
    }


@pytest.mark.parametrize("form", FORMS)
def test_the_hashes_are_those_of_the_beps(source: Path, tmp_path: Path, form: Format) -> None:
    report = build(source, tmp_path / "out", format=form, shard_size=10**6)

    (shard,) = report.manifest.shards
    torrent = shard_torrent(Source(report.manifest_path, report.manifest), shard)
    digests = reference.digests(FILES, 16_384, form)
    assert [torrent.v1_piece(n) for n in range(len(digests))] == [digest.v1 for digest in digests]
    roots = [root for file in torrent.files for root in torrent.v2_pieces(file)]
    assert roots == [digest.v2 for digest in digests if digest.v2]


def test_a_lone_file_makes_a_single_file_torrent_with_its_folder_beside_it(
    source: Path, tmp_path: Path
) -> None:
    report = build(source, tmp_path / "out", values={"long/name.bin": 9})

    first = report.manifest.shards[0]
    torrent = shard_torrent(Source(report.manifest_path, report.manifest), first)
    assert (torrent.name, first.at, first.size) == ("name.bin", "long", 120_001)


def test_torrents_carry_trackers_title_and_terms_and_no_date_but_that_of_the_issue(
    source: Path, tmp_path: Path
) -> None:
    terms = License(spdx="CC-BY-4.0", attribution="Example Lab")
    trackers = (("udp://a.example:1/announce",), ("udp://b.example:1/announce",))

    report = build(source, tmp_path / "out", license=terms, trackers=trackers)

    torrent = Metainfo.parse((tmp_path / "out/torrents/set-0001.torrent").read_bytes())
    assert torrent.trackers == trackers
    assert torrent.comment == "A set | CC-BY-4.0 | Example Lab"
    assert torrent.collections == ("org.example/set",)
    assert torrent.creation_date == 1_767_323_045  # 2026-01-02 03:04:05 UTC
    assert report.manifest.head.trackers == trackers


def test_the_source_is_only_read(source: Path, tmp_path: Path) -> None:
    before = disk.scan(source)

    build(source, tmp_path / "out")

    assert disk.scan(source) == before
    assert {path: (source / path).read_bytes() for path in FILES} == FILES


def test_links_are_not_built_and_are_named(source: Path, tmp_path: Path) -> None:
    (source / "link").symlink_to("a")

    report = build(source, tmp_path / "out")

    assert [absent.parts for absent in report.left_out] == [("link",)]
    assert report.size == SIZE


def test_progress_goes_from_nothing_to_all_for_each_shard(source: Path, tmp_path: Path) -> None:
    watch = Watch()

    report = build(source, tmp_path / "out", on_event=watch)

    for shard in report.manifest.shards:
        task = f"hash {shard.name}"
        mine = [event for event in watch.events if getattr(event, "task", None) == task]
        advanced = [event.done for event in mine if isinstance(event, Advanced)]
        assert mine[0] == Started(task, shard.size)
        assert mine[-1] == Done(task)
        assert advanced == sorted(advanced)
        assert advanced[-1] == shard.size


# --- the same bytes every time ----------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_same_input_gives_the_same_bytes_whatever_lies_around_it(
    tmp_path: Path, form: Format
) -> None:
    results = []
    for run, jobs in enumerate([1, 3]):
        folder = tmp_path / f"run{run}" / "source"
        names = sorted(FILES, reverse=bool(run))
        for name in names:
            write(folder, {name: FILES[name]})
            os.utime(folder / name, ns=(run, 10**9 * (run + 1)))
            (folder / name).chmod(0o755 if run else 0o600)
        build(folder, tmp_path / f"out{run}", jobs=jobs, format=form)
        results.append(made(tmp_path / f"out{run}"))

    assert results[0] == results[1]


def test_building_again_changes_nothing(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "out")
    before = disk.scan(tmp_path / "out").files

    report = build(source, tmp_path / "out")

    assert disk.scan(tmp_path / "out").files == before
    assert report.hashed == SIZE


def test_the_journals_of_a_finished_build_are_gone(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out/.seedbox").iterdir()) == ["lock", "made"]


# --- what lies in OUT -------------------------------------------------------------------------


def test_other_options_replace_what_an_earlier_build_made(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "out", shard_size=50_000)
    build(source, tmp_path / "fresh", shard_size=10**6, format=Format.V2)

    report = build(source, tmp_path / "out", shard_size=10**6, format=Format.V2)

    assert len(report.manifest.shards) == 1
    now, fresh = made(tmp_path / "out"), made(tmp_path / "fresh")
    assert {name: now[name] for name in fresh} == fresh


@pytest.mark.parametrize("name", ["manifest.yaml", "torrents/set-0001.torrent"])
def test_a_file_that_the_user_edited_is_not_overwritten(
    source: Path, tmp_path: Path, name: str
) -> None:
    build(source, tmp_path / "out")
    edited = (tmp_path / "out" / name).read_bytes() + b"# mine\n"
    (tmp_path / "out" / name).write_bytes(edited)

    with pytest.raises(DestinationTakenError, match=f"{name} exists already"):
        build(source, tmp_path / "out", piece_length=32_768)

    assert (tmp_path / "out" / name).read_bytes() == edited


def test_two_builds_in_one_folder_do_not_mix(source: Path, tmp_path: Path) -> None:
    def meanwhile(event: Event) -> None:
        if isinstance(event, Started):
            with pytest.raises(InUseError):
                build(source, tmp_path / "out")

    build(source, tmp_path / "out", on_event=meanwhile)


def test_one_file_twice_under_one_name_cannot_be_two_shards(tmp_path: Path) -> None:
    write(tmp_path / "source", {"x/same": b"1" * 50, "y/same": b"1" * 50, "z": b"2"})

    with pytest.raises(SourceError) as caught:
        build(tmp_path / "source", tmp_path / "out", shard_size=50)

    assert str(tmp_path / "source/y/same") in caught.value.message
    assert "set-0002 the same torrent as set-0001" in caught.value.message
    assert not (tmp_path / "out" / "manifest.yaml").exists()
    assert len(build(tmp_path / "source", tmp_path / "out").manifest.shards) == 1


def test_what_the_manifest_says_of_a_torrent_is_the_digest_of_its_bytes(
    source: Path, tmp_path: Path
) -> None:
    planned, listing = plan(source)

    report = run_build(planned, listing, tmp_path / "out", jobs=1, on_event=Watch())

    for shard in report.manifest.shards:
        raw = (tmp_path / "out" / shard.torrent.path).read_bytes()
        assert sha256(raw).digest() == shard.torrent.sha256
