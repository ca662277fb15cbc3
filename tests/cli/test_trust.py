import json
from pathlib import Path

import pytest

from support.cli import Ran, run, snapshot
from support.signing import key, key_files

ID = "org.example/set"
TEXT = key().public.text


def add(*more: object) -> Ran:
    return run("trust", "add", ID, *more, "--json")


def trusted() -> object:
    return run("trust", "list", "--json").document["trusted"]


def test_nothing_is_pinned_at_first_and_nothing_is_written(tmp_path: Path) -> None:
    ran = run("trust", "list")

    assert (ran.status, ran.out) == (0, "no key is pinned\n")
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_pinned_by_its_text_or_its_file(tmp_path: Path) -> None:
    add(TEXT)
    ran = add(f"{key_files(tmp_path, 2)}.pub")
    add(TEXT)  # once is enough

    pinned = [
        {"key": "0101010101010101", "text": TEXT},
        {"key": "0202020202020202", "text": key(2).public.text},
    ]
    assert ran.document == {"trusted": [{"id": ID, "keys": pinned, "seen": {}}]}
    assert trusted() == ran.document["trusted"]


def test_people_see_id_keys_and_what_was_seen(state: Path) -> None:
    add(TEXT)
    stored = json.loads((state / "trust.json").read_text())
    stored["ids"][ID]["manifest"] = {
        "sequence": 7,
        "sha256": "ab" * 32,
        "seen": "2026-11-22T09:00:00+00:00",
    }
    (state / "trust.json").write_text(json.dumps(stored))

    assert [line.split() for line in run("trust", "list").out.splitlines()] == [
        ["id", "keys", "seen"],
        [ID, "0101010101010101", "manifest", "7", "on", "2026-11-22"],
    ]
    assert run("trust", "list", "--json").document["trusted"][0]["seen"] == {
        "manifest": {"sequence": 7, "sha256": "ab" * 32, "when": "2026-11-22T09:00:00+00:00"}
    }
    kept = run("trust", "remove", ID, "--json").document["trusted"]
    assert (kept[0]["keys"], kept[0]["seen"]["manifest"]["sequence"]) == ([], 7)
    assert run("trust", "remove", ID, "--forget").status == 0
    assert trusted() == []


@pytest.mark.parametrize("named", [TEXT, "0101010101010101"])
def test_one_key_of_several_is_removed(named: str) -> None:
    add(TEXT)
    add(key(2).public.text)

    ran = run("trust", "remove", ID, named, "--json")

    assert [each["key"] for each in ran.document["trusted"][0]["keys"]] == ["0202020202020202"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((ID,), f"no key is pinned for {ID!r}"),
        ((ID, "0202020202020202"), f"key 0202020202020202 is not pinned for {ID!r}"),
    ],
)
def test_what_is_not_pinned_cannot_be_removed(words: tuple[str, ...], message: str) -> None:
    status, code, said, _ = run("trust", "remove", *words, "--json").error

    assert (status, code, said) == (2, "usage", message)


@pytest.mark.parametrize(
    ("id_", "given", "status", "code"),
    [
        ("Set", TEXT, 2, "usage"),
        (ID, "RWnothing", 4, "source"),
        (ID, TEXT[:-1] + "!", 4, "source"),
        (ID, "RW" + "A" * 54, 4, "invalid-key"),
    ],
)
def test_what_is_no_id_or_no_key_is_refused(id_: str, given: str, status: int, code: str) -> None:
    assert run("trust", "add", id_, given, "--json").error[:2] == (status, code)
    assert trusted() == []


def test_a_secret_key_is_no_public_one(tmp_path: Path) -> None:
    assert add(key_files(tmp_path)).error[:2] == (4, "invalid-key")


def test_a_damaged_record_is_refused_and_stays_as_it_is(state: Path) -> None:
    state.mkdir()
    (state / "trust.json").write_text('{"seedbox-trust": 2}')
    before = snapshot(state)

    status, code, message, _ = run("trust", "list", "--json").error

    assert (status, code) == (4, "invalid-trust")
    assert message.endswith("cannot be used: it has schema 2, this seedbox reads 1")
    assert add(TEXT).error[:2] == (4, "invalid-trust")
    assert {name: snapshot(state)[name] for name in before} == before
