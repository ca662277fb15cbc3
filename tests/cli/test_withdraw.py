"""`seedbox withdraw`: what a publisher takes back, and what is refused before it is signed."""

import os
import re
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.cli import run, snapshot
from support.publisher import Publisher
from support.signed import Signed, new_key, signed


@pytest.fixture
def publisher(built: Publisher) -> Signed:
    return signed(built)


def usage(ran: Any) -> str:  # noqa: ANN401  (a Ran)
    """The first line of an error of usage."""
    assert (ran.status, ran.out) == (2, "")
    first: str = ran.err.splitlines()[0]
    assert first.startswith("error[usage]: ")
    return first.removeprefix("error[usage]: ")


def test_the_first_withdrawal_makes_a_signed_file_with_sequence_1(publisher: Signed) -> None:
    ran = publisher.withdraw("set-0002", effective_by="2999-01-02", notice="https://e.org/1")

    assert (ran.status, ran.err) == (0, "")
    lines = publisher.withdrawals.read_text().splitlines()
    assert lines[:7] == [
        "seedbox-withdrawals: 1",
        "id: org.example/set",
        "sequence: 1",
        "entries:",
        "- target: {shard: set-0002}",
        "  reason: privacy",
        "  action: stop-and-delete",
    ]
    assert lines[7].startswith("  issued: 2")
    assert lines[8:] == ["  effective_by: 2999-01-02T00:00:00Z", "  notice: https://e.org/1"]
    comment = publisher.signature.read_text().splitlines()[2]
    assert comment.startswith("trusted comment: id:org.example/set sequence:1 sha256:")
    assert ran.out.splitlines()[1].split()[:3] == ["set-0002", "set-0002", "stop-and-delete"]
    assert f"wrote {publisher.withdrawals} with sequence 1 (1 new of 1 in all)" in ran.out


def test_the_next_one_is_added_behind_the_others_and_raises_the_sequence(
    publisher: Signed,
) -> None:
    publisher.withdrawn("set-0002")
    before = publisher.withdrawals.read_text()
    publisher.withdrawn("set-0003", reason="license", action="stop-seeding")

    after = publisher.withdrawals.read_text()
    kept = before.replace("sequence: 1", "sequence: 2")
    assert after.startswith(kept)
    assert after.removeprefix(kept).startswith("- target: {shard: set-0003}\n  reason: license\n")


def test_items_named_together_are_one_entry_and_the_document_tells_what_follows(
    publisher: Signed,
) -> None:
    ran = publisher.withdraw("item:a.bin", "set-0001", "item:e.bin", json=True)

    document = ran.document
    assert {key: document[key] for key in ("id", "sequence", "written", "entries")} == {
        "id": "org.example/set",
        "sequence": 1,
        "written": True,
        "entries": 2,
    }
    assert [(e["shard"], e["items"]) for e in document["added"]] == [
        ("set-0001", []),
        (None, ["a.bin", "e.bin"]),
    ]
    assert [(o["item"], o["shard"], o["found"]) for o in document["orders"]] == [
        (None, "set-0001", "listed"),
        ("a.bin", "set-0002", "listed"),
        ("e.bin", "set-0003", "listed"),
    ]


def test_the_document_has_the_keys_that_the_page_lists(publisher: Signed) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    (row,) = re.findall(r"^\| `withdraw` \| (.*) \|$", page, re.MULTILINE)
    document = publisher.withdraw("set-0001", json=True).document

    nested = [key for name in ("added", "orders") for each in document[name] for key in each]
    assert {*document, *nested} == set(re.findall(r"`(\w+)`", row))


def test_a_dry_run_shows_it_and_writes_nothing(publisher: Signed) -> None:
    before = snapshot(publisher.of.folder)

    ran = publisher.withdraw("set-0002", dry_run=True)

    assert ran.status == 0
    assert f"would write {publisher.withdrawals} with sequence 1" in ran.out
    assert snapshot(publisher.of.folder) == before


def test_seven_days_are_given_if_nobody_says_otherwise(publisher: Signed) -> None:
    (entry,) = publisher.withdraw("set-0002", json=True).document["added"]

    times = [datetime.fromisoformat(entry[key]) for key in ("issued", "effective_by")]
    assert times[1] - times[0] == timedelta(days=7)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("set-0009", "set-0009 is not in "),
        ("ab" * 20, f"info-hash {'ab' * 20} is not in "),
        ("item:none.bin", "item none.bin is not in "),
    ],
)
def test_what_the_manifest_lacks_is_refused_unless_forced(
    publisher: Signed, target: str, words: str
) -> None:
    before = snapshot(publisher.of.out)
    ran = publisher.withdraw(target)

    assert usage(ran) == f"{words}{publisher.manifest}"
    assert ran.err.splitlines()[1] == (
        "  hint: Correct it; or pass --force, if an older release has it."
    )
    assert snapshot(publisher.of.out) == before
    assert publisher.withdraw(target, force=True).status == 0


def test_an_item_that_cannot_be_located_is_refused_in_other_words(publisher: Signed) -> None:
    publisher.of.torrent(1).unlink()

    words = f"item none.bin cannot be found in {publisher.manifest}"
    assert usage(publisher.withdraw("item:none.bin")) == words


@pytest.mark.parametrize("later", ["2999-01-02", "2999-06-01"])
def test_the_same_entry_twice_is_refused(publisher: Signed, later: str) -> None:
    publisher.withdrawn("set-0002", effective_by="2999-01-02")

    words = usage(publisher.withdraw("set-0002", effective_by=later))

    assert words.startswith("shard set-0002 was withdrawn on 2")
    assert words.endswith("already (privacy, stop-and-delete, by 2999-01-02T00:00:00+00:00)")
    assert usage(publisher.withdraw("set-0002", action="stop-seeding", effective_by=later))


@pytest.mark.parametrize(
    "changes",
    [{"reason": "illegal"}, {"action": "stop-and-delete"}, {"effective_by": "2998-01-01"}],
)
def test_a_stricter_earlier_or_further_entry_on_the_same_target_is_added(
    publisher: Signed, changes: dict[str, str]
) -> None:
    first = {"action": "stop-seeding", "effective_by": "2999-01-02"}
    publisher.withdrawn("set-0002", **first)

    publisher.withdrawn("set-0002", **{**first, **changes})

    assert "sequence: 2\n" in publisher.withdrawals.read_text()


@pytest.mark.parametrize(
    ("targets", "options", "words"),
    [
        (["set-0001", "set-0001"], {}, "'set-0001' is named twice"),
        (["item: "], {}, "`item:` names no item"),
        (["set-0001"], {"effective_by": "2020-01-01"}, "--effective-by 2020-01-01T00:00:00+00:00"),
        (
            ["set-0001"],
            {"effective_by": "2999-01-02T00:00:00"},
            "invalid value for '--effective-by': '2999-01-02T00:00:00' is no date",
        ),
        (
            ["set-0001"],
            {"effective_by": "tomorrow"},
            "invalid value for '--effective-by': 'tomorrow' is no date",
        ),
        (["set-0001"], {"notice": "e.org"}, "invalid value for '--notice'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_byte_is_written(
    publisher: Signed, targets: list[str], options: dict[str, str], words: str
) -> None:
    before = snapshot(publisher.of.folder)

    assert usage(publisher.withdraw(*targets, **options)).startswith(words)
    assert snapshot(publisher.of.folder) == before


def test_a_moment_with_its_zone_is_a_date_too(publisher: Signed) -> None:
    ran = publisher.withdraw("set-0001", effective_by="2999-01-02T03:00:00+02:00", json=True)

    assert ran.document["added"][0]["effective_by"] == "2999-01-02T01:00:00Z"


def test_another_key_than_that_of_the_manifest_is_refused(
    publisher: Signed, tmp_path: Path
) -> None:
    words = usage(publisher.withdraw("set-0001", key=new_key(tmp_path / "other.key")))

    assert words.startswith("the key is ")
    assert f", {publisher.manifest} is signed by " in words


def test_an_unsigned_manifest_takes_any_key(built: Publisher) -> None:
    made = Signed(built, new_key(built.folder / "a.key"))

    assert made.withdraw("set-0001").status == 0


def test_withdrawals_of_another_dataset_are_left_alone(publisher: Signed) -> None:
    theirs = "seedbox-withdrawals: 1\nid: org.example/other\nsequence: 1\nentries: []\n"
    publisher.withdrawals.write_text(theirs)

    status, code, message, _ = publisher.withdraw("set-0001", json=True).error

    assert (status, code) == (7, "foreign-withdrawals")
    assert message == (f"{publisher.withdrawals} of org.example/other is not about org.example/set")
    assert publisher.withdrawals.read_text() == theirs
    assert not publisher.signature.exists()


def test_a_broken_file_is_not_written_over(publisher: Signed) -> None:
    publisher.withdrawals.write_text("seedbox-withdrawals: 1\n")

    assert publisher.withdraw("set-0001", json=True).error[:2] == (4, "invalid-withdrawals")
    assert publisher.withdrawals.read_text() == "seedbox-withdrawals: 1\n"


def test_something_else_in_the_place_of_the_signature_is_not_written_over(
    publisher: Signed,
) -> None:
    publisher.signature.write_text("my notes\n")

    assert publisher.withdraw("set-0001", json=True).error[:2] == (5, "destination-taken")
    assert publisher.signature.read_text() == "my notes\n"
    assert not publisher.withdrawals.exists()


def test_stopped_between_signature_and_file_the_same_command_mends_it(
    publisher: Signed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.pin()
    publisher.withdrawn("set-0001")
    replace = os.replace

    def fails_on_the_file(source: Any, target: Any, **how: Any) -> None:  # noqa: ANN401
        if Path(target) == publisher.withdrawals:
            raise OSError(5, "Input/output error")
        replace(source, target, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails_on_the_file)
        stopped = publisher.withdraw("set-0002", json=True)
    in_between = publisher.fetch(tmp_path / "mirror")
    publisher.withdrawn("set-0002")

    assert stopped.error[:2] == (5, "disk")
    assert in_between.status == 7
    assert len(publisher.left_out(tmp_path / "mirror")) == 2


def test_what_is_signed_is_believed_by_minisign_too(publisher: Signed) -> None:
    minisign = shutil.which("minisign")
    if minisign is None:
        pytest.skip("minisign is not installed")
    publisher.withdrawn("set-0001", "item:e.bin")

    checked = subprocess.run(
        [minisign, "-Vm", publisher.withdrawals, "-p", f"{publisher.key}.pub"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr


def test_what_was_withdrawn_is_found_by_lint_in_a_later_release_only(publisher: Signed) -> None:
    publisher.withdrawn("set-0002")
    same = run("lint", publisher.manifest, "--json").document["manifests"][0]
    text = publisher.manifest.read_text()
    publisher.manifest.write_text(text.replace("issued: 2026", "issued: 2999"))
    later = run("lint", publisher.manifest, "--json").document["manifests"][0]

    assert same["problems"] == []
    (problem,) = later["problems"]
    assert (problem["rule"], problem["path"]) == ("withdrawn", "shards[1]")
    assert problem["line"] == text.splitlines().index("- name: set-0002") + 1
