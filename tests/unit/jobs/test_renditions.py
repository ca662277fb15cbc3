"""The whole of a dataset's renditions: planned, encoded, and placed where they are seeded from."""

from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.catalog.renditions import Choice, choice
from seedbox.errors import CommandsNotAllowedError
from seedbox.jobs.encode import Why
from seedbox.jobs.events import ignore
from seedbox.jobs.renditions import (
    RenditionsPlan,
    RenditionsReport,
    plan_renditions,
    run_renditions,
)
from seedbox.manifest.commands import Command
from seedbox.plan.build import Item, Original
from support.content import contents, write
from support.encoders import HALVES, PATHS, PYTHON

FILES = contents({"a/head.raw": 3000, "a/tail.raw": 2000, "b.raw": 1000, "c.txt": 500})
VALUES = {"a/head.raw": 100, "a/tail.raw": 9, "b.raw": 1, "c.txt": 0}
ORIGINAL = choice("original", encode=None, below=None)


def half(code: str = HALVES) -> Choice:
    run = (*PYTHON, PATHS + code, "{in}", "{out}")
    own = Command(run, (*PYTHON, "print('fake 1.0')"), ".half", (".raw",))
    return choice("half", encode=None, below=Decimal(10), command=own)


@pytest.fixture
def source(tmp_path: Path) -> disk.Listing:
    write(tmp_path / "source", FILES)
    return disk.scan(tmp_path / "source")


def planned(source: disk.Listing, *choices: Choice, allow: bool = True) -> RenditionsPlan:
    items = [
        Item(file.parts, file.size, Decimal(VALUES["/".join(file.parts)])) for file in source.files
    ]
    return plan_renditions(items, choices, popular=True, file="dataset.yaml", allow_commands=allow)


def made(plan: RenditionsPlan, source: disk.Listing, out: Path) -> RenditionsReport:
    return run_renditions(plan, source, out, root="set", jobs=2, on_event=ignore)


def test_commands_of_a_file_are_shown_and_not_run_unless_the_user_agrees(
    source: disk.Listing,
) -> None:
    with pytest.raises(CommandsNotAllowedError):
        planned(source, ORIGINAL, half(), allow=False)

    assert list(planned(source, ORIGINAL, half()).commands) == ["half"]
    assert planned(source, ORIGINAL, allow=False).commands == {}


def test_the_tail_is_stored_encoded_and_the_head_as_it_is(
    source: disk.Listing, tmp_path: Path
) -> None:
    report = made(planned(source, ORIGINAL, half()), source, tmp_path / "out")

    assert report.ok
    assert {"/".join(item.path): (item.size, name) for item, name in report.items} == {
        "a/head.raw": (3000, "original"),
        "a/tail.half": (1000, "half"),
        "b.half": (500, "half"),
        "c.txt": (500, "original"),
    }
    assert report.originals == {
        ("a", "tail.half"): Original(("a", "tail.raw"), 2000, sha256(FILES["a/tail.raw"]).digest()),
        ("b.half",): Original(("b.raw",), 1000, sha256(FILES["b.raw"]).digest()),
    }
    assert (report.made["half"].version, report.made["half"].items) == ("fake 1.0", 2)
    assert report.made["half"].kept == 0
    tree = tmp_path / "out" / "renditions" / "set"
    assert {file.parts: file.root for file in report.listing.files} == {
        ("a", "head.raw"): source.root,
        ("c.txt",): source.root,
        ("a", "tail.half"): tree,
        ("b.half",): tree,
    }
    for item, _ in report.items:
        (file,) = (each for each in report.listing.files if each.parts == item.path)
        assert file.path.stat().st_size == item.size
        assert disk.look(file.root, file.parts) == file


def test_an_item_that_fails_is_stored_as_it_is_and_counted(
    source: disk.Listing, tmp_path: Path
) -> None:
    code = f"if source.endswith('/b.raw'): sys.exit(1)\n{HALVES}"

    report = made(planned(source, ORIGINAL, half(code)), source, tmp_path / "out")

    assert not report.ok
    assert report.report.kept == {Why.FAILED: 1}
    assert (report.made["half"].items, report.made["half"].kept) == (1, 1)
    assert ("b.raw",) in {file.parts for file in report.listing.files}
    assert (Item(("b.raw",), 1000, Decimal(1)), "original") in report.items


def test_a_second_run_gives_the_same_and_encodes_nothing(
    source: disk.Listing, tmp_path: Path
) -> None:
    plan = planned(source, ORIGINAL, half())

    first, second = (made(plan, source, tmp_path / "out") for _ in range(2))

    assert (first.report.reused, second.report.reused) == (0, 2)
    assert first.listing == second.listing
    assert first.items == second.items


def test_a_source_that_is_new_gives_new_results_in_the_same_place(
    source: disk.Listing, tmp_path: Path
) -> None:
    made(planned(source, half()), source, tmp_path / "out")
    (tmp_path / "source" / "b.raw").write_bytes(b"another one!")
    again = disk.scan(tmp_path / "source")

    report = made(planned(again, half()), again, tmp_path / "out")

    assert (tmp_path / "out" / "renditions" / "set" / "b.half").read_bytes() == b"anothe"
    assert report.report.reused == 1


def test_nothing_is_run_where_nothing_is_to_be_encoded(
    source: disk.Listing, tmp_path: Path
) -> None:
    report = made(planned(source, ORIGINAL), source, tmp_path / "out")

    assert set(report.listing.files) == set(source.files)
    assert (report.made, report.originals) == ({}, {})
