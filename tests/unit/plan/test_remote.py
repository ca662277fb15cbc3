from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidListError, UsageError
from seedbox.manifest.model import Head, Origin
from seedbox.plan.lists import Entry
from seedbox.plan.remote import (
    Held,
    RemotePlan,
    pause,
    plan_reading,
    plan_remote,
)
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
from support.datasets import head

HOST = "https://data.example.org"
BASE = f"{HOST}/dumps/2026/"


def planned(*urls: str, of: Head | None = None, base: str | None = BASE) -> RemotePlan:
    entries = [Entry(url, line) for line, url in enumerate(urls, start=1)]
    return plan_remote(entries, of or head(root=None), file="list", base=base)


def refused(*urls: str, base: str | None = BASE, of: Head | None = None) -> list[str]:
    with pytest.raises(InvalidListError) as caught:
        planned(*urls, base=base, of=of)
    return [problem.message for problem in caught.value.problems]


# --- where everything lies --------------------------------------------------------------------


def test_the_folder_of_the_list_becomes_root_origin_and_web_seed() -> None:
    plan = planned(f"{BASE}b/c", f"{BASE}a")

    assert (plan.base, plan.root, plan.web_seed) == (BASE, "2026", f"{HOST}/dumps/")
    assert [file.parts for file in plan.files] == [("a",), ("b", "c")]
    assert [file.url for file in plan.files] == [f"{BASE}a", f"{BASE}b/c"]
    assert plan.head(head(root=None)).origin == Origin(url=f"{HOST}/dumps/2026")


def test_an_origin_that_is_given_stays_and_is_the_base() -> None:
    said = head(root=None, origin=Origin(url=f"{HOST}/dumps", revision="7"))

    plan = planned(f"{BASE}a", of=said)

    assert (plan.base, plan.root, plan.web_seed) == (f"{HOST}/dumps/", "dumps", f"{HOST}/")
    assert plan.files[0].parts == ("2026", "a")
    assert plan.head(said) == said


def test_an_origin_without_a_url_gets_one_and_keeps_the_rest() -> None:
    said = head(root=None, origin=Origin(purl="pkg:npm/a@1"))

    assert planned(f"{BASE}a", of=said).head(said).origin == Origin(
        url=f"{HOST}/dumps/2026", purl="pkg:npm/a@1"
    )


@pytest.mark.parametrize("base", [None, f"{HOST}/lists/"])
def test_without_a_base_it_is_the_deepest_folder_in_common(base: str | None) -> None:
    plan = planned(f"{HOST}/x/y/z/a", f"{HOST}/x/y/b", f"{HOST}/x/y/z/c", base=base)

    assert (plan.base, plan.root) == (f"{HOST}/x/y/", "y")


def test_urls_are_asked_for_as_clients_of_bittorrent_escape_them() -> None:
    plan = planned(f"{HOST}/my%20set/a+b(1)%2c%C3%A9", f"{HOST}/my%20set/%7Ec", base=None)

    assert [file.parts for file in plan.files] == [("a+b(1),é",), ("~c",)]
    assert plan.files[0].url == f"{HOST}/my%20set/a%2Bb%281%29%2C%C3%A9"
    assert (plan.root, plan.web_seed) == ("my set", f"{HOST}/")


def test_files_elsewhere_are_refused_and_named() -> None:
    said = head(root=None, origin=Origin(url=BASE))

    assert refused(f"{BASE}a", f"{HOST}/dumps/2025/b", "https://b.example/c", of=said) == [
        f"'{HOST}/dumps/2025/b' is not below {BASE}",
        f"'https://b.example/c' is not below {BASE}",
    ]
    assert refused(f"{BASE}a", "https://b.example/dumps/2026/c", base=None) == [
        f"'https://b.example/dumps/2026/c' is not below {BASE}",
    ]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"{BASE}a?b=c", "has a query or a fragment"),
        (f"{BASE}a?", "has a query or a fragment"),
        (f"{BASE}a#b", "has a query or a fragment"),
        ("https://user:secret@data.example.org/a", "comes with a name or password"),
        (f"{BASE}%FF", "escapes bytes that are no UTF-8"),
        (f"{BASE}a%2Fb", "has a slash"),
        (f"{BASE}a/../b", "has the segment '..'"),
        (f"{BASE}a//b", "has the segment ''"),
        (f"{BASE}a/", "has the segment ''"),
        (f"{BASE}aux", "Windows reads as a device"),
        ("ftp://data.example.org/a", "has the scheme ftp"),
        ("a b", "is not an absolute URL"),
        (HOST, "is empty"),
    ],
)
def test_urls_that_no_web_seed_can_have_are_refused(url: str, why: str) -> None:
    (message,) = refused(url, base=None)

    assert why in message
    assert "secret" not in message


def test_files_that_come_twice_or_clash_are_refused() -> None:
    assert refused(f"{BASE}a", f"{BASE}%61") == [f"'{BASE}%61' comes again, first in line 1"]
    assert refused(f"{BASE}a", f"{BASE}A") == ["path 'A' is the same as 'a' on some systems"]


def test_a_list_of_nothing_is_refused() -> None:
    assert refused() == ["names no file"]


def test_files_at_the_root_of_a_host_have_no_name_to_be_found_by() -> None:
    with pytest.raises(UsageError, match=f"no folder in common below {HOST}/"):
        planned(f"{HOST}/a", base=None)


def test_a_root_of_another_name_than_the_folder_is_refused() -> None:
    with pytest.raises(UsageError, match=r"root is 'other' in dataset\.yaml, the files lie in"):
        planned(f"{BASE}a", of=head(root="other"))


def test_an_origin_that_is_of_no_use_is_named() -> None:
    with pytest.raises(UsageError, match=r"origin\.url of dataset\.yaml, .* has a query"):
        planned(f"{BASE}a", of=head(root=None, origin=Origin(url=f"{BASE}?a=b")))


# --- pauses -----------------------------------------------------------------------------------


def wait(failures: int, after: float | None = None, url: str = BASE) -> float:
    return pause(url, failures, after, first=0.5, longest=60.0)


@given(st.integers(1, 40), st.text())
def test_pauses_double_up_to_a_bound_with_up_to_half_of_them_left_to_chance(
    failures: int, url: str
) -> None:
    whole = min(60.0, 0.5 * 2 ** (failures - 1))

    assert whole / 2 <= wait(failures, url=url) <= whole


def test_pauses_are_the_same_in_every_run_and_others_for_every_url() -> None:
    assert wait(3) == wait(3)
    assert len({wait(3, url=f"{BASE}{number}") for number in range(50)}) > 25


def test_a_server_may_ask_for_more_and_not_for_less() -> None:
    assert wait(1, 90.0) == 90.0
    assert wait(5, 0.0) == wait(5)


# --- going on ---------------------------------------------------------------------------------

ETAG = Held(identified=True, checked=False, partly=True)
DIGEST = Held(identified=True, checked=True, partly=False)
BOTH = Held(identified=True, checked=True, partly=True)
NOTHING = Held(identified=False, checked=False, partly=False)


def wanted(
    form: Format, held: list[Held], known: Collection[int], *, digests: bool = False
) -> list[int]:
    """Of files of 40,000, 40,000 and 0 bytes, and more of 40,000, in pieces of 16 KiB.

    In v1 the pieces 2, 4 and 7 hold bytes of two files; else each file has three of its own.
    """
    sizes = [40_000, 40_000, 0, *[40_000] * 2][: len(held)]
    files = [((f"f{number}",), size) for number, size in enumerate(sizes)]
    layout = arrange("set", files, form=form, piece_length=16_384)
    return plan_reading(layout, held, known, digests=digests)


@pytest.mark.parametrize(
    ("held", "known", "expected"),
    [
        ([ETAG, ETAG], {0, 1, 3}, [2, 4, 5]),
        ([DIGEST, BOTH], {0, 1, 3}, [0, 1, 2, 3, 4, 5]),
        ([DIGEST, BOTH], {0, 1, 2, 3}, [3, 4, 5]),
        ([NOTHING, ETAG], {0, 1, 2, 3, 4, 5}, [0, 1, 2]),
        ([DIGEST, DIGEST], {0, 1, 2, 3, 4, 5}, []),
        ([ETAG, ETAG], set(), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_files_with_digests_or_without_names_for_their_states_are_read_whole(
    held: list[Held], known: set[int], expected: list[int]
) -> None:
    assert wanted(Format.HYBRID, held, known) == expected


def test_a_digest_of_each_file_needs_all_pieces() -> None:
    assert wanted(Format.V2, [ETAG, ETAG], {0, 1, 2}, digests=True) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([ETAG, DIGEST, DIGEST, ETAG, ETAG], [2, 3, 4]),
        ([DIGEST, DIGEST, DIGEST, BOTH, ETAG], [0, 1, 2, 3, 4]),
        ([BOTH, DIGEST, DIGEST, DIGEST, DIGEST], [2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_a_v1_piece_brings_the_file_beside_it_unless_a_part_of_that_can_be_proved(
    held: list[Held], expected: list[int]
) -> None:
    known = set(range(10)) - {3}

    assert wanted(Format.V1, held, known) == expected
