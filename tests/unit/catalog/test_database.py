import builtins
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from seedbox.catalog.database import Limits, opened, quoted, reading, version
from seedbox.errors import (
    DiskError,
    InvalidItemsError,
    MemoryLimitError,
    MissingExtraError,
    NoSpaceError,
)
from support.catalogs import SMALL


def test_queries_read_the_files_they_are_given_and_no_other(tmp_path: Path) -> None:
    mine, other = tmp_path / "it's [a]*?.csv", tmp_path / "other.csv"
    for file in (mine, other):
        file.write_text("a\n1\n")

    with opened(tmp_path / "work", reads=[mine], limits=SMALL) as database:
        assert database.rows("SELECT * FROM read_csv(?)", str(mine)) == [(1,)]
        for refused in (
            f"FROM read_csv({quoted(str(other))})",
            "SELECT * FROM read_text('/etc/hostname')",
            "SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')",
            f"COPY (SELECT 1) TO {quoted(str(tmp_path / 'made.csv'))}",
            f"ATTACH {quoted(str(tmp_path / 'made.duckdb'))}",
            "LOAD httpfs",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.PermissionException):
                database.run(refused)
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            database.run("SET enable_external_access = true")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([mine.name, other.name])


def test_a_database_that_reads_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")

    with reading([file], limits=SMALL) as database:
        assert database.row("SELECT a FROM read_csv(?)", str(file)) == (1,)
        with pytest.raises(duckdb.PermissionException):
            database.run(f"COPY (SELECT 1) TO {quoted(str(tmp_path / 'made.csv'))}")


def test_what_does_not_fit_into_memory_goes_below_the_folder_and_away(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    with opened(folder, limits=Limits(2**27, 2)) as database:
        database.run(
            "CREATE TABLE t AS SELECT hash(i) AS h, format('{:050}', i) AS s "
            "FROM range(3000000) AS r (i) ORDER BY h"
        )
        (sorted_,) = database.row(
            "SELECT bool_and(h <= n) FROM (SELECT h, lead(h) OVER () AS n FROM t)"
        )
        assert sorted_
        assert (folder / "spilled").is_dir()
    assert not folder.exists()


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "work.duckdb").write_bytes(b"half")

    with opened(tmp_path / "work", limits=SMALL) as database:
        assert database.row("SELECT 1") == (1,)


def test_a_limit_that_is_too_low_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    with (
        reading([file], limits=Limits(2**25, 1)) as database,  # it has no place on the disk
        pytest.raises(MemoryLimitError, match="more than its 33,554,432 bytes of memory") as caught,
    ):
        database.run("CREATE TABLE t AS SELECT hash(i) AS h FROM range(9000000) r (i) ORDER BY h")
    assert caught.value.hint == "Allow more memory, or fewer threads; each takes a share of it."


@pytest.mark.parametrize(
    ("kind", "words", "wanted"),
    [
        (duckdb.OutOfMemoryException, "failed to offload data block", NoSpaceError),
        (duckdb.IOException, "Could not write: No space left on device", NoSpaceError),
        (duckdb.IOException, "Could not read: Input/output error", DiskError),
    ],
)
def test_what_the_system_refuses_is_told(
    kind: type[Exception], words: str, wanted: type[Exception], tmp_path: Path
) -> None:
    with (
        opened(tmp_path / "work", limits=SMALL) as database,
        pytest.raises(wanted),
        database.told("order items"),
    ):
        raise kind(words)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(b"PAR1 not")

    with (
        reading([file], limits=SMALL) as database,
        pytest.raises(InvalidItemsError, match=r"a\.parquet: .*Parquet"),
    ):
        database.rows("SELECT * FROM read_parquet(?)", str(file), file=file)


def test_ctrl_c_ends_a_query(tmp_path: Path) -> None:
    with opened(tmp_path / "work", limits=SMALL) as database:
        timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            database.run(
                "CREATE TABLE t AS SELECT hash(i) AS h FROM range(50000000) r (i) ORDER BY h"
            )


def test_without_duckdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "__import__", without_duckdb(builtins.__import__))

    with pytest.raises(MissingExtraError) as caught, opened(tmp_path / "work"):
        pass
    assert caught.value.hint == "Run: pip install 'seedbox[publish]'"


def without_duckdb(real: Callable[..., Any]) -> Callable[..., Any]:
    def found(name: str, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *arguments, **more)

    return found


def test_a_mistake_of_ours_is_not_put_into_words(tmp_path: Path) -> None:
    with opened(tmp_path / "work", limits=SMALL) as database:
        with pytest.raises(duckdb.BinderException):
            database.run("SELECT nothing")
        with pytest.raises(RuntimeError, match="ours"), database.told("order items"):
            raise RuntimeError("ours")


def test_the_version_is_told() -> None:
    assert version() == duckdb.__version__
