"""The release before, safe from the build that replaces it."""

from dataclasses import replace
from pathlib import Path

from seedbox.jobs.shards import Source, read_manifest, shard_torrent
from seedbox.jobs.supersedes import keep_previous, with_supersedes
from seedbox.manifest.model import Head
from seedbox.manifest.versions import problems
from support.adopting import originals
from support.content import contents, write
from support.datasets import build, head, published

FILES = contents({"a": 60_000, "b": 30_000, "c": 20_000})
CHANGED = {**FILES, "c": b"c" * 30_000}
NEXT = {"sequence": 2, "root": "data2"}


def rebuilt(tmp_path: Path) -> Source:
    """Build the next release over the first one, as a build would not write `supersedes` yet."""
    write(tmp_path / "data", CHANGED)
    report = build(tmp_path / "data", tmp_path / "out", sequence=2, root="data2")
    return Source(report.manifest_path, report.manifest)


def next_head(**changes: object) -> Head:
    return head(**{**NEXT, **changes})


def test_a_rebuilt_dataset_says_what_it_reuses_and_lint_agrees(tmp_path: Path) -> None:
    first = published(tmp_path, FILES)
    previous = keep_previous(tmp_path / "out", next_head())
    assert previous is not None
    assert previous.manifest == first.manifest
    new = rebuilt(tmp_path)

    made = with_supersedes(new.manifest, previous, tmp_path / "out")

    old = [shard.info_hash.v2 for shard in first.manifest.shards]
    assert [list(shard.supersedes) for shard in made.shards] == [[digest] for digest in old]
    assert "superseded" not in {rule for _, rule, *_ in problems(first.manifest, made, b"")}
    # Its torrents are those of the first release, whatever has been written to OUT since.
    assert shard_torrent(previous, first.manifest.shards[0]).name == "data"


def test_the_same_build_again_says_the_same(tmp_path: Path) -> None:
    published(tmp_path, FILES)
    previous = keep_previous(tmp_path / "out", next_head())
    new = rebuilt(tmp_path)
    before = originals(tmp_path / "out" / ".seedbox" / "previous")

    again = keep_previous(tmp_path / "out", next_head())

    assert again is not None
    made = [with_supersedes(new.manifest, each, tmp_path / "out") for each in (previous, again)]
    assert made[0] == made[1]
    assert made[0].shards[0].supersedes
    assert originals(tmp_path / "out" / ".seedbox" / "previous") == before


def test_a_build_that_was_stopped_between_two_torrents_keeps_the_old_ones(tmp_path: Path) -> None:
    first = published(tmp_path, FILES)
    keep_previous(tmp_path / "out", next_head())
    torrent = tmp_path / "out" / first.manifest.shards[0].torrent.path
    torrent.unlink()
    torrent.write_bytes(b"of the next release")

    previous = keep_previous(tmp_path / "out", next_head())

    assert previous is not None
    assert shard_torrent(previous, first.manifest.shards[0]).name == "data"


def test_there_is_nothing_to_supersede(tmp_path: Path) -> None:
    assert keep_previous(tmp_path / "out", next_head()) is None  # OUT is new
    first = published(tmp_path, FILES)
    out = tmp_path / "out"
    assert keep_previous(out, head()) is None  # the same release once more
    assert keep_previous(out, next_head(id="org.example/other")) is None
    assert with_supersedes(first.manifest, None, out) is first.manifest

    keep_previous(out, next_head())
    rebuilt(tmp_path)
    assert keep_previous(out, head()) is None  # an older one than both
    (out / "manifest.yaml").write_text("not: [a manifest")
    assert keep_previous(out, next_head()) is None


def test_a_later_release_supersedes_the_one_before_it_and_no_earlier_one(tmp_path: Path) -> None:
    published(tmp_path, FILES)
    out = tmp_path / "out"
    keep_previous(out, next_head())
    second = rebuilt(tmp_path)

    third = keep_previous(out, replace(next_head(), sequence=3))

    assert third is not None
    assert third.manifest == second.manifest == read_manifest(third.path)


def test_of_a_shard_whose_torrent_is_gone_the_name_alone_tells(tmp_path: Path) -> None:
    first = published(tmp_path, FILES)
    (tmp_path / "out" / first.manifest.shards[0].torrent.path).unlink()
    previous = keep_previous(tmp_path / "out", next_head())
    new = rebuilt(tmp_path)

    made = with_supersedes(new.manifest, previous, tmp_path / "out")

    old = [shard.info_hash.v2 for shard in first.manifest.shards]
    assert [list(shard.supersedes) for shard in made.shards] == [[digest] for digest in old]
