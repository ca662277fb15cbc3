"""Data that lies on the disk already, seeded without a copy and without a touch."""

import errno
import signal
from pathlib import Path

import pytest

from support.adopting import HOME, adopt, fates, inodes, of, originals
from support.cli import Process, paths, run, snapshot
from support.content import content, write
from support.faults import refusing
from support.publisher import Publisher
from support.swarm import read


def own(built: Publisher, folder: Path) -> Path:
    """Somebody's own files, lying and called otherwise than the dataset says."""
    had = read(built.source)
    files = {
        "music/c (1).bin": had["b/c.bin"],  # renamed
        "a.bin": had["a.bin"],
        "deep/er/d.bin": had["b/d.bin"],  # elsewhere
        "e.bin": had["e.bin"],
        "h.bin": had["f/g/h.bin"],
        "decoy/e.bin": content("decoy", len(had["e.bin"])),  # same name and size, other bytes
        "notes.txt": b"mine",
    }
    write(folder, files)
    return folder


@pytest.mark.parametrize("form", ["v1", "v2", "hybrid"])
def test_what_is_on_the_disk_is_linked_to_its_place_and_seeded_from_there(
    dataset: Publisher, tmp_path: Path, form: str
) -> None:
    dataset.build("--format", form)
    user, data = own(dataset, tmp_path / "user"), tmp_path / "data"
    before = originals(user)

    ran = adopt(user, dataset, data)

    assert (ran.status, ran.document["ok"]) == (0, True)
    assert set(fates(ran).values()) == {"linked"}
    assert [shard["links"] for shard in ran.document["shards"]] == [1, 1, 4]
    assert read(data / HOME / "set") == read(dataset.source)
    assert originals(user) == before
    linked = inodes(data / HOME / "set")
    assert linked["b/c.bin"] == before["music/c (1).bin"][3]
    assert linked["e.bin"] == before["e.bin"][3]
    assert run("verify", dataset.manifest, data).status == 0

    again = adopt(user, dataset, data)

    assert (again.status, set(fates(again).values())) == (0, {"in-place"})
    assert of(again, "set-0003")["place"] == str(data / HOME)
    assert (inodes(data / HOME / "set"), originals(user)) == (linked, before)


def test_what_lies_where_seed_looks_is_only_reported(built: Publisher) -> None:
    before = snapshot(built.source)

    ran = adopt(built.source, built, built.source)

    assert (ran.status, set(fates(ran).values())) == (0, {"in-place"})
    assert of(ran, "set-0003")["place"] == str(built.source)
    assert snapshot(built.source) == before


@pytest.mark.parametrize("how", ["--dry-run", "none"])
def test_nothing_is_made_when_nothing_is_to_be_made(
    built: Publisher, tmp_path: Path, how: str
) -> None:
    user = own(built, tmp_path / "user")
    before = snapshot(user)

    ran = adopt(user, built, tmp_path / "data", *([how] if how != "none" else ["--link", how]))

    assert ran.status == 0
    assert snapshot(user) == before
    assert not (tmp_path / "data").exists()
    if how == "none":
        assert set(fates(ran).values()) == {"found"}
        return
    shards = ran.document["shards"]
    assert [(each["named"], each["sized"]) for each in shards] == [(0, 1), (1, 0), (3, 0)]
    assert (ran.document["seen"], ran.document["candidates"]) == (7, 6)


def test_what_lies_as_the_torrent_says_can_be_served_from_there(
    built: Publisher, tmp_path: Path
) -> None:
    ran = adopt(built.folder, built, tmp_path / "data", "--link", "none")

    hint = of(ran, "set-0003")["hint"]
    assert hint == f"Run `seedbox seed` with --data {built.source} instead."


def test_a_shard_that_is_here_in_part_is_linked_only_when_asked(
    built: Publisher, tmp_path: Path
) -> None:
    user, data = own(built, tmp_path / "user"), tmp_path / "data"
    (user / "h.bin").unlink()
    (user / "a.bin").unlink()
    before = originals(user)

    ran = adopt(user, built, data)

    assert (ran.status, ran.document["ok"]) == (1, False)
    assert fates(ran) == {"set-0001": "linked", "set-0002": "absent", "set-0003": "partial"}
    part = of(ran, "set-0003")
    assert (part["files_right"], part["files"], part["links"]) == (3, 4, 0)
    assert part["reason"] == "1 of 4 files are not here"
    assert paths(data / HOME / "set") == ["b/c.bin"]

    ran = adopt(user, built, data, "--partial")

    assert (ran.status, of(ran, "set-0003")["links"]) == (1, 3)
    assert "seedbox fetch" in of(ran, "set-0003")["hint"]
    assert paths(data / HOME / "set") == ["b/c.bin", "b/d.bin", "e.bin", "f/empty"]
    assert originals(user) == before


def test_one_file_stands_for_all_of_the_same_content(dataset: Publisher, tmp_path: Path) -> None:
    twin = (dataset.source / "a.bin").read_bytes()
    write(dataset.source, {"twin/of a.bin": twin})
    dataset.build(shard_size=10_000_000)
    user, data = own(dataset, tmp_path / "user"), tmp_path / "data"

    assert adopt(user, dataset, data).status == 0

    linked = inodes(data / HOME / "set")
    assert linked["twin/of a.bin"] == linked["a.bin"] == (user / "a.bin").stat().st_ino


@pytest.mark.parametrize("content_", [b"mine", None], ids=["other size", "same size"])
def test_what_stands_in_data_is_never_replaced(
    built: Publisher, tmp_path: Path, content_: bytes | None
) -> None:
    user, data = own(built, tmp_path / "user"), tmp_path / "data"
    stands = data / HOME / "set" / "e.bin"
    write(stands.parent, {"e.bin": content("mine", 100_000) if content_ is None else content_})
    before = originals(data)

    ran = adopt(user, built, data, "--partial")

    assert (ran.status, of(ran, "set-0003")["fate"]) == (1, "taken")
    assert str(stands) in of(ran, "set-0003")["reason"]
    assert of(ran, "set-0003")["links"] == 0
    assert originals(data).items() >= before.items()


def test_a_link_in_data_is_in_the_way_and_leads_nowhere(built: Publisher, tmp_path: Path) -> None:
    user, data = own(built, tmp_path / "user"), tmp_path / "data"
    (tmp_path / "outside").mkdir()
    (data / HOME).mkdir(parents=True)
    (data / HOME / "set").symlink_to(tmp_path / "outside")

    ran = adopt(user, built, data)

    assert (ran.status, set(fates(ran).values())) == (1, {"taken"})
    assert list((tmp_path / "outside").iterdir()) == []


def test_symbolic_links_are_not_followed(built: Publisher, tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    (user / "set").symlink_to(built.source)
    (user / "a.bin").symlink_to(built.source / "a.bin")

    ran = adopt(user, built, tmp_path / "data")

    assert (ran.status, set(fates(ran).values())) == (1, {"absent"})
    assert ran.document["candidates"] == 0


def test_a_folder_that_nobody_may_write_to_is_enough(built: Publisher, tmp_path: Path) -> None:
    user, data = own(built, tmp_path / "user"), tmp_path / "data"
    for path in [*user.rglob("*"), user]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = originals(user)
    try:
        assert adopt(user, built, data).status == 0
    finally:
        for path in [user, *user.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)

    assert originals(user) == before


def test_people_are_told_what_happened_and_what_to_do(built: Publisher, tmp_path: Path) -> None:
    user, data = own(built, tmp_path / "user"), tmp_path / "data"
    (user / "h.bin").unlink()

    plan = run("adopt", user, built.manifest, "--data", data, "--dry-run")
    ran = run("adopt", user, built.manifest, "--data", data)

    assert plan.out.splitlines()[-1] == "5 files of 6 to look at; nothing was read yet"
    assert ran.status == 1
    assert [" ".join(line.split()) for line in ran.out.splitlines()[2:]] == [
        "set-0001 linked 195.31 KiB 195.31 KiB 1",
        "set-0002 linked 292.97 KiB 292.97 KiB 1",
        "set-0003 partial 244.14 KiB 292.97 KiB 0",
        "set-0003: 1 of 4 files are not here",
        "Pass --partial to link what is here, then fetch the rest.",
        "2 of 3 shards whole on this disk, 488.28 KiB",
    ]
    again = run("adopt", user, built.manifest, "--data", data)
    assert "seeded in place" in again.out


def test_a_shard_that_was_taken_back_is_not_adopted(built: Publisher, tmp_path: Path) -> None:
    text = (
        "seedbox-withdrawals: 1\nid: org.example/set\nsequence: 1\nentries:\n"
        "- target: {shard: set-0002}\n  reason: privacy\n  action: stop-and-delete\n"
        "  issued: 2026-01-03T00:00:00Z\n  effective_by: 2026-01-04T00:00:00Z\n"
    )
    (built.out / "withdrawals.yaml").write_text(text)
    user, data = own(built, tmp_path / "user"), tmp_path / "data"

    ran = adopt(user, built, data)
    plan = run("adopt", user, built.manifest, "--data", data, "--dry-run")

    assert (ran.status, of(ran, "set-0002")["fate"]) == (1, "skipped")
    assert "set-0002: " in plan.out
    assert not (data / HOME / "set" / "a.bin").exists()


def test_a_folder_that_is_not_there_is_an_error(built: Publisher, tmp_path: Path) -> None:
    ran = adopt(tmp_path / "nowhere", built, tmp_path / "data")

    assert ran.error[:2] == (4, "source")


def test_stopped_it_says_how_to_go_on_and_what_was_linked_stays(
    built: Publisher, tmp_path: Path
) -> None:
    user, data = own(built, tmp_path / "user"), tmp_path / "data"
    before = originals(user)
    slow = ("--data", data, "--max-read", "200kB/s", "--jobs", "1")
    with Process("adopt", user, built.manifest, *slow) as process:
        process.until("started", task="verify set-0003")
        ran = process.end(signal.SIGINT)

    assert ran.status == 130
    assert "run the same command again to go on" in ran.err
    assert set(inodes(data)) == {f"{HOME}/set/a.bin", f"{HOME}/set/b/c.bin"}
    again = adopt(user, built, data)
    assert fates(again) == {"set-0001": "in-place", "set-0002": "in-place", "set-0003": "linked"}
    assert originals(user) == before


def test_folders_that_cannot_be_listed_are_named(built: Publisher, tmp_path: Path) -> None:
    user = own(built, tmp_path / "user")
    with refusing("scandir", "*/decoy", errno.EACCES):
        ran = run("adopt", user, built.manifest, "--data", tmp_path / "data")
    with refusing("scandir", "*/decoy", errno.EACCES):
        closed = adopt(user, built, tmp_path / "data").document["closed"]

    assert ran.status == 0
    words = "cannot be listed: Permission denied"
    assert f"not looked into: {user}/decoy {words}" in ran.out.replace("\n", " ")
    assert closed == [{"path": f"{user}/decoy", "reason": words}]


@pytest.mark.parametrize("more", [1, 3])
def test_of_many_folders_that_cannot_be_listed_only_some_are_shown(
    built: Publisher, tmp_path: Path, more: int
) -> None:
    user = own(built, tmp_path / "user")
    for number in range(20 + more):
        (user / f"closed{number}").mkdir()
    with refusing("scandir", "*/closed*", errno.EACCES):
        ran = run("adopt", user, built.manifest, "--data", tmp_path / "data", "--dry-run")

    assert f"{more} more folder{'' if more == 1 else 's'}" in ran.out
