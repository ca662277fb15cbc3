from pathlib import Path

from seedbox.jobs.packed import Made


def test_what_was_made_is_known_until_somebody_changes_it(tmp_path: Path) -> None:
    made, target = Made(tmp_path / "s.made", "f1"), tmp_path / "s.tar"
    assert not made.stranger(target)
    assert not made.still(target)

    (tmp_path / "part").write_bytes(b"whole")
    made.keep(tmp_path / "part", target)
    (tmp_path / "part").replace(target)

    assert made.still(target)
    assert not made.stranger(target)
    assert not Made(made.record, "f2").still(target)
    target.write_bytes(b"whole and more")
    assert not made.still(target)
    assert made.stranger(target)


def test_a_move_that_never_happened_leaves_the_old_file_ours(tmp_path: Path) -> None:
    target = tmp_path / "s.tar"
    target.write_bytes(b"old")
    Made(tmp_path / "s.made", "f1").keep(target, target)
    (tmp_path / "part").write_bytes(b"newer")
    newer = Made(tmp_path / "s.made", "f2")

    newer.keep(tmp_path / "part", target)

    assert not newer.stranger(target)
    assert not newer.still(target)


def test_a_record_that_is_no_record_is_none(tmp_path: Path) -> None:
    target = tmp_path / "s.tar"
    target.write_bytes(b"whole")
    for data in (b"", b"\xff", b"5", b"[5]", b'[["f1"]]', b"{}"):
        (tmp_path / "s.made").write_bytes(data)
        assert Made(tmp_path / "s.made", "f1").stranger(target)
        assert not Made(tmp_path / "s.made", "f1").still(target)
