import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import (
    EquivocationError,
    InvalidTrustError,
    RollbackError,
    UsageError,
)
from seedbox.jobs.trust import (
    Entries,
    Floor,
    Kind,
    add_key,
    raise_floor,
    read_store,
    remove_keys,
)
from support.signing import ID, key

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FLOOR = Floor(7, b"\x07" * 32, NOW)


def raised(state: Path, floor: Floor, *, id_: str = ID, kind: Kind = Kind.MANIFEST) -> None:
    raise_floor(state, id_, kind, floor, file="m.yaml")


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    store = read_store(tmp_path / "none")

    assert (store.keys(ID), store.floor(ID, Kind.MANIFEST)) == ((), None)
    assert not (tmp_path / "none").exists()


def test_what_was_stored_is_read_back(tmp_path: Path) -> None:
    entries = replace(FLOOR, entries=Entries(3, b"\x03" * 32))
    add_key(tmp_path, ID, key(1).public)
    add_key(tmp_path, ID, key(2).public)
    raised(tmp_path, FLOOR)
    raised(tmp_path, entries, kind=Kind.WITHDRAWALS)

    store = read_store(tmp_path)

    assert store.keys(ID) == (key(1).public, key(2).public)
    assert store.floor(ID, Kind.MANIFEST) == FLOOR
    assert store.floor(ID, Kind.WITHDRAWALS) == entries
    assert store.floor("org.example/other", Kind.MANIFEST) is None


def test_a_floor_only_rises(tmp_path: Path) -> None:
    raised(tmp_path, FLOOR)
    raised(tmp_path, replace(FLOOR, seen=datetime(2030, 1, 1, tzinfo=UTC)))  # the same again
    assert read_store(tmp_path).floor(ID, Kind.MANIFEST) == FLOOR

    with pytest.raises(RollbackError, match="has sequence 6, but 7 was seen on 2026-11-22 09:30"):
        raised(tmp_path, replace(FLOOR, sequence=6))
    with pytest.raises(EquivocationError, match="but 0707"):
        raised(tmp_path, replace(FLOOR, sha256=bytes(32)))
    raised(tmp_path, replace(FLOOR, sequence=8))

    floor = read_store(tmp_path).floor(ID, Kind.MANIFEST)
    assert floor is not None
    assert floor.sequence == 8


def test_several_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    def work(number: int) -> None:
        raised(tmp_path, replace(FLOOR, sequence=number), id_=f"org.example/{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(read_store(tmp_path).records) == 20


def test_pins_go_and_what_was_seen_stays_unless_it_is_to_be_forgotten(tmp_path: Path) -> None:
    add_key(tmp_path, ID, key(1).public)
    raised(tmp_path, FLOOR)

    remove_keys(tmp_path, ID, None)
    assert read_store(tmp_path).floor(ID, Kind.MANIFEST) == FLOOR
    with pytest.raises(UsageError, match="no key is pinned"):
        remove_keys(tmp_path, ID, None)

    remove_keys(tmp_path, ID, None, forget=True)
    assert read_store(tmp_path).records == {}


# --- files that cannot be used ----------------------------------------------------------------

GOOD: dict[str, Any] = {
    "seedbox-trust": 1,
    "ids": {
        ID: {
            "keys": [key().public.text],
            "withdrawals": {
                "sequence": 3,
                "sha256": "ab" * 32,
                "seen": "2026-11-22T09:30:00+00:00",
                "entries": {"count": 2, "sha256": "cd" * 32},
            },
        }
    },
}


def without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return copy


def having(value: object, *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(GOOD))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy


SEEN = ("ids", ID, "withdrawals")
BAD: list[tuple[object, str]] = [
    ([], "it does not say which schema it has"),
    (having(True, "seedbox-trust"), "it does not say which schema it has"),
    (having(2, "seedbox-trust"), "it has schema 2, this seedbox reads 1"),
    (having(0, "more"), "it has not the keys ids, seedbox-trust"),
    (without(GOOD, "ids"), "it has not the keys ids, seedbox-trust"),
    (having([], "ids"), "'ids' is no mapping of ids"),
    (having({}, "ids", "No Id"), "'ids' is no mapping of ids"),
    (having({}, "ids", ID), f"{ID} has not the keys keys"),
    (having("RW", "ids", ID, "keys"), f"'keys' of {ID} is no list of keys"),
    (having([1], "ids", ID, "keys"), f"'keys' of {ID} is no list of keys"),
    (having(["RW"], "ids", ID, "keys"), f"a key of {ID} is not a usable key: "),
    (having(0, "ids", ID, "more"), f"{ID} has not the keys keys"),
    (without(GOOD, *SEEN, "seen"), f"withdrawals of {ID} has not the keys "),
    (having(0, *SEEN, "seen"), f"'seen' of withdrawals of {ID} is no time"),
    (having("2026-11-22T09:30:00", *SEEN, "seen"), f"'seen' of withdrawals of {ID} is no time"),
    (having(-1, *SEEN, "sequence"), f"a number in withdrawals of {ID} is -1"),
    (having(True, *SEEN, "sequence"), f"a number in withdrawals of {ID} is True"),
    (having("AB" * 32, *SEEN, "sha256"), f"a digest in withdrawals of {ID} is 'ABAB"),
    (having(None, *SEEN, "entries"), f"entries, withdrawals of {ID}, has not the keys "),
]


def test_the_good_one_is_good(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text(json.dumps(GOOD))

    floor = read_store(tmp_path).floor(ID, Kind.WITHDRAWALS)

    assert floor == Floor(3, b"\xab" * 32, NOW, Entries(2, b"\xcd" * 32))


@pytest.mark.parametrize(("document", "reason"), BAD)
def test_a_damaged_file_is_refused_and_never_replaced(
    tmp_path: Path, document: object, reason: str
) -> None:
    text = json.dumps(document)
    (tmp_path / "trust.json").write_text(text)
    changes: list[Callable[[], object]] = [
        lambda: read_store(tmp_path),
        lambda: add_key(tmp_path, ID, key().public),
        lambda: raised(tmp_path, FLOOR),
    ]

    for change in changes:
        with pytest.raises(InvalidTrustError) as caught:
            change()
        words = f"{tmp_path}/trust.json, the record of pinned keys, cannot be used: "
        assert caught.value.message.startswith(words + reason)
        assert "nothing was changed" in caught.value.hint
    assert (tmp_path / "trust.json").read_text() == text


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "trust.json").write_bytes(data)

    with pytest.raises(InvalidTrustError):
        read_store(tmp_path)


def test_a_link_is_not_followed_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "trust.json").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InvalidTrustError, match="it is no file of at most 16,777,216 bytes"):
        add_key(tmp_path, ID, key().public)
    assert (tmp_path / "trust.json").is_symlink()
