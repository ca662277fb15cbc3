import json
from pathlib import Path

import pytest

from seedbox.jobs.placed import Placed, add_placed, read_placed, record_path, write_placed

KEY = "ab" * 32
ONE, TWO = Placed(("a", "b"), 5, -7, 11), Placed(("c",), 0, 1, 12)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return record_path(tmp_path, "org.example/set", KEY)


def test_a_record_lies_in_the_folder_that_is_seedboxs_own(record: Path, tmp_path: Path) -> None:
    assert record == tmp_path / "org.example" / "set" / ".seedbox" / "placed" / f"{KEY}.json"


def test_what_is_added_later_comes_beside_what_is_there(record: Path) -> None:
    add_placed(record, [ONE])
    add_placed(record, [TWO])
    add_placed(record, [Placed(("a", "b"), 6, 0, 13)])

    assert read_placed(record) == (Placed(("a", "b"), 6, 0, 13), TWO)


def test_without_files_there_is_no_record(record: Path) -> None:
    add_placed(record, [ONE])
    write_placed(record, [])

    assert not record.exists()
    assert read_placed(record) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"seedbox-placed": 2, "files": []}',
        *(
            json.dumps({"seedbox-placed": 1, "files": [row]})
            for row in (
                1,
                [],
                [["a"], 1, 2],
                [["a"], 1, 2, "3"],
                [["a"], 1, True, 3],
                [[], 1, 2, 3],
                ["a", 1, 2, 3],
                [[1], 1, 2, 3],
                [["..", "a"], 1, 2, 3],
                [["a/../../b"], 1, 2, 3],
                [["a\0"], 1, 2, 3],
                [[""], 1, 2, 3],
            )
        ),
    ],
)
def test_a_record_that_is_not_understood_allows_nothing(record: Path, text: str) -> None:
    record.parent.mkdir(parents=True)
    record.write_text(text)

    assert read_placed(record) == ()


def test_a_link_is_no_record(record: Path, tmp_path: Path) -> None:
    add_placed(tmp_path / record.name, [ONE])
    record.parent.mkdir(parents=True)
    record.symlink_to(tmp_path / record.name)

    assert read_placed(record) == ()
