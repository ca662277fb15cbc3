"""What goes wrong between the search, the proof and the link."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from seedbox.disk import lock
from seedbox.errors import DiskError, InUseError
from seedbox.jobs.adopt import AdoptOptions, AdoptReport, plan_adopt, run_adopt
from seedbox.jobs.events import Done, Event, Note, OnEvent, Started, ignore
from seedbox.jobs.shards import Source
from seedbox.plan.adopt import Fate
from seedbox.torrent.info_hash import Format
from support.adopting import inodes, originals
from support.content import contents, write
from support.datasets import published
from support.faults import refusing
from support.fetching import NOW

FILES = contents({"a": 40_000, "b/c": 30_000, "b/empty": 0, "d": 20_000})
HOME = Path("org.example") / "set"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A dataset of one shard."""
    return published(tmp_path / "publisher", FILES)


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The same files, loose."""
    named = {"1/a": "a", "2/c": "b/c", "3/d": "d"}
    write(tmp_path / "user", {path: FILES[name] for path, name in named.items()})
    return tmp_path / "user"


def adopt(
    source: Source,
    user: Path,
    *,
    on_event: OnEvent = ignore,
    between: Callable[[], object] = lambda: None,
    **options: bool,
) -> AdoptReport:
    """Search, let something happen, and adopt."""
    plan = plan_adopt([source], user, user.with_name("data"), now=NOW, on_event=on_event)
    between()
    return run_adopt(plan, AdoptOptions(**options, jobs=1), on_event)


def test_a_file_that_changes_after_the_search_is_not_linked(source: Source, user: Path) -> None:
    changed = user / "1" / "a"
    report = adopt(source, user, between=lambda: changed.write_bytes(FILES["a"][:-1] + b"!"))

    (shard,) = report.shards
    assert (shard.fate, shard.links) == (Fate.UNREADABLE, 0)
    assert shard.reason is not None
    assert shard.reason.startswith(f"{changed} changed while it was read")
    assert not user.with_name("data").exists()


def test_a_file_that_changes_after_its_proof_is_not_linked_and_nor_is_its_shard(
    source: Source, user: Path
) -> None:
    before = originals(user)

    def change(event: Event) -> None:
        if isinstance(event, Done) and event.task == "verify set-0001":
            (user / "3" / "d").write_bytes(FILES["d"][:-1] + b"!")

    (shard,) = adopt(source, user, on_event=change).shards

    assert (shard.fate, shard.links) == (Fate.UNREADABLE, 0)
    assert shard.reason is not None
    assert str(user / "3" / "d") in shard.reason
    assert inodes(user.with_name("data")) == {}
    assert {**originals(user), "3/d": 0} == {**before, "3/d": 0}


def test_a_file_that_went_is_as_if_it_had_never_been_there(source: Source, user: Path) -> None:
    (shard,) = adopt(source, user, between=(user / "1" / "a").unlink).shards

    assert (shard.fate, shard.files_right, shard.files) == (Fate.PARTIAL, 3, 4)


def test_across_file_systems_nothing_is_made_and_the_way_out_is_told(
    source: Source, user: Path
) -> None:
    with refusing("link", "*/user/*", errno.EXDEV, after=1):
        (shard,) = adopt(source, user).shards

    assert (shard.fate, shard.links) == (Fate.UNLINKABLE, 0)
    assert shard.reason == "it lies on another file system"
    assert shard.hint == "Pass --data on the same file system as the data."
    assert inodes(user.with_name("data")) == {}


def test_what_lies_as_a_torrent_says_on_another_file_system_can_be_seeded_from_there(
    source: Source, user: Path
) -> None:
    write(user / "data", FILES)
    with refusing("link", "*/user/*", errno.EXDEV):
        (shard,) = adopt(source, user).shards

    assert shard.hint == f"Run `seedbox seed` with --data {user} instead."


def test_something_that_appears_in_data_at_the_last_moment_is_not_replaced(
    source: Source, user: Path
) -> None:
    data = user.with_name("data")

    def appear(event: Event) -> None:
        if isinstance(event, Done) and event.task == "verify set-0001":
            write(data / HOME / "data", {"d": b"mine"})

    (shard,) = adopt(source, user, on_event=appear).shards

    assert shard.fate is Fate.TAKEN
    assert list(inodes(data)) == [f"{HOME}/data/d"]
    assert (data / HOME / "data" / "d").read_bytes() == b"mine"


def test_data_that_cannot_be_written_to_is_an_error(source: Source, user: Path) -> None:
    with refusing("link", "*/user/*", errno.EIO, after=1), pytest.raises(DiskError):
        adopt(source, user)

    assert inodes(user.with_name("data")) == {}


def test_a_fetch_of_the_same_dataset_is_not_disturbed(source: Source, user: Path) -> None:
    with lock(user.with_name("data") / HOME / ".seedbox"), pytest.raises(InUseError):
        adopt(source, user)


def test_a_file_in_place_that_goes_while_it_is_read_is_told(source: Source, user: Path) -> None:
    data = user.with_name("data")
    write(data / HOME / "data", FILES)

    def change(event: Event) -> None:
        if isinstance(event, Started) and event.task == "verify set-0001":
            (data / HOME / "data" / "a").unlink()

    (shard,) = adopt(source, user, on_event=change).shards

    assert (shard.fate, shard.links) == (Fate.UNREADABLE, 0)


def test_the_rest_of_a_shard_that_is_in_place_in_part_is_linked_to_it(
    source: Source, user: Path
) -> None:
    data = user.with_name("data")
    write(data / HOME / "data", {"a": FILES["a"]})
    own = originals(data)
    (user / "1" / "a").unlink()

    (shard,) = adopt(source, user).shards

    assert (shard.fate, shard.links) == (Fate.LINKED, 3)
    assert originals(data).items() >= own.items()


def test_what_lies_in_part_at_the_root_counts_too(source: Source, user: Path) -> None:
    data = user.with_name("data")
    write(data / "data", {"a": FILES["a"]})
    (user / "1" / "a").unlink()

    (shard,) = adopt(source, user).shards

    assert shard.fate is Fate.LINKED
    linked, theirs = data / HOME / "data" / "a", data / "data" / "a"
    assert linked.stat().st_ino == theirs.stat().st_ino


def test_a_file_in_place_that_is_wrong_is_named(source: Source, user: Path) -> None:
    wrong = user.with_name("data") / HOME / "data"
    write(wrong, {"a": FILES["a"][:-1] + b"!"})

    (shard,) = adopt(source, user, partial=True).shards

    assert (shard.fate, shard.links) == (Fate.TAKEN, 0)
    assert shard.reason == f"{wrong / 'a'} exists already and holds other content"


def test_a_whole_shard_in_place_with_a_wrong_file_is_not_mended(source: Source, user: Path) -> None:
    data = user.with_name("data")
    write(data / HOME / "data", {**FILES, "d": FILES["d"][:-1] + b"!"})
    before = originals(data)

    (shard,) = adopt(source, user).shards

    assert (shard.fate, shard.links) == (Fate.TAKEN, 0)
    assert originals(data) == before


def test_a_bad_piece_that_reaches_into_a_file_elsewhere_blames_none_in_place(
    tmp_path: Path, user: Path
) -> None:
    source = published(tmp_path / "v1", FILES, format=Format.V1)
    write(user.with_name("data") / HOME / "data", {"a": FILES["a"]})
    (user / "2" / "c").write_bytes(bytes(30_000))

    (shard,) = adopt(source, user).shards

    assert shard.fate is not Fate.TAKEN


def test_how_far_the_search_is_is_told(source: Source, user: Path) -> None:
    told: list[Event] = []

    plan_adopt([source], user, user.with_name("data"), now=NOW, on_event=told.append)

    assert told == [Note(f"3 files in {user}, 3 of a size that is wanted")]


def test_of_many_files_it_is_told_from_time_to_time(source: Source, user: Path) -> None:
    (user / "many").mkdir()
    for number in range(10_000):
        (user / "many" / str(number)).touch()
    told: list[Event] = []

    plan_adopt([source], user, user.with_name("data"), now=NOW, on_event=told.append)

    assert told[0] in [Note(f"{10_000 + others:,} files looked at") for others in range(4)]
