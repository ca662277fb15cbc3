import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedbox.daemon.state.database import Database
from seedbox.daemon.state.opening import open_database
from seedbox.errors import NoSpaceError
from support.stored import NOON

DAY_ROW = "INSERT INTO days (day, uploaded, free) VALUES (?, 1, 0)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path, now=NOON)
    yield opened
    opened.close()


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_only_what_has_to_last_waits_for_the_disk(
    database: Database, durable: bool, level: int
) -> None:
    with database.transaction(durable=durable):
        assert database.number("PRAGMA synchronous") == level  # 2 is FULL, 1 NORMAL

    assert database.number("PRAGMA synchronous") == 1


def test_after_a_failure_counters_do_not_wait_for_the_disk_either(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction(durable=True):
        raise KeyError

    assert database.number("PRAGMA synchronous") == 1


def test_a_transaction_that_sqlite_has_ended_itself_is_told_by_its_first_error(
    database: Database,
) -> None:
    def fail() -> None:
        with database.transaction(durable=True) as connection:
            connection.execute("ROLLBACK")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.transaction(durable=True) as connection:
        connection.execute(DAY_ROW, (1,))
    assert database.number("SELECT count(*) FROM days") == 1


def test_a_number_that_is_not_there_is_0(database: Database) -> None:
    assert database.number("SELECT day FROM days") == 0
    assert database.number("SELECT sum(day) FROM days") == 0


def test_a_full_disk_is_told_with_what_is_free(database: Database) -> None:
    database.rows("PRAGMA max_page_count = 1")  # as many as there are, then

    with pytest.raises(NoSpaceError, match=r"seedbox\.sqlite does not fit into .*, [\d,]+ bytes"):
        database.rows("INSERT INTO audit VALUES (1, 1.0, '', '', ?)", ("a" * 100_000,))


def test_a_mistake_in_a_statement_is_a_bug_and_not_put_into_words(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        database.rows("SELEKT")


def test_closing_twice_is_closing_once(database: Database) -> None:
    database.close()
    database.close()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.rows("SELECT 1")


def test_rows_that_refer_to_nothing_are_not_taken(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        database.rows("INSERT INTO stats (shard, files) VALUES (5, x'00')")
