"""Encoders: what they read, what they call what they make, and how their commands are filled."""

import hashlib
from datetime import timedelta

import pytest

from seedbox.catalog.encoders import BUILT_IN, declared, encoder_of, filled, sample
from seedbox.errors import UsageError
from seedbox.manifest.commands import Command

OWN = Command(
    run=("shrink", "{in}", "{out}"), version=("shrink", "-V"), suffix=".tiny", reads=(".raw.txt",)
)


@pytest.mark.parametrize(
    ("encoder", "name", "takes", "renamed"),
    [
        ("opus-75k", "a.wav", True, "a.opus"),
        ("opus-75k", "A.OGG", True, "A.opus"),
        ("opus-75k", "a.b.flac", True, "a.b.opus"),
        ("opus-75k", "a.opus", True, "a.opus"),
        ("opus-75k", "a.txt", False, "a.txt.opus"),
        ("opus-75k", ".wav", True, ".wav.opus"),
        ("flac", "a.wav", True, "a.flac"),
        ("flac", "a.flac", False, "a.flac.flac"),
        ("flac", "a.mp3", False, "a.mp3.flac"),
        ("zstd-19", "a.json", True, "a.json.zst"),
        ("zstd-19", "README", True, "README.zst"),
        ("zstd-19", "a.json.zst", False, "a.json.zst.zst"),
    ],
)
def test_an_encoder_goes_by_the_suffix(encoder: str, name: str, takes: bool, renamed: str) -> None:
    built_in = BUILT_IN[encoder]

    assert built_in.takes(("folder", name)) is takes
    assert built_in.renamed(("folder", name)) == ("folder", renamed)
    assert built_in.added(("folder", name)) == ("folder", name + built_in.suffix)


def test_a_declared_encoder_reads_what_it_says_and_replaces_that_suffix() -> None:
    encoder = declared("tiny", OWN)

    assert encoder.takes(("a.raw.txt",))
    assert not encoder.takes(("a.txt",))
    assert encoder.renamed(("a.raw.txt",)) == ("a.tiny",)
    assert encoder.time_limit == timedelta(minutes=10)


def test_opus_is_made_with_the_flags_that_make_it_come_out_the_same() -> None:
    line = " ".join(BUILT_IN["opus-75k"].run)

    for flags in (
        "-map_metadata -1",
        "-c:a libopus -b:a 75k",
        "-fflags +bitexact -flags:a +bitexact",
        "-cpuflags 0",
    ):
        assert flags in line


@pytest.mark.parametrize("name", ["opus-75k", "flac"])
def test_ffmpeg_opens_nothing_but_the_file_and_no_playlist(name: str) -> None:
    line = " ".join(BUILT_IN[name].run)

    assert "-nostdin" in line
    assert "-protocol_whitelist file -format_whitelist" in line
    assert "hls" not in line
    assert "concat" not in line


def test_a_large_item_may_take_longer() -> None:
    assert BUILT_IN["zstd-19"].seconds(0) == 600
    assert BUILT_IN["zstd-19"].seconds(50_000_000) == 1600
    assert declared("tiny", OWN).seconds(50_000_000) == 600


def test_a_rendition_without_an_encoder_leaves_items_as_they_are() -> None:
    assert encoder_of("original", encode=None, command=None) is None


def test_a_rendition_names_a_built_in_encoder_or_brings_a_command() -> None:
    assert encoder_of("tail", encode="flac", command=None) == BUILT_IN["flac"]
    assert encoder_of("tail", encode=None, command=OWN) == declared("tail", OWN)


def test_an_encoder_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="'opus-64k', which is none of opus-75k, flac, zstd-19"):
        encoder_of("tail", encode="opus-64k", command=None)


def test_a_rendition_with_two_encoders_is_refused() -> None:
    with pytest.raises(UsageError, match="both `encode: flac` and a command"):
        encoder_of("tail", encode="flac", command=OWN)


def test_paths_are_filled_in_once_whatever_they_are_called() -> None:
    words = ("dd", "if={in}", "of={out}", "{in}{in}")

    assert filled(words, source="/a/{out} b", target="/c/{in}") == [
        "dd",
        "if=/a/{out} b",
        "of=/c/{in}",
        "/a/{out} b/a/{out} b",
    ]


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_built_in_encoder_has_a_sample_that_never_changes(name: str) -> None:
    data = sample(BUILT_IN[name])

    assert data is not None
    assert (data[:4], data[8:16], len(data)) == (b"RIFF", b"WAVEfmt ", 44 + 4 * 44_100)
    assert hashlib.sha256(data).hexdigest().startswith("c337bd59a71ec5ad")


def test_a_declared_encoder_has_no_sample() -> None:
    assert sample(declared("tiny", OWN)) is None
