"""A state is made, brought forward or refused; what is there is never lost on the way."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from seedbox.daemon.state import State
from seedbox.daemon.state.opening import open_database
from seedbox.daemon.state.schema import STEPS
from seedbox.errors import (
    CorruptStateError,
    NewerSchemaError,
    NoSpaceError,
    StateUnusableError,
)
from support.faults import no_file_over
from support.stored import (
    DAY,
    NOON,
    content,
    info_hash,
    old_state,
    shard,
    stats,
    stored,
    tombstone,
)

BACKUP = "seedbox-schema-1-20231115T120000.000000Z.sqlite"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def filled(folder: Path, shards: int = 3) -> Path:
    """A state that was closed."""
    with State.open(folder, now=NOON) as state:
        state.put(stored(n) for n in range(shards))
        state.bury([tombstone(99)])
        state.audit(NOON, "withdrawn", "words-0099")
    return folder / "seedbox.sqlite"


def sql(path: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def test_a_state_that_was_closed_is_one_file(tmp_path: Path) -> None:
    filled(tmp_path / "deep" / "state")

    assert names(tmp_path / "deep" / "state") == ["seedbox.sqlite"]


def test_the_file_says_whose_it_is_and_which_schema_it_has(tmp_path: Path) -> None:
    path = filled(tmp_path)

    assert sql(path, "PRAGMA application_id") == [(int.from_bytes(b"seed"),)]
    assert sql(path, "PRAGMA user_version") == [(2,)]
    assert sql(path, "PRAGMA journal_mode") == [("wal",)]
    assert sql(path, "PRAGMA encoding") == [("UTF-8",)]


def test_every_table_is_strict(tmp_path: Path) -> None:
    path = filled(tmp_path)

    assert sql(path, "SELECT name FROM pragma_table_list WHERE NOT strict AND schema = 'main'") == [
        ("sqlite_schema",)
    ]


@pytest.mark.parametrize("table", ["audit", "tombstones", "buried"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {}"])
def test_no_program_can_take_back_what_only_grows(tmp_path: Path, table: str, change: str) -> None:
    path = filled(tmp_path)
    other = "hash = x'00'" if table == "buried" else "at = 0.0"

    with pytest.raises(sqlite3.IntegrityError, match=f"{table} only grows"):
        sql(path, change.format(table, other))


def test_a_state_whose_making_was_cut_off_is_made_again(tmp_path: Path) -> None:
    (tmp_path / ".seedbox.sqlite.new").write_bytes(b"SQLite format 3\0 and then")
    (tmp_path / ".seedbox.sqlite.new-journal").write_bytes(b"what?")

    filled(tmp_path)
    assert names(tmp_path) == ["seedbox.sqlite"]


# --- an older schema --------------------------------------------------------------------------


def test_an_older_state_is_brought_forward_with_all_it_has(tmp_path: Path) -> None:
    old_state(tmp_path / "state")

    with State.open(tmp_path / "state", now=NOON) as state:
        one, two = state.shards()
        assert (one.shard, one.stats) == (shard(1, swarm=None), stats(1))
        assert two.shard.info_hash == info_hash(2, "v1")
        assert two.shard.pause is not None
        assert state.tombstones() == (tombstone(9),)
        assert [line.what for line in state.audit_log()] == ["withdrawn"]
        assert state.used(NOON).today == 300
        state.count([shard(1, uploaded=105)], at=NOON)
        assert [each.uploaded for each in state.shard_days(info_hash(1).key)] == [5]


def test_a_copy_of_it_is_made_before_it_is_changed(tmp_path: Path) -> None:
    before = content(old_state(tmp_path / "state"))
    State.open(tmp_path / "state", now=NOON).close()

    assert names(tmp_path / "state") == [BACKUP, "seedbox.sqlite"]
    assert content(tmp_path / "state" / BACKUP) == before
    assert sql(tmp_path / "state" / BACKUP, "PRAGMA user_version") == [(1,)]
    State.open(tmp_path / "state", now=NOON + DAY).close()
    assert names(tmp_path / "state") == [BACKUP, "seedbox.sqlite"]


def test_the_copy_has_what_a_killed_daemon_left_in_its_log(tmp_path: Path) -> None:
    path = old_state(tmp_path / "old")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO audit VALUES (2, 1.0, 'late', 'a', 'b')")
        shutil.copytree(path.parent, tmp_path / "state")
    assert (tmp_path / "state" / "seedbox.sqlite-wal").stat().st_size > 0

    with State.open(tmp_path / "state", now=NOON) as state:
        assert [line.what for line in state.audit_log()] == ["late", "withdrawn"]
    assert "'late'" in "".join(content(tmp_path / "state" / BACKUP))


def test_a_step_that_fails_leaves_the_old_state_and_no_copy(tmp_path: Path) -> None:
    path = old_state(tmp_path / "state")
    before = content(path)
    steps = (*STEPS, ("DROP TABLE days", "SELECT nonsense"))

    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        open_database(tmp_path / "state", now=NOON, steps=steps)

    assert content(path) == before
    assert sql(path, "PRAGMA user_version") == [(1,)]
    assert names(tmp_path / "state") == ["seedbox.sqlite"]


def test_the_copy_stays_if_anything_was_changed_after_all(tmp_path: Path) -> None:
    before = content(old_state(tmp_path / "state"))
    steps = (*STEPS, ("PRAGMA user_version = 3", "COMMIT", "SELECT nonsense"))

    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        open_database(tmp_path / "state", now=NOON, steps=steps)

    assert content(tmp_path / "state" / BACKUP) == before


def test_a_step_that_loses_a_row_others_refer_to_is_taken_back(tmp_path: Path) -> None:
    path = old_state(tmp_path / "state")
    before = content(path)

    with pytest.raises(CorruptStateError, match=r"a row of [a-z]+ refers to one of shards"):
        open_database(tmp_path / "state", now=NOON, steps=(*STEPS, ("DELETE FROM shards",)))

    assert content(path) == before


def test_without_space_for_the_copy_nothing_is_changed(tmp_path: Path) -> None:
    path = old_state(tmp_path / "state")
    before = content(path)

    with no_file_over(50_000), pytest.raises((NoSpaceError, StateUnusableError)):
        State.open(tmp_path / "state", now=NOON)

    assert content(path) == before
    assert names(tmp_path / "state") == ["seedbox.sqlite"]


def test_a_copy_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    old_state(tmp_path / "state")
    (tmp_path / "state" / ".seedbox.sqlite.backup").write_bytes(b"half of it")

    State.open(tmp_path / "state", now=NOON).close()
    assert names(tmp_path / "state") == [BACKUP, "seedbox.sqlite"]


# --- what cannot be used ----------------------------------------------------------------------


def test_a_newer_schema_is_refused_with_both_versions_and_left_as_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path)
    sql(path, "PRAGMA user_version = 3")
    before = path.read_bytes()

    with pytest.raises(NewerSchemaError) as caught:
        State.open(tmp_path, now=NOON)

    assert caught.value.message == f"{path} has schema 3, this seedbox knows up to 2"
    assert caught.value.hint == "Install the later seedbox that wrote it, or pass another --state."
    assert (caught.value.code, caught.value.exit_status) == ("state-newer-schema", 5)
    assert path.read_bytes() == before


def test_after_going_back_to_an_older_seedbox_the_copy_is_named(tmp_path: Path) -> None:
    path = old_state(tmp_path / "state")
    State.open(tmp_path / "state", now=NOON).close()
    State.open(tmp_path / "state", now=NOON).close()

    with pytest.raises(NewerSchemaError) as caught:
        open_database(tmp_path / "state", now=NOON, steps=STEPS[:1])

    assert f"copy {path.with_name(BACKUP)} there" in (caught.value.hint or "")


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(b ^ 0x55 for b in data[4096:])
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_bytes(b"no database" * 1000), "not a database"),
        (lambda path: os.truncate(path, 4096), "malformed"),
        (flipped, "malformed"),
        (lambda path: sql(path, "PRAGMA application_id = 7"), "another program's"),
        (lambda path: sql(path, "PRAGMA user_version = 0"), "its schema version is 0"),
        (lambda path: sql(path, "DROP TABLE samples"), "table samples has no column"),
        (lambda path: sql(path, "ALTER TABLE days DROP COLUMN free"), "days has no column free"),
    ],
)
def test_a_damaged_state_is_named_with_what_to_do_and_left_as_it_is(
    tmp_path: Path, damage: object, says: str
) -> None:
    path = filled(tmp_path)
    assert callable(damage)
    damage(path)
    before = path.read_bytes()

    with pytest.raises(CorruptStateError, match=f"{path} is damaged: .*{says}") as caught:
        State.open(tmp_path, now=NOON)

    assert (caught.value.code, caught.value.exit_status) == ("state-corrupt", 5)
    assert caught.value.hint == (
        f"Move {path}, {path}-wal and {path}-shm away, then start again: "
        "all data is hashed anew, and the counts begin at 0."
    )
    assert path.read_bytes() == before


def test_the_latest_copy_is_named_for_a_damaged_state(tmp_path: Path) -> None:
    path = old_state(tmp_path / "state")
    State.open(tmp_path / "state", now=NOON).close()
    (path.parent / "seedbox-schema-10-20221115T120000.000000Z.sqlite").touch()
    path.write_bytes(b"")

    with pytest.raises(CorruptStateError) as caught:
        State.open(tmp_path / "state", now=NOON)

    assert f"copy {path.with_name(BACKUP)} to {path} if" in (caught.value.hint or "")


def test_after_a_kill_every_page_is_looked_at(tmp_path: Path) -> None:
    path = filled(tmp_path / "first", shards=500)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO audit VALUES (9, 1.0, 'a', 'b', 'c')")
        shutil.copytree(path.parent, tmp_path / "state")
    damaged = tmp_path / "state" / "seedbox.sqlite"
    with damaged.open("r+b") as stream:
        stream.seek(damaged.stat().st_size // 8192 * 4096)
        stream.write(b"\xff" * 4096)

    with pytest.raises(CorruptStateError):
        State.open(tmp_path / "state", now=NOON)


def test_damage_that_is_found_later_is_named_too(tmp_path: Path) -> None:
    path = filled(tmp_path, shards=500)
    with path.open("r+b") as stream:
        for page in range(16, path.stat().st_size // 4096):
            stream.seek(page * 4096)
            stream.write(b"\xff" * 4096)

    state = State.open(tmp_path, now=NOON)
    with contextlib.closing(state), pytest.raises(CorruptStateError):
        list(state.shards())


def test_a_folder_in_its_place_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "seedbox.sqlite").mkdir()

    with pytest.raises(StateUnusableError, match="unable to open") as caught:
        State.open(tmp_path, now=NOON)

    assert (caught.value.code, caught.value.exit_status) == ("state-unusable", 5)
    assert caught.value.hint == (
        "Check its owner and the free space, or pass a --state on a disk of this machine."
    )


def test_a_file_system_that_cannot_share_memory_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect

    def connect(path: Path, **more: object) -> sqlite3.Connection:
        # What SQLite uses on file systems without byte-range locks (sqlite.org/vfs.html).
        name = path.absolute().as_uri()
        return real(f"{name}?vfs=unix-dotfile", uri=True, **more)  # type: ignore[no-any-return, call-overload]

    monkeypatch.setattr(sqlite3, "connect", connect)

    with pytest.raises(StateUnusableError, match="its file system has no shared memory"):
        State.open(tmp_path, now=NOON)


def test_an_old_sqlite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))

    with pytest.raises(StateUnusableError, match=r"it takes 3\.37\.0 or later"):
        State.open(tmp_path, now=NOON)


def test_a_full_disk_is_told_and_what_was_kept_stays(tmp_path: Path) -> None:
    filled(tmp_path)
    with State.open(tmp_path, now=NOON) as state:
        with no_file_over(100_000), pytest.raises((NoSpaceError, StateUnusableError)):
            state.put(stored(n) for n in range(1000))
        assert len(list(state.shards())) == 3
        state.put([stored(3)])
        assert len(list(state.shards())) == 4


def test_a_state_that_another_program_is_writing_to_is_told(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with (
        State.open(tmp_path, now=NOON) as state,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateUnusableError, match="locked"):
            state.audit(NOON, "a", "b")
        other.execute("ROLLBACK")
        state.audit(NOON, "a", "b")


def test_the_log_is_put_into_the_file_as_it_grows(tmp_path: Path) -> None:
    with State.open(tmp_path, now=NOON) as state:
        state.put(stored(n) for n in range(1000))
        for minute in range(200):
            state.count([shard(n, uploaded=10**6 + minute) for n in range(1000)], at=NOON)
        assert (tmp_path / "seedbox.sqlite-wal").stat().st_size < 6_000_000
