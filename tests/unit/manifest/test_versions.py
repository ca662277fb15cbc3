import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.model import License, Manifest, Role, Shard
from seedbox.manifest.versions import Change, Content, Contents, compare, problems
from seedbox.torrent.info_hash import InfoHash
from support.datasets import ISSUED, entry, manifest

OLD_DIGEST = bytes(range(32))


def v2(name: str) -> bytes:
    return name.encode().ljust(32, b"-")


def shard(name: str, content: str = "", **changes: Any) -> Shard:  # noqa: ANN401  (any field)
    """A hybrid shard; what differs in content differs in both info-hashes."""
    seen = content or name
    return entry(name, info_hash=InfoHash(seen.encode().ljust(20, b"-"), v2(seen)), **changes)


def release(*shards: Shard, number: int = 1, **changes: Any) -> Manifest:  # noqa: ANN401  (any field)
    return manifest(*shards, sequence=number, **{"version": f"1.{number - 1}.0", **changes})


def later(*shards: Shard, **changes: Any) -> Manifest:  # noqa: ANN401  (any field)
    plain = {"number": 2, "previous": OLD_DIGEST, "issued": ISSUED + timedelta(days=30)}
    return release(*shards, **{**plain, **changes})


def files(**shards: dict[str, str]) -> Contents:
    """Files of 100 bytes by path and content, of shards by what their info-hash is made of."""
    return {
        v2(name).hex(): [Content(path, v2(root), 100) for path, root in held.items()]
        for name, held in shards.items()
    }


def fates(old: Manifest, new: Manifest) -> dict[str, str]:
    return {row.name: row.change.value for row in compare(old, new).rows}


# --- what changed -----------------------------------------------------------------------------


def test_shards_are_the_same_new_superseded_or_gone() -> None:
    old = release(shard("a"), shard("b"), shard("c"), shard("d"))
    new = later(shard("a"), shard("b", "b2"), shard("e", supersedes=(v2("c"),)), shard("f"))

    assert fates(old, new) == {
        "a": "same",
        "b": "superseded",  # its name is that of another torrent now
        "e": "superseded",  # it says so
        "f": "new",
        "d": "gone",
    }


def test_one_half_of_a_hybrid_is_enough_to_be_the_same() -> None:
    both = InfoHash(b"1" * 20, b"2" * 32)
    for half in (InfoHash(v1=b"1" * 20), InfoHash(v2=b"2" * 32)):
        old, new = release(entry("a", info_hash=both)), later(entry("b", info_hash=half))

        (row,) = compare(old, new).rows

        assert (row.change, row.replaces) == (Change.SAME, ("a",))


def test_a_shard_that_supersedes_one_that_stays_replaces_nothing() -> None:
    old, new = release(shard("a")), later(shard("a"), shard("b", supersedes=(v2("a"),)))

    assert fates(old, new) == {"a": "same", "b": "new"}


def test_one_shard_may_supersede_several() -> None:
    old = release(shard("a"), shard("b"))

    (row,) = compare(old, later(shard("c", supersedes=(v2("b"), v2("a"))))).rows

    assert (row.change, row.replaces, row.old_rank) == (Change.SUPERSEDED, ("a", "b"), 1)


@pytest.mark.parametrize(
    ("names", "moved"),
    [
        ("abcd", ""),
        ("dabc", "d"),  # one shard went to the top, and nobody else moved
        ("bcda", "a"),
        ("abdc", "d"),  # or c: one of the two did
        ("axbcd", ""),  # a new one pushes the others down
        ("acd", ""),  # so does one that is gone
    ],
)
def test_moved_are_the_fewest_shards_that_explain_the_new_order(names: str, moved: str) -> None:
    diff = compare(release(*map(shard, "abcd")), later(*map(shard, names)))

    assert "".join(row.name for row in diff.rows if row.moved) == moved


@given(st.permutations("abcdefg"))
def test_no_more_shards_could_have_stayed_in_their_old_order(names: list[str]) -> None:
    diff = compare(release(*map(shard, "abcdefg")), later(*map(shard, names)))

    stayed = [row.name for row in diff.rows if not row.moved]
    rising = (
        chosen
        for count in range(len(names) + 1)
        for chosen in itertools.combinations(names, count)
        if list(chosen) == sorted(chosen)
    )
    assert stayed == sorted(stayed)
    assert len(stayed) == max(map(len, rising))


def test_ranks_are_places_in_both_manifests() -> None:
    diff = compare(release(shard("a"), shard("b")), later(shard("c"), shard("b")))

    assert [(row.name, row.old_rank, row.rank) for row in diff.rows] == [
        ("c", None, 1),
        ("b", 2, 2),
        ("a", 1, None),
    ]


def test_a_shard_is_relicensed_by_its_own_license_or_by_that_of_the_dataset() -> None:
    old = release(shard("a"), shard("b", license=License("MIT")), license=License("CC0-1.0"))
    new = later(shard("a"), shard("b", license=License("MIT")), license=License("CC-BY-4.0"))

    assert [row.relicensed for row in compare(old, new).rows] == [("CC0-1.0", "CC-BY-4.0"), None]


def test_a_license_that_comes_or_goes_is_a_change_too() -> None:
    (row,) = compare(release(shard("a"), license=None), later(shard("a"))).rows

    assert row.relicensed == (None, "CC0-1.0")


# --- how many bytes move ----------------------------------------------------------------------


def test_without_torrents_every_byte_of_a_new_shard_counts_and_the_sum_is_a_bound() -> None:
    old = release(shard("a"), shard("b", size=300))
    new = later(shard("a"), shard("c", size=500), shard("d", size=70))

    diff = compare(old, new)

    assert (diff.move, diff.free, diff.exact) == (570, 300, False)


def test_with_torrents_files_that_the_old_shards_hold_are_not_moved_and_not_freed() -> None:
    old = release(shard("a", size=300))
    new = later(shard("a", "a2", size=300))
    known = files(a={"x": "1", "y": "2", "z": "3"}, a2={"x": "1", "new-name": "2", "z": "4"})

    diff = compare(old, new, known)

    assert (diff.move, diff.free, diff.exact) == (100, 100, True)


def test_content_that_a_shard_holds_which_stays_is_not_moved_either() -> None:
    old = release(shard("a", size=100), shard("b", size=100))
    new = later(shard("a", size=100), shard("c", size=200))
    known = files(a={"x": "1"}, b={"y": "2"}, c={"copy": "1", "y": "2"})

    diff = compare(old, new, known)

    assert (diff.move, diff.free, diff.exact) == (0, 0, True)


def test_one_shard_without_a_torrent_counts_whole() -> None:
    old = release(shard("a", size=200))
    new = later(shard("b", size=100), shard("c", size=100))

    diff = compare(old, new, files(a={"x": "1", "y": "2"}, b={"x": "1"}))

    assert (diff.move, diff.free, diff.exact) == (100, 100, False)


def test_empty_files_weigh_nothing() -> None:
    old, new = release(shard("a", size=0)), later(shard("b", size=0))
    known = {v2(name).hex(): [Content("x", None, 0)] for name in "ab"}

    assert (compare(old, new, known).move, compare(old, new, known).free) == (0, 0)


def test_where_nothing_comes_the_sums_are_exact_without_torrents() -> None:
    diff = compare(release(shard("a", size=10), shard("b", size=20)), later(shard("a")))

    assert (diff.move, diff.free, diff.exact) == (0, 20, True)


# --- whether they agree -----------------------------------------------------------------------


def found(old: Manifest, new: Manifest, **how: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    return [(path, rule) for path, rule, _, _ in problems(old, new, OLD_DIGEST, **how)]


OLD = release(shard("a"), shard("b"), version="1.4.2")
ADDED = (shard("a"), shard("b"), shard("c"))


def test_a_release_that_adds_a_shard_and_says_so_has_no_problem() -> None:
    assert found(OLD, later(*ADDED, version="1.5.0")) == []


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"number": 1}, "sequence", "sequence is 1, that of the replaced manifest 1"),
        ({"number": 4}, "sequence", "which leaves out 2"),
        ({"previous": None}, "previous", "previous is absent, the replaced file has sha256:0001"),
        ({"previous": bytes(32)}, "previous", "previous is sha256:0000"),
        ({"issued": ISSUED - timedelta(1)}, "issued", "issued 2026-01-01T03:04:05+00:00"),
        ({"version": "1.4.3"}, "version", "data was only added: MINOR rises"),
        ({"version": "2.0.0"}, "version", "it was 1.4.2"),
        ({"version": "1.4.2"}, "version", "it was 1.4.2"),
        ({"version": "1.3.9"}, "version", "it was 1.4.2"),
    ],
)
def test_what_does_not_follow_is_told_with_both_values(
    changes: dict[str, Any], path: str, words: str
) -> None:
    new = later(*ADDED, **{"version": "1.5.0", **changes})

    ((at, rule, message, _),) = problems(OLD, new, OLD_DIGEST)

    assert (at, rule) == (path, path)
    assert words in message


def test_the_mend_is_in_the_hint() -> None:
    new = later(*ADDED, number=9, previous=None, version="1.4.3")

    assert [hint for _, _, _, hint in problems(OLD, new, OLD_DIGEST)] == [
        "Write `sequence: 2`: one higher with every release.",
        f"Write `previous: sha256:{OLD_DIGEST.hex()}`.",
        'Write `version: "1.5.0"`.',
    ]


def test_of_another_dataset_nothing_but_that_is_told() -> None:
    assert found(OLD, later(id="org.example/other", number=7)) == [("id", "id")]


def test_the_same_issue_time_and_a_shorter_life_are_no_problem() -> None:
    old = release(*OLD.shards, version="1.4.2", expires=ISSUED + timedelta(days=900))
    new = later(*ADDED, version="1.5.0", issued=ISSUED, expires=ISSUED + timedelta(days=9))

    assert found(old, new) == []


def test_a_shard_that_keeps_its_name_but_not_its_info_hash_has_to_be_superseded() -> None:
    changed = shard("b", "b2")
    kept = shard("b", "b2", supersedes=(v2("b"),))

    assert found(OLD, later(shard("a"), changed, version="2.0.0")) == [
        ("shards[1].info_hash", "superseded")
    ]
    assert found(OLD, later(shard("a"), kept, version="2.0.0")) == []


def test_of_a_v1_shard_the_name_alone_can_tell_what_it_supersedes() -> None:
    old = release(entry("a"), version="1.0.0")
    new = later(entry("a", info_hash=InfoHash(v1=b"2" * 20)), version="2.0.0")

    assert found(old, new) == []


def test_a_catalog_is_another_in_every_release_and_no_data() -> None:
    old = release(shard("list", role=Role.CATALOG, use=None), shard("a"), version="1.4.2")
    new = later(shard("list", "list2", role=Role.CATALOG, use=None), shard("a"), version="1.4.3")

    assert list(problems(old, new, OLD_DIGEST)) == []


def test_a_shard_that_is_gone_has_to_be_superseded_or_withdrawn() -> None:
    new = later(shard("a"), version="2.0.0")

    assert found(OLD, new) == [("shards", "gone")]
    assert found(OLD, new, withdrawn={"b"}) == []
    assert found(OLD, later(shard("a"), shard("c", supersedes=(v2("b"),)), version="2.0.0")) == []


def test_the_hint_on_a_v1_shard_that_is_gone_is_to_withdraw_it() -> None:
    old = release(entry("a"), entry("b"), version="1.0.0")

    ((*_, hint),) = problems(old, later(entry("a"), version="2.0.0"), OLD_DIGEST)

    assert hint == "Run `seedbox withdraw` for it."


@pytest.mark.parametrize(
    ("after", "version"),
    [
        ({"x": "1", "y": "2"}, "1.0.1"),  # the same files, cut otherwise
        ({"x": "1", "y": "2", "z": "3"}, "1.1.0"),
        ({"x": "1", "y": "3"}, "2.0.0"),
        ({"x": "1"}, "2.0.0"),
        ({"x": "1", "renamed": "2"}, "2.0.0"),
    ],
)
def test_where_torrents_are_known_the_files_decide_which_number_rises(
    after: dict[str, str], version: str
) -> None:
    old = release(shard("a"), version="1.0.0")
    known = files(a={"x": "1", "y": "2"}, a2=after)
    for tried in ("1.0.1", "1.1.0", "2.0.0"):
        new = later(shard("a", "a2", supersedes=(v2("a"),)), version=tried)

        assert (found(old, new, contents=known) == []) is (tried == version)


@pytest.mark.parametrize(
    ("shards", "version"),
    [("a", "1.0.1"), ("ab", "1.1.0")],
)
def test_without_torrents_the_shards_decide(shards: str, version: str) -> None:
    old = release(shard("a"), version="1.0.0")

    for tried in ("1.0.1", "1.1.0", "2.0.0"):
        new = later(*map(shard, shards), version=tried)

        assert (found(old, new) == []) is (tried == version)


@pytest.mark.parametrize("version", ["20261101", "1.0", "01.0.0", "1.0.0-rc1"])
def test_versions_that_are_not_three_numbers_are_for_people_alone(version: str) -> None:
    assert found(OLD, later(*ADDED, version=version)) == []
