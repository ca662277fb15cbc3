import socket
from pathlib import Path

import pytest

from support.cli import UNCHECKED, Process, run, snapshot
from support.publisher import Publisher
from support.signed import signed
from support.web import files_over_http

ANYWHERE = ("--listen", "127.0.0.1:0")


def test_it_listens_then_proves_and_seeds_shard_after_shard(built: Publisher) -> None:
    with Process("seed", built.manifest, "--data", built.source, *ANYWHERE) as seed:
        seed.until("seeding", shard="set-0003")

    assert [event["event"] for event in seed.told[:2]] == ["warned", "listening"]
    assert seed.told[0]["message"] == f"the signature of {built.manifest} is {UNCHECKED}"
    assert seed.told[1]["endpoint"].startswith("127.0.0.1:")
    started = [event["task"] for event in seed.told if event["event"] == "started"]
    assert started == ["verify set-0001", "verify set-0002", "verify set-0003"]


def test_with_nothing_to_serve_it_ends_with_1_and_says_why(
    built: Publisher, tmp_path: Path
) -> None:
    ran = run("seed", built.manifest, "--data", tmp_path / "empty", *ANYWHERE)
    as_json = run("seed", built.manifest, "--data", tmp_path / "empty", *ANYWHERE, "--json")

    reason = f"none of its files is in {tmp_path}/empty"
    assert ran.status == 1
    assert f"warning: set-0001 is not seeded: {reason}" in ran.err.splitlines()
    assert f"not seeded: set-0003: {reason}" in ran.out.splitlines()
    assert as_json.document == {
        "ok": False,
        "seeded": [],
        "skipped": [
            {"name": name, "reason": reason} for name in ("set-0001", "set-0002", "set-0003")
        ],
        "manifests": [
            {
                "manifest": str(built.manifest),
                "id": "org.example/set",
                "signature": {"checked": False, "key": None},
            }
        ],
    }


def test_a_shard_whose_data_are_wrong_is_not_seeded_and_the_reason_is_given(
    built: Publisher,
) -> None:
    with (built.source / "a.bin").open("r+b") as stream:
        stream.write(b"\xff\xfe\xfd\xfc")
    (built.source / "e.bin").unlink()
    before = snapshot(built.source)
    with Process("seed", built.manifest, "--data", built.source, *ANYWHERE) as seed:
        seed.until("seeding", shard="set-0001")
        seed.until("warned", message=f"the signature of {built.manifest} is {UNCHECKED}")
        first = seed.until("warned")
        second = seed.until("warned")

    assert first["message"] == "set-0002 is not seeded: 1 of 1 files are not right: a.bin is bad"
    assert second["message"].startswith("set-0003 is not seeded: 1 of 4 files are not right: ")
    assert second["message"].endswith("e.bin is missing")
    assert snapshot(built.source) == before


def test_several_folders_are_searched(built: Publisher, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two" / "set").mkdir(parents=True)
    (built.source / "a.bin").rename(tmp_path / "one" / "a.bin")
    (built.source / "b").rename(tmp_path / "two" / "set" / "b")
    folders = ("--data", tmp_path / "one", "--data", tmp_path / "two")
    with Process("seed", built.manifest, *folders, *ANYWHERE) as seed:
        seed.until("seeding", shard="set-0001")
        seed.until("seeding", shard="set-0002")


def test_a_port_that_is_taken_is_status_5(built: Publisher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"

        ran = run("seed", built.manifest, "--data", built.source, "--listen", listen, "--json")

    status, code, message, hint = ran.error
    assert (status, code) == (5, "port-in-use")
    assert message.startswith(f"cannot listen on {listen}: ")
    assert "--listen" in hint


def test_a_license_that_is_not_open_is_refused(built: Publisher) -> None:
    text = built.manifest.read_text()
    built.manifest.write_text(text.replace("CC-BY-4.0", "CC-BY-NC-4.0"))

    ran = run("seed", built.manifest, "--data", built.source, *ANYWHERE, "--json")

    assert ran.error[:2] == (7, "license-refused")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--up", "0"], "is nothing"),
        (["--up", "fast"], "is not a rate"),
        (["--listen", "6881"], "is not of the form 127.0.0.1:6881"),
        (["--listen", "localhost:6881"], "localhost"),
        (["--listen", "127.0.0.1:70000"], "70000 is no port"),
    ],
)
def test_wrong_usage(built: Publisher, arguments: list[str], words: str) -> None:
    ran = run("seed", built.manifest, "--data", built.source, *arguments, "--json")

    assert ran.error[:2] == (2, "usage")
    assert words in ran.error[2]


def test_data_must_be_named(built: Publisher) -> None:
    assert run("seed", built.manifest).status == 2
    assert run("seed", "--data", built.source).status == 2


def test_a_manifest_by_url_needs_a_key_that_is_known(built: Publisher) -> None:
    made = signed(built)
    with files_over_http(built.out) as (url, _):
        where = f"{url}manifest.yaml"
        refused = run("seed", where, "--data", built.source, *ANYWHERE, "--json")
        gone = run("seed", f"{url}none.yaml", "--data", built.source, *ANYWHERE, "--json")
        made.pin()
        with Process("seed", where, "--data", built.source, *ANYWHERE) as seed:
            seed.until("seeding", shard="set-0003")

    assert refused.error[:2] == (7, "unvouched")
    assert refused.error[2].startswith(f"{where} of org.example/set comes from the web")
    assert gone.error[:2] == (6, "web")
