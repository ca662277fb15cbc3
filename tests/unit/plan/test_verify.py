from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.plan.verify import (
    FileResult,
    Sighting,
    State,
    VerifyPlan,
    VerifyReport,
    expected,
    judge,
    plan_verify,
    right,
)
from seedbox.torrent.bencode import Encodable, encode
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support import reference
from support.content import contents
from support.torrents import FORMS, make

KIB = 1024
MISSING = "is missing"


def seen(metainfo: Metainfo, files: Mapping[str, bytes | str]) -> list[Sighting]:
    """What a look at files gives: their sizes, or why they are not there."""
    found: list[Sighting] = []
    for file in metainfo.files:
        data = files["/".join(file.path[1:])]
        found.append(data if isinstance(data, str) else len(data))
    return found


def verified(
    metainfo: Metainfo, files: Mapping[str, bytes | str], *, partial: bool = False
) -> tuple[VerifyPlan, VerifyReport]:
    """Plan, hash by the reference what the plan names, and judge.

    Bytes that are not there must not be asked for: they are hashed as zeros, and match nothing.
    """
    plan = plan_verify(metainfo, seen(metainfo, files), partial=partial)
    row: dict[str, bytes] = {}
    for file in metainfo.files:
        name = "/".join(file.path[1:])
        data = files[name]
        row[name] = (b"" if isinstance(data, str) else data)[: file.length].ljust(file.length, b"0")
    digests = reference.digests(row, metainfo.piece_length, metainfo.form)
    found = right(expected(metainfo), digests)
    return plan, judge(plan, [piece for piece in plan.pieces if piece in found])


def results(report: VerifyReport) -> dict[str, FileResult]:
    return {"/".join(file.path[1:]): file for file in report.files}


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


# --- all is well ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_right_files_are_ok_and_every_byte_is_read_once(form: Format) -> None:
    files = contents({"a": 40_000, "b/c": 0, "b/d": 16 * KIB, "e": 1})
    metainfo = make(files, form, piece_length=16 * KIB)

    plan, report = verified(metainfo, files)

    assert plan.pieces == tuple(range(metainfo.num_pieces))
    assert plan.size == report.size == report.good == 40_000 + 16 * KIB + 1
    assert report.ok
    assert report.have == (True,) * metainfo.num_pieces
    assert {result.state for result in report.files} == {State.OK}


# --- wrong bytes ------------------------------------------------------------------------------


@st.composite
def damages(draw: st.DrawFn) -> tuple[int, dict[str, bytes], str, int]:
    """A piece length, files, and one byte of one of them."""
    length = draw(st.sampled_from([16 * KIB, 32 * KIB]))
    edges = st.sampled_from([1, 16 * KIB, 32 * KIB, 50_000])
    near = st.builds(lambda edge, by: max(1, edge + by), edges, st.integers(-1, 1))
    sizes = draw(st.lists(st.one_of(near, st.just(0)), min_size=1, max_size=5))
    files = contents({f"f{index}": size for index, size in enumerate([*sizes, 5])})
    name = draw(st.sampled_from([name for name, data in files.items() if data]))
    return length, files, name, draw(st.integers(0, len(files[name]) - 1))


@pytest.mark.parametrize("form", FORMS)
@given(damage=damages())
def test_any_flipped_byte_lies_in_a_bad_range_of_its_file(
    form: Format, damage: tuple[int, dict[str, bytes], str, int]
) -> None:
    length, files, name, at = damage
    metainfo = make(files, form, piece_length=length)

    _, report = verified(metainfo, {**files, name: flipped(files[name], at)})

    bad = results(report)[name]
    assert not report.ok
    assert bad.state is State.BAD
    assert [True for start, stop in bad.bad if start <= at < stop] == [True]
    assert sum(stop - start for start, stop in bad.bad) <= length
    assert report.have.count(False) == 1
    if form is not Format.V1:  # a v2 piece never spans files (BEP 52)
        others = [result for path, result in results(report).items() if path != name]
        assert {result.state for result in others} <= {State.OK}


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
def test_with_pieces_of_16_kib_the_bad_block_itself_is_named(form: Format) -> None:
    files = contents({"a": 16_384 * 3 + 100, "b": 10})
    metainfo = make(files, form, piece_length=16_384)

    _, report = verified(metainfo, {**files, "a": flipped(files["a"], 20_000)})

    assert results(report)["a"].bad == ((16_384, 32_768),)
    assert results(report)["b"].state is State.OK


def test_the_last_bad_range_ends_with_its_file() -> None:
    files = contents({"a": 40_000, "b": 10})
    metainfo = make(files, Format.HYBRID, piece_length=16_384)

    _, report = verified(metainfo, {**files, "a": flipped(files["a"], 39_999)})

    assert results(report)["a"].bad == ((32_768, 40_000),)


def test_neighbouring_bad_pieces_make_one_range_and_others_do_not() -> None:
    files = contents({"a": 16_384 * 6, "b": 1})
    metainfo = make(files, Format.V2, piece_length=16_384)
    spoilt = files["a"]
    for at in (0, 16_384, 16_384 * 4):
        spoilt = flipped(spoilt, at)

    _, report = verified(metainfo, {**files, "a": spoilt})

    assert results(report)["a"].bad == ((0, 32_768), (65_536, 81_920))
    assert report.good == 1


def test_a_bad_v1_piece_makes_every_file_that_it_covers_bad() -> None:
    files = contents({"a": 10_000, "b": 10_000, "c": 50_000})
    metainfo = make(files, Format.V1, piece_length=16_384)

    _, report = verified(metainfo, {**files, "a": flipped(files["a"], 0)})

    assert results(report)["a"].bad == ((0, 10_000),)
    assert results(report)["b"].bad == ((0, 6_384),)
    assert results(report)["b"].unproven == ()
    assert results(report)["c"].state is State.OK


def test_each_of_very_many_bad_ranges_is_told() -> None:
    files = {"a": bytes(16_384 * 8_000), "b": b"1"}
    metainfo = make(files, Format.V1, piece_length=16_384)
    plan = plan_verify(metainfo, seen(metainfo, files))

    report = judge(plan, range(0, 8_000, 2))

    assert len(results(report)["a"].bad) == 4_000


# --- files that are not there, or not whole ---------------------------------------------------


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
def test_a_missing_file_says_nothing_about_the_others(form: Format) -> None:
    files = contents({"a": 40_000, "b": 40_000, "c": 40_000})
    metainfo = make(files, form, piece_length=16_384)

    plan, report = verified(metainfo, {**files, "b": MISSING})

    missing = results(report)["b"]
    assert (missing.state, missing.found, missing.reason) == (State.MISSING, None, MISSING)
    assert [results(report)[name].state for name in "ac"] == [State.OK, State.OK]
    assert (plan.size, report.good, report.ok) == (80_000, 80_000, False)


def test_v1_pieces_that_reach_into_a_missing_file_leave_their_neighbours_unproven() -> None:
    files = contents({"a": 40_000, "b": 20_000, "c": 40_000})
    metainfo = make(files, Format.V1, piece_length=16_384)

    plan, report = verified(metainfo, {**files, "b": MISSING})

    a, c = results(report)["a"], results(report)["c"]
    assert (a.state, a.unproven, a.bad) == (State.UNPROVEN, ((32_768, 40_000),), ())
    assert (c.state, c.unproven, c.bad) == (State.UNPROVEN, ((0, 5_536),), ())
    assert plan.pieces == (0, 1, 4, 5, 6)
    assert report.have == (True, True, False, False, True, True, True)
    assert report.good == 0


def test_a_file_with_bad_and_unproven_bytes_is_bad_and_both_are_named() -> None:
    files = contents({"a": 40_000, "b": 20_000})
    metainfo = make(files, Format.V1, piece_length=16_384)

    _, report = verified(metainfo, {"a": flipped(files["a"], 5), "b": MISSING})

    a = results(report)["a"]
    assert (a.state, a.bad, a.unproven) == (State.BAD, ((0, 16_384),), ((32_768, 40_000),))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [0, 1, 39_999, 40_001, 90_000])
def test_a_file_of_the_wrong_size_is_wrong_before_a_byte_of_it_is_read(
    form: Format, size: int
) -> None:
    files = contents({"a": 40_000, "b": 16_384})
    metainfo = make(files, form, piece_length=16_384)
    cut = files["a"][:size].ljust(size, b"x")

    plan, report = verified(metainfo, {**files, "a": cut})

    wrong = results(report)["a"]
    assert (wrong.state, wrong.length, wrong.found) == (State.WRONG_SIZE, 40_000, size)
    assert wrong.bad == ()
    assert plan.size <= 16_384
    assert not report.ok


def test_an_empty_file_must_be_there_and_empty() -> None:
    files = contents({"a": 10, "empty": 0})
    metainfo = make(files, Format.V2, piece_length=16_384)

    assert verified(metainfo, files)[1].ok
    for wrong, state in ((MISSING, State.MISSING), (b"1", State.WRONG_SIZE)):
        _, report = verified(metainfo, {**files, "empty": wrong})
        assert results(report)["empty"].state is state
        assert results(report)["a"].state is State.OK


@pytest.mark.parametrize("form", FORMS)
def test_with_nothing_there_nothing_is_read(form: Format) -> None:
    files = contents({"a": 40_000, "b": 40_000})
    metainfo = make(files, form, piece_length=16_384)

    plan, report = verified(metainfo, dict.fromkeys(files, MISSING))

    assert (plan.pieces, plan.size, report.good) == ((), 0, 0)
    assert not any(report.have)
    assert {result.state for result in report.files} == {State.MISSING}


# --- a fetch that is under way ----------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_of_a_short_file_the_whole_pieces_count_while_it_is_fetched(form: Format) -> None:
    files = contents({"a": 16_384 * 3, "b": 10})
    metainfo = make(files, form, piece_length=16_384)
    short = {**files, "a": files["a"][:40_000]}

    plan, report = verified(metainfo, short, partial=True)

    assert plan.pieces == (0, 1, 3)
    assert report.have == (True, True, False, True)
    assert results(report)["a"].state is State.WRONG_SIZE


def test_holes_in_a_file_that_has_its_size_are_bad_ranges() -> None:
    files = contents({"a": 16_384 * 3, "b": 10})
    metainfo = make(files, Format.V2, piece_length=16_384)
    holed = files["a"][:16_384] + bytes(16_384) + files["a"][32_768:]

    _, report = verified(metainfo, {**files, "a": holed}, partial=True)

    assert report.have == (True, False, True, True)
    assert results(report)["a"].bad == ((16_384, 32_768),)


# --- which hashes count -----------------------------------------------------------------------


def test_a_hybrid_piece_must_fit_both_its_hashes() -> None:
    files = contents({"a": 40_000, "b": 10})
    metainfo = make(files, Format.HYBRID, piece_length=16_384)
    other = make({**files, "a": flipped(files["a"], 0)}, Format.HYBRID, piece_length=16_384)
    wanted, changed = expected(metainfo), expected(other)
    digests = reference.digests(files, 16_384, Format.HYBRID)

    assert list(right(wanted, digests)) == [0, 1, 2, 3]
    assert list(right(wanted, digests[1:3])) == [1, 2]
    assert list(right(replace(wanted, v1=changed.v1), digests)) == [1, 2, 3]
    assert list(right(replace(wanted, v2=changed.v2), digests)) == [1, 2, 3]
    assert list(right(changed, digests)) == [1, 2, 3]


def test_a_short_file_with_the_root_of_a_long_one_is_not_given_its_pieces() -> None:
    files = contents({"a": 40_000, "b": 10, "c": 20})
    metainfo = make(files, Format.V2, piece_length=16_384)
    first, second, third = metainfo.files
    lies = replace(second, pieces_root=first.pieces_root)  # whoever wrote the torrent may do so
    layout = replace(metainfo.layout, files=(first, lies, third))
    digests = reference.digests(files, 16_384, Format.V2)

    wanted = expected(replace(metainfo, layout=layout))

    assert list(right(wanted, digests)) == [0, 1, 2, 4]


def test_a_piece_of_nothing_but_padding_is_not_read() -> None:
    rows: list[tuple[int, list[bytes], dict[bytes, bytes]]] = [
        (16_374, [b"a"], {}),
        (16_394, [b".pad", b"16394"], {b"attr": b"p"}),
        (5, [b"b"], {}),
    ]
    info: dict[bytes, Encodable] = {
        b"files": [{b"length": size, b"path": path, **more} for size, path, more in rows],
        b"name": b"data",
        b"piece length": 16_384,
        b"pieces": bytes(60),
    }
    plan = plan_verify(Metainfo.parse(encode({b"info": info})), [16_374, 5])

    assert plan.pieces == (0, 2)
