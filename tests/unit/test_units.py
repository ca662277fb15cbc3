"""Sizes, rates, shares and durations, read from people and shown to them."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox import units

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("4096B", 4096),
        ("50GB", 50_000_000_000),
        ("50GiB", 53_687_091_200),
        ("1.5TiB", 1_649_267_441_664),
        ("1.1GiB", 1_181_116_006),  # and 0.4 bytes, which are dropped
        ("0.5kb", 500),
        ("2 MiB", 2_097_152),
        (" 20gib ", 21_474_836_480),
        ("3K", 3000),
        ("3Ki", 3072),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_a_size_is_read_to_the_byte(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        *[
            "GB",
            "-1",
            "1.5",
            "0.3B",
            "1,5GB",
            "1e9",
            "5XB",
            "1iB",
            "1_000",
            "9223372036854775808",
            "8EiB",
            "inf",
            "nan",
            "0x10",
        ],
        *("", "5 G B", "٣GB", "1\N{KELVIN SIGN}B", "1" * 100_000),
    ],
)
def test_what_is_no_size_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"size|whole number") as caught:
        units.parse_size(text)

    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("text", "rate"), [("5MB/s", 5_000_000), ("5 MiB / s", 5_242_880), ("20mb", 20_000_000)]
)
def test_a_rate_is_a_size_a_second(text: str, rate: int) -> None:
    assert units.parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "/s", "fast", "5MB/h", "5MB/s/s", "5Mbit"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate; write 5MB/s"):
        units.parse_rate(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("95%", Fraction(19, 20)),
        ("0.95", Fraction(19, 20)),
        ("100 %", Fraction(1)),
        ("1", Fraction(1)),
        ("0%", Fraction(0)),
        ("33.333333%", Fraction(33_333_333, 100_000_000)),
    ],
)
def test_a_share_is_exact(text: str, share: Fraction) -> None:
    assert units.parse_share(text) == share


def test_a_share_over_one_is_not_guessed_to_be_percent() -> None:
    with pytest.raises(ValueError, match="did you mean 95%"):
        units.parse_share("95")


@pytest.mark.parametrize("text", ["", "%", "101%", "-5%", "all", "95%%", "1e-1"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        units.parse_share(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("30 min", 1800),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("2d", 172_800),
        ("1w 1d", 691_200),
        ("0.5s", 0.5),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert units.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "90", "h", "1y", "-1h", "1h-", "9" * 39 + "s", "200000w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|is over 100 years"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (KIB, "1.00 KiB"),
        (1536 * MIB, "1.50 GiB"),
        (MIB - 1, "1.00 MiB"),
        (1_047_000, "1022.46 KiB"),
        (20 * GIB, "20.00 GiB"),
        (5 * TIB // 2, "2.50 TiB"),
        (2**63, "8.00 EiB"),
        (2**80, "1048576.00 EiB"),
    ],
)
def test_a_size_is_shown_with_two_decimals(size: int, shown: str) -> None:
    assert units.format_size(size) == shown


@given(st.integers(0, 2**63 - 1))
def test_a_shown_size_reads_back_to_within_its_last_digit(size: int) -> None:
    read = units.parse_size(units.format_size(size)) if size < 2**62 else size

    assert abs(read - size) <= max(size // 100, 0)


def test_a_rate_is_shown_by_the_second() -> None:
    assert units.format_rate(5 * MIB) == "5.00 MiB/s"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(801, 1000), "80.1 %"),
        (Decimal("0.280975"), "28.1 %"),
        (Fraction(1), "100.0 %"),
        (Fraction(0), "0.0 %"),
        (Decimal("0.999999"), "99.9 %"),
        (Fraction(1, 10**9), "under 0.1 %"),
        (0.5, "50.0 %"),
    ],
)
def test_a_share_is_shown_in_percent_and_never_as_all_when_some_is_missing(
    share: Fraction | Decimal | float, shown: str
) -> None:
    assert units.format_share(share) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (42.4, "42 s"),
        (59.9, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_is_shown_by_its_two_largest_units(seconds: float, shown: str) -> None:
    assert units.format_duration(timedelta(seconds=seconds)) == shown
