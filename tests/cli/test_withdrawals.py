"""What `fetch` and `seed` make of withdrawals: obeyed, or refused where nobody can believe them."""

import json
from pathlib import Path

import pytest

from seedbox.jobs.signing import open_key, read_key_file, sign_file
from support.cli import Process, paths, run, snapshot
from support.publisher import Publisher
from support.publisher import publisher as make
from support.signed import ID, Signed, new_key, signed

ANYWHERE = ("--listen", "127.0.0.1:0")


@pytest.fixture
def publisher(built: Publisher) -> Signed:
    """set-0001 is b/c.bin alone, set-0002 is a.bin, set-0003 holds the rest."""
    return signed(built)


@pytest.fixture
def pinned(publisher: Signed) -> Signed:
    publisher.pin()
    return publisher


def refused(publisher: Signed, out: Path) -> str:
    """The code with which both `fetch` and `seed` refuse, before anything else happens."""
    before = snapshot(publisher.of.folder)
    fetched = publisher.fetch(out)
    seeded = run("seed", publisher.manifest, "--data", out, *ANYWHERE, "--json")

    assert (fetched.status, seeded.status) == (7, 7)
    assert fetched.error == seeded.error
    assert publisher.withdrawals.name in fetched.error[2]
    assert snapshot(publisher.of.folder) == before
    assert not out.exists()
    return fetched.error[1]


def remembered(publisher: Signed, nothing: Path) -> None:
    """See the withdrawals, as a mirror does that holds none of the data; a dry run would forget."""
    ran = run("seed", publisher.manifest, "--data", nothing, *ANYWHERE, "--json")
    assert (ran.status, ran.document["seeded"]) == (1, [])


# --- obeyed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["name", "v1", "v2"])
def test_a_withdrawn_shard_is_left_out_whichever_way_it_is_named(
    pinned: Signed, tmp_path: Path, by: str
) -> None:
    shard = pinned.of.shards()[1]
    target = shard["name"] if by == "name" else shard["info_hash"][by]
    pinned.withdrawn(target, reason="license", effective_by="2999-01-02", notice="https://e.org/1")

    (left,) = pinned.left_out(tmp_path / "mirror")

    assert left["name"] == "set-0002"
    assert left["reason"].startswith("withdrawn on 2")
    assert left["reason"].endswith(
        "(license); delete it, by 2999-01-02 00:00 UTC; see https://e.org/1"
    )
    assert left["withdrawn"]["shard"] == "set-0002"
    assert left["withdrawn"]["info_hashes"] == [shard["info_hash"][key] for key in ("v1", "v2")]
    assert (left["withdrawn"]["reasons"], left["withdrawn"]["overdue"]) == (["license"], False)
    assert left["delete"] == []


def test_a_fetch_of_just_that_shard_is_refused(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")

    status, code, message, _ = pinned.fetch(tmp_path / "mirror", "--shard", "set-0002").error

    assert (status, code) == (7, "withdrawn")
    assert message.startswith("set-0002 is not fetched: withdrawn on 2")


def test_it_is_left_out_though_the_publisher_has_removed_its_torrent(
    pinned: Signed, tmp_path: Path
) -> None:
    pinned.withdrawn("set-0002")
    pinned.of.torrent(2).unlink()

    assert [left["name"] for left in pinned.left_out(tmp_path / "mirror")] == ["set-0002"]


def test_the_shard_that_holds_a_withdrawn_item_is_left_out(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("item:f/g/h.bin")

    (left,) = pinned.left_out(tmp_path / "mirror")

    assert left["name"] == "set-0003"
    assert left["reason"].startswith("its item f/g/h.bin was withdrawn on 2")


def test_a_seed_serves_the_others_names_what_has_to_go_and_deletes_nothing(
    pinned: Signed,
) -> None:
    pinned.withdrawn("set-0002", "item:e.bin")
    before = snapshot(pinned.of.folder)

    with Process("seed", pinned.manifest, "--data", pinned.of.source, *ANYWHERE) as seed:
        seed.until("seeding", shard="set-0001")
        notes = [event["message"] for event in seed.told if event["event"] in {"warned", "note"}]
        told = [note for note in notes if not note.startswith("asked at ")]

    assert [line.partition(" on ")[0] for line in told] == [
        "set-0002 is not seeded: withdrawn",
        f"to delete: {pinned.of.source}/a.bin",
        "set-0003 is not seeded: its item e.bin was withdrawn",
        f"to delete: {pinned.of.source}/e.bin",
    ]
    assert snapshot(pinned.of.folder) == before


def test_only_what_has_to_be_deleted_is_named_for_it(pinned: Signed) -> None:
    pinned.withdrawn("set-0001", "set-0002", "set-0003", action="stop-seeding")

    ran = run("seed", pinned.manifest, "--data", pinned.of.source, *ANYWHERE, "--json")

    assert ran.status == 1
    assert [skipped["delete"] for skipped in ran.document["skipped"]] == [[], [], []]
    assert all("; stop seeding it, by " in skip["reason"] for skip in ran.document["skipped"])


def test_people_are_told_what_to_delete(pinned: Signed) -> None:
    pinned.withdrawn("set-0001", "set-0002", "set-0003")

    ran = run("seed", pinned.manifest, "--data", pinned.of.source, *ANYWHERE)

    assert f"  to delete: {pinned.of.source}/b/c.bin" in ran.out.splitlines()
    assert len(paths(pinned.of.source)) == 6


def test_an_item_inside_of_a_tar_file_is_told_of_and_stops_nothing(tmp_path: Path) -> None:
    made = make(tmp_path / "tar", {"set-0001.tar": 5000}, table="path,value\nset-0001.tar,1\n")
    made.build()
    made.manifest.write_text(made.manifest.read_text().replace("pack: files", "pack: tar"))
    publisher = signed(made)
    publisher.withdrawn("item:record-7", force=True)

    ran = run("fetch", made.manifest, "--out", tmp_path / "mirror", "--dry-run")
    with Process("seed", made.manifest, "--data", made.source, *ANYWHERE) as seed:
        seed.until("seeding", shard="set-0001")
        told = [event["message"] for event in seed.told if event["event"] == "warned"]

    words = "item record-7 cannot be located, so nothing stops for it: withdrawn on 2"
    assert ran.status == 0
    assert f"warning: {words}" in ran.err
    assert [line.startswith(words) for line in told].count(True) == 1


# --- attacks on a pinned id -------------------------------------------------------------------


def test_attack_unsigned_withdrawals(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    pinned.signature.unlink()

    assert refused(pinned, tmp_path / "mirror") == "unsigned"


def test_attack_withdrawals_signed_by_another_key(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    pinned.sign_again(new_key(tmp_path / "forger.key"))

    assert refused(pinned, tmp_path / "mirror") == "wrong-key"


def test_attack_changed_withdrawals(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    text = pinned.withdrawals.read_text()
    pinned.withdrawals.write_text(text.replace("set-0002", "set-0003"))

    assert refused(pinned, tmp_path / "mirror") == "wrong-signature"


def test_attack_truncated_signature_of_withdrawals(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    pinned.signature.write_bytes(pinned.signature.read_bytes()[:-40])

    assert refused(pinned, tmp_path / "mirror") == "broken-signature"


def test_attack_the_signature_of_the_manifest_under_the_withdrawals(
    pinned: Signed, tmp_path: Path
) -> None:
    pinned.withdrawn("set-0002")
    beside = pinned.manifest.with_name(f"{pinned.manifest.name}.minisig")
    pinned.signature.write_bytes(beside.read_bytes())

    assert refused(pinned, tmp_path / "mirror") == "wrong-signature"


def test_attack_older_withdrawals_beside_a_newer_manifest(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    older = pinned.kept(tmp_path / "older")
    pinned.withdrawn("set-0003")
    remembered(pinned, tmp_path / "none")

    pinned.put_back(older)

    assert refused(pinned, tmp_path / "mirror") == "rollback"


def test_attack_two_withdrawals_with_one_sequence(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    remembered(pinned, tmp_path / "none")

    text = pinned.withdrawals.read_text()
    pinned.withdrawals.write_text(text.replace("privacy", "illegal"))
    pinned.sign_again()

    assert refused(pinned, tmp_path / "mirror") == "equivocation"


def test_attack_entries_removed(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    remembered(pinned, tmp_path / "none")

    head = pinned.withdrawals.read_text().partition("entries:")[0]
    pinned.withdrawals.write_text(head.replace("sequence: 1", "sequence: 2") + "entries: []\n")
    pinned.sign_again()

    assert refused(pinned, tmp_path / "mirror") == "shrunk-withdrawals"


def test_attack_an_entry_softened(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    remembered(pinned, tmp_path / "none")

    text = pinned.withdrawals.read_text().replace("sequence: 1", "sequence: 2")
    pinned.withdrawals.write_text(text.replace("stop-and-delete", "stop-seeding"))
    pinned.sign_again()

    assert refused(pinned, tmp_path / "mirror") == "shrunk-withdrawals"


def test_attack_withdrawals_left_out(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    remembered(pinned, tmp_path / "none")

    pinned.withdrawals.unlink()

    assert refused(pinned, tmp_path / "mirror") == "missing-withdrawals"


@pytest.mark.parametrize("is_pinned", [True, False])
def test_attack_withdrawals_of_another_id(
    publisher: Signed, tmp_path: Path, is_pinned: bool
) -> None:
    if is_pinned:
        publisher.pin()
    publisher.withdrawn("set-0002")
    text = publisher.withdrawals.read_text().replace(ID, "org.example/other")
    publisher.withdrawals.write_text(text)
    publisher.sign_again()

    assert refused(publisher, tmp_path / "mirror") == "foreign-withdrawals"


def test_attack_a_signature_made_for_another_id(pinned: Signed, tmp_path: Path) -> None:
    pinned.withdrawn("set-0002")
    key = open_key(read_key_file(pinned.key), None, pinned.key)
    sign_file(pinned.withdrawals, key, id="org.example/other", sequence=1)

    assert refused(pinned, tmp_path / "mirror") == "other-id"


def test_a_dry_run_remembers_nothing(pinned: Signed, tmp_path: Path, state: Path) -> None:
    pinned.withdrawn("set-0002")
    before = snapshot(state)

    assert pinned.fetch(tmp_path / "mirror").status == 0

    assert snapshot(state) == before


def test_withdrawals_that_grow_are_believed_again_and_again(pinned: Signed, tmp_path: Path) -> None:
    for count, name in enumerate(("set-0001", "set-0002", "set-0003"), start=1):
        pinned.withdrawn(name)

        remembered(pinned, tmp_path / "none")
        remembered(pinned, tmp_path / "none")

        assert len(pinned.left_out(tmp_path / "mirror")) == count


# --- without a pinned key ---------------------------------------------------------------------


def test_without_a_pinned_key_unsigned_withdrawals_are_obeyed(
    publisher: Signed, tmp_path: Path
) -> None:
    publisher.withdrawn("set-0002")
    publisher.signature.unlink()

    assert [left["name"] for left in publisher.left_out(tmp_path / "mirror")] == ["set-0002"]
    assert publisher.fetch(tmp_path / "mirror", "--shard", "set-0002").error[1] == "withdrawn"


def test_a_key_on_the_command_line_holds_them_to_their_signature_too(
    publisher: Signed, tmp_path: Path
) -> None:
    publisher.withdrawn("set-0002")
    publisher.signature.unlink()
    text = Path(f"{publisher.key}.pub").read_text().splitlines()[1]

    assert publisher.fetch(tmp_path / "mirror", "--key", text).error[1] == "unsigned"


def test_withdrawals_that_cannot_be_read_stop_everything(publisher: Signed, tmp_path: Path) -> None:
    publisher.withdrawals.write_text("seedbox-withdrawals: 1\nsequence: none\n")

    status, code, message, _ = publisher.fetch(tmp_path / "mirror").error

    assert (status, code) == (4, "invalid-withdrawals")
    assert f"{publisher.withdrawals}:2: sequence: " in message


def test_a_link_in_place_of_withdrawals_is_not_followed(publisher: Signed, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("seedbox-withdrawals: 1\n")
    publisher.withdrawals.symlink_to(tmp_path / "elsewhere")

    status, code, message, _ = publisher.fetch(tmp_path / "mirror").error

    assert (status, code) == (4, "source")
    assert message.startswith(str(publisher.withdrawals))


# --- a manifest that says where they are ------------------------------------------------------


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_pinned_manifest_that_names_withdrawals_warns_once_when_none_are_here(
    dataset: Publisher, tmp_path: Path, is_pinned: bool
) -> None:
    where = "https://example.org/withdrawals.yaml"
    dataset.head.write_text(dataset.head.read_text() + f"withdrawals: {where}\n")
    dataset.build()
    publisher = signed(dataset)
    if is_pinned:
        publisher.pin()

    ran = run(
        "fetch", dataset.manifest, "--out", tmp_path / "m", "--dry-run", "--json-events", "--json"
    )

    warned = [e["message"] for e in map(json.loads, ran.err.splitlines()) if e["event"] == "warned"]
    about = [message for message in warned if "withdrawals" in message]
    words = (
        f"withdrawals of {ID} were not checked: no withdrawals.yaml lies beside the manifest; "
        f"the publisher has it at {where}"
    )
    assert about == ([words] if is_pinned else [])
    assert ran.status == 0
