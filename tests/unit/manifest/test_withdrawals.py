import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidWithdrawalsError
from seedbox.manifest.model import Table
from seedbox.manifest.withdrawals import (
    Action,
    Entry,
    Reason,
    Target,
    Withdrawals,
    digest,
    grown,
    info_hash_of,
    parse_withdrawals,
    write_withdrawals,
)

ISSUED = datetime(2026, 10, 12, tzinfo=UTC)
DUE = datetime(2026, 10, 19, tzinfo=UTC)
V1, V2 = bytes(range(20)), bytes(range(32))
EXAMPLE = """\
seedbox-withdrawals: 1
id: org.example/wiki-graph
sequence: 3
entries:
- target: {shard: wiki-graph-0088}
  reason: privacy
  action: stop-and-delete
  issued: 2026-10-12T00:00:00Z
  effective_by: 2026-10-19T00:00:00Z
  notice: https://example.org/notices/3
"""


def entry(target: Target, **changes: object) -> Entry:
    plain = Entry(target, Reason.PRIVACY, Action.DELETE, ISSUED, DUE)
    return replace(plain, **changes)  # type: ignore[arg-type]


SHARD = entry(Target(shard="wiki-graph-0088"), notice="https://example.org/notices/3")
FIRST = Withdrawals("org.example/wiki-graph", 3, (SHARD,))


def problems(text: str | bytes) -> list[tuple[str, int | None, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InvalidWithdrawalsError) as caught:
        parse_withdrawals(data, file="withdrawals.yaml")
    assert {problem.file for problem in caught.value.problems} == {"withdrawals.yaml"}
    return [(problem.rule, problem.line, problem.path) for problem in caught.value.problems]


def test_the_example_of_the_spec_is_read_and_written_with_the_same_bytes() -> None:
    assert parse_withdrawals(EXAMPLE.encode(), file="") == FIRST
    assert write_withdrawals(FIRST) == EXAMPLE.encode()


@pytest.mark.parametrize(
    ("written", "target"),
    [
        (f"{{info_hash: {V1.hex()}}}", Target(info_hash=V1)),
        (f"{{info_hash: {V2.hex()}}}", Target(info_hash=V2)),
        ("{items: [a/b.csv, c]}", Target(items=("a/b.csv", "c"))),
        ("{shard: a, x-why: [1]}", Target(shard="a", extra=Table((("x-why", (1,)),)))),
    ],
)
def test_every_kind_of_target_is_read_and_written(written: str, target: Target) -> None:
    text = EXAMPLE.replace("{shard: wiki-graph-0088}", written)

    read = parse_withdrawals(text.encode(), file="")

    assert read.entries[0].target == target
    assert parse_withdrawals(write_withdrawals(read), file="") == read


def test_a_hash_that_yaml_takes_for_a_number_is_quoted_when_it_is_written() -> None:
    made = Withdrawals("org.example/a", 1, (entry(Target(info_hash=bytes(20))),))

    assert b'{info_hash: "0000000000000000000000000000000000000000"}' in write_withdrawals(made)
    assert parse_withdrawals(write_withdrawals(made), file="") == made


def test_a_file_may_have_no_entry_yet_and_keys_of_its_own() -> None:
    made = Withdrawals("org.example/a", 1, extra=Table((("x-note", "none yet"),)))

    assert b"entries: []" in write_withdrawals(made)
    assert parse_withdrawals(write_withdrawals(made), file="") == made


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("withdrawals: 1", "withdrawals: 2", ("format-version", 1, "seedbox-withdrawals")),
        ("withdrawals: 1", "withdrawals: yes", ("type", 1, "seedbox-withdrawals")),
        ("org.example/wiki-graph", "Example/Graph", ("name", 2, "id")),
        ("sequence: 3", "sequence: 0", ("range", 3, "sequence")),
        ("sequence: 3", "sequence: 3\nsequence: 4", ("duplicate-key", 4, "sequence")),
        ("sequence: 3\n", "", ("missing-key", 1, "")),
        ("sequence: 3", "sequence: 3\nsequenze: 4", ("unknown-key", 4, "sequenze")),
        ("{shard: wiki-graph-0088}", "{}", ("missing-key", 5, "entries[0].target")),
        ("{shard: wiki-graph-0088}", "{shard: A}", ("name", 5, "entries[0].target.shard")),
        ("{shard: wiki-graph-0088}", "{items: []}", ("empty", 5, "entries[0].target.items")),
        (
            "{shard: wiki-graph-0088}",
            "{shard: a, items: [b]}",
            ("target", 5, "entries[0].target"),
        ),
        (
            "{shard: wiki-graph-0088}",
            "{info_hash: 0123}",
            ("type", 5, "entries[0].target.info_hash"),
        ),
        (
            "{shard: wiki-graph-0088}",
            f"{{info_hash: {'AB' * 20}}}",
            ("digest", 5, "entries[0].target.info_hash"),
        ),
        ("privacy", "boredom", ("choice", 6, "entries[0].reason")),
        ("stop-and-delete", "delete", ("choice", 7, "entries[0].action")),
        ("2026-10-19T00:00:00Z", "2026-10-19", ("type", 9, "entries[0].effective_by")),
        ("2026-10-19", "2026-10-11", ("effective-by", 5, "entries[0]")),
        ("https://", "ftp://", ("url", 10, "entries[0].notice")),
        ("  action", "  x-a: &a 1\n  action", ("anchor", 7, "entries[0].x-a")),
    ],
)
def test_what_is_wrong_is_told_with_rule_line_and_path(
    old: str, new: str, expected: tuple[str, int, str]
) -> None:
    assert expected in problems(EXAMPLE.replace(old, new, 1))


def test_all_problems_come_at_once() -> None:
    found = problems(EXAMPLE.replace("sequence: 3", "sequence: no").replace("privacy", "boredom"))

    assert [rule for rule, _, _ in found] == ["type", "choice"]


def test_limits_and_form_are_those_of_manifests() -> None:
    assert problems(b"\xef\xbb\xbf" + EXAMPLE.encode())[0][0] == "encoding"
    assert problems(f"x-deep: {'[' * 40}{']' * 40}\n")[0][0] == "nesting"
    assert problems(b" " * (64 * 1024 * 1024 + 1))[0][0] == "too-large"
    assert problems("entries: [")[0][0] == "yaml"


def test_the_hint_for_an_empty_file_is_about_withdrawals() -> None:
    with pytest.raises(InvalidWithdrawalsError) as caught:
        parse_withdrawals(b"", file="w")

    assert caught.value.hint == "Start it with `seedbox-withdrawals: 1`."


@pytest.mark.parametrize("wrong", [{}, {"shard": "a", "items": ("b",)}])
def test_a_target_names_exactly_one_thing(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a target is a shard, an info-hash or items"):
        Target(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(shard="a"), "shard a"),
        (Target(info_hash=V1), f"info-hash {V1.hex()}"),
        (Target(items=("x",)), "item x"),
        (Target(items=("x", "y", "z")), "item x and 2 more"),
    ],
)
def test_a_target_names_itself(target: Target, words: str) -> None:
    assert str(target) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [(V1.hex(), V1), (V2.hex(), V2), ("wiki-0001", None), (V1.hex().upper(), None), ("ab", None)],
)
def test_an_info_hash_is_40_or_64_hex_digits(text: str, expected: bytes | None) -> None:
    assert info_hash_of(text) == expected


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(
    lambda text: bool(text.strip()) and not {"\ufffe", "\uffff"} & set(text)
)
TARGETS = st.one_of(
    st.builds(Target, shard=st.from_regex(r"[a-z0-9._-]{1,100}", fullmatch=True)),
    st.builds(Target, info_hash=st.binary(min_size=20, max_size=20)),
    st.builds(Target, info_hash=st.binary(min_size=32, max_size=32)),
    st.builds(Target, items=st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1))  # noqa: DTZ001  (UTC comes next)
ENTRIES = st.builds(
    lambda target, reason, action, issued: Entry(
        target, reason, action, issued.replace(tzinfo=UTC), issued.replace(tzinfo=UTC)
    ),
    TARGETS,
    st.sampled_from(Reason),
    st.sampled_from(Action),
    TIMES,
)


@given(st.lists(ENTRIES, max_size=4))
def test_what_is_written_is_read_back(entries: list[Entry]) -> None:
    made = Withdrawals("org.example/a", 7, tuple(entries))

    assert parse_withdrawals(write_withdrawals(made), file="") == made


@given(st.one_of(st.binary(), st.integers(0, len(EXAMPLE)), st.text()))
def test_whatever_stands_in_the_file_nothing_but_its_own_error_is_raised(
    noise: bytes | int | str,
) -> None:
    data = EXAMPLE.encode()
    if isinstance(noise, int):
        data = data[:noise]  # cut short
    elif isinstance(noise, str):
        data = data.replace(b"privacy", noise.encode("utf-8", "replace"))
    else:
        data = noise
    with contextlib.suppress(InvalidWithdrawalsError):
        parse_withdrawals(data, file="")


# --- growing ----------------------------------------------------------------------------------

LATER = entry(Target(info_hash=V2))


def test_a_file_that_keeps_every_entry_and_has_a_higher_sequence_has_grown() -> None:
    assert list(grown(FIRST, replace(FIRST, sequence=4, entries=(SHARD, LATER)))) == []
    assert list(grown(FIRST, replace(FIRST, sequence=9))) == []
    assert list(grown(FIRST, FIRST)) == []


@pytest.mark.parametrize(
    ("new", "path", "words"),
    [
        (replace(FIRST, id="org.example/b"), "id", "id is org.example/b"),
        (replace(FIRST, sequence=2), "sequence", "sequence is 2, the withdrawals before have 3"),
        (replace(FIRST, entries=(SHARD, LATER)), "sequence", "sequence is 3"),
        (replace(FIRST, sequence=4, entries=()), "entries[0]", "shard wiki-graph-0088 is gone"),
        (
            replace(FIRST, sequence=4, entries=(LATER, SHARD)),
            "entries[0]",
            f"it is on info-hash {V2.hex()} now",
        ),
        (
            replace(FIRST, sequence=4, entries=(replace(SHARD, action=Action.STOP),)),
            "entries[0]",
            "shard wiki-graph-0088 is not what it was",
        ),
    ],
)
def test_whatever_else_a_later_file_does_is_a_problem_of_its_place(
    new: Withdrawals, path: str, words: str
) -> None:
    (found,) = grown(FIRST, new)

    assert found[0] == path
    assert words in found[2]


def test_the_digest_of_entries_tells_whether_a_file_begins_with_them() -> None:
    both = (SHARD, LATER)

    assert digest(both[:1]) == digest((SHARD,))
    assert digest(both) != digest((LATER, SHARD))
    assert digest((replace(SHARD, effective_by=DUE + timedelta(1)),)) != digest((SHARD,))
