"""Checks: what may stand for its original, with real sound where ffmpeg is at hand."""

import sys
import wave
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.catalog.encoders import BUILT_IN, Check, filled, sample
from seedbox.jobs import programs
from seedbox.jobs.checks import Checker, Pair
from seedbox.jobs.encode import EncodeReport, Why
from seedbox.jobs.encoder_programs import prepare
from support.encoders import PYTHON, encode, needs_ffmpeg, needs_zstd

TONE = sample(BUILT_IN["opus-75k"]) or b""
BOUNDS = programs.Bounds(60.0)


def run(*command: object) -> None:
    line = [programs.find(str(command[0])) or "", *map(str, command[1:])]
    ran = programs.run(line, Path("/"), BOUNDS)
    assert ran.well, ran.words


def ffmpeg(*arguments: object) -> None:
    run("ffmpeg", "-nostdin", "-v", "error", "-y", *arguments)


def problem(encoder: str, original: Path, made: Path, folder: Path) -> str | None:
    where = {name: programs.find(name) or "" for name in ("ffmpeg", "ffprobe", "zstd")}
    checker = Checker(BUILT_IN[encoder], where, folder, BOUNDS)
    return checker.problem(Pair(original, sha256(original.read_bytes()).digest(), made))


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "tone.wav"
    path.parent.mkdir()
    path.write_bytes(TONE)
    return path


def opus(source: Path, target: Path) -> None:
    run(*filled(BUILT_IN["opus-75k"].run, source=str(source), target=str(target)))


@needs_ffmpeg
def test_opus_that_plays_as_long_as_its_original_passes(tone: Path, tmp_path: Path) -> None:
    opus(tone, tmp_path / "a.opus")

    assert problem("opus-75k", tone, tmp_path / "a.opus", tmp_path) is None


@needs_ffmpeg
def test_opus_that_plays_shorter_is_refused_with_both_times(tone: Path, tmp_path: Path) -> None:
    with wave.open(str(tone)) as whole, wave.open(str(tmp_path / "cut.wav"), "wb") as cut:
        cut.setparams(whole.getparams())
        cut.writeframes(whole.readframes(39_000))
    opus(tmp_path / "cut.wav", tmp_path / "a.opus")

    said = problem("opus-75k", tone, tmp_path / "a.opus", tmp_path)

    assert said is not None
    assert said.startswith("it plays 0.8")
    assert said.endswith("the original 1.00 s")


@needs_ffmpeg
@pytest.mark.parametrize("damage", ["cut", "flipped", "garbage", "playlist"])
def test_opus_that_does_not_decode_is_refused(tone: Path, tmp_path: Path, damage: str) -> None:
    made = tmp_path / "a.opus"
    opus(tone, made)
    data = made.read_bytes()
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile://{tone}\n#EXT-X-ENDLIST\n"
    damaged = {
        "cut": data[:5000],
        "flipped": data[:5000] + bytes([data[5000] ^ 0xFF]) + data[5001:],
        "garbage": TONE[1000:9000],
        "playlist": playlist.encode(),
    }
    made.write_bytes(damaged[damage])

    said = problem("opus-75k", tone, made, tmp_path)

    assert said is not None
    assert "decode" in said or "it plays" in said


@needs_ffmpeg
def test_an_original_whose_header_is_wrong_on_its_length_is_decoded(
    tone: Path, tmp_path: Path
) -> None:
    ffmpeg("-stream_loop", 3, "-i", tone, "-f", "adts", tmp_path / "a.aac")  # no length anywhere
    opus(tmp_path / "a.aac", tmp_path / "a.opus")

    assert problem("opus-75k", tmp_path / "a.aac", tmp_path / "a.opus", tmp_path) is None


@needs_ffmpeg
@pytest.mark.parametrize("encoder", ["opus-75k", "flac"])
def test_an_original_that_holds_more_than_one_sound_is_refused(
    tone: Path, tmp_path: Path, encoder: str
) -> None:
    two = ["-map", 0, "-map", 1, "-c:a", "flac", "-f", "ogg", tmp_path / "two.ogg"]
    ffmpeg("-i", tone, "-i", tone, *two)

    said = problem(encoder, tmp_path / "two.ogg", tone, tmp_path)

    assert said == "the original holds audio, audio, not audio alone"


@needs_ffmpeg
@pytest.mark.parametrize("encoder", ["opus-75k", "flac"])
def test_an_original_that_is_no_audio_is_refused(tone: Path, tmp_path: Path, encoder: str) -> None:
    (tmp_path / "text").write_bytes(b"text\n" * 100)

    said = problem(encoder, tmp_path / "text", tone, tmp_path)

    assert said is not None
    assert said.startswith("ffprobe ended with status 1")


@needs_ffmpeg
def test_flac_holds_the_very_samples_of_its_original(tone: Path, tmp_path: Path) -> None:
    made = tmp_path / "a.flac"
    run(*filled(BUILT_IN["flac"].run, source=str(tone), target=str(made)))
    ffmpeg("-i", tone, "-af", "volume=0.5", tmp_path / "softer.flac")

    assert problem("flac", tone, made, tmp_path) is None
    assert problem("flac", tone, tmp_path / "softer.flac", tmp_path) == (
        "its samples are not those of the original"
    )
    made.write_bytes(made.read_bytes()[:20_000])
    assert "decode" in (problem("flac", tone, made, tmp_path) or "")


@needs_ffmpeg
def test_sound_that_flac_cannot_hold_whole_keeps_its_original(tone: Path, tmp_path: Path) -> None:
    loud = ["-af", "volume=0.3333", "-c:a", "pcm_f64le"]
    ffmpeg("-i", tone, *loud, tone.with_name("float.wav"))
    tone.unlink()

    report = encode(tone.parent, tmp_path / "out", prepare(BUILT_IN["flac"], tmp_path / "out"))

    assert report.kept == {Why.CHECK: 1}
    assert report.named[0].words == "its samples are not those of the original"


@needs_ffmpeg
def test_opus_comes_out_the_same_from_nothing_and_has_no_tags(tone: Path, tmp_path: Path) -> None:
    ffmpeg("-i", tone, "-metadata", "title=Secret", tone.with_name("b.ogg"))

    def made(out: Path) -> EncodeReport:
        return encode(tone.parent, out, prepare(BUILT_IN["opus-75k"], out))

    one, two = made(tmp_path / "one"), made(tmp_path / "two")

    assert set(one.done) == {"tone.wav", "b.ogg"}
    for name, each in one.done.items():
        assert each.sha256 == two.done[name].sha256
        assert each.file.size < 20_000
        assert b"Secret" not in each.file.path.read_bytes()


@needs_ffmpeg
def test_a_playlist_with_the_name_of_a_sound_is_not_followed(tone: Path, tmp_path: Path) -> None:
    listed = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{tone}\n#EXT-X-ENDLIST\n"
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "a.ogg").write_text(listed * 999)

    report = encode(
        tmp_path / "evil", tmp_path / "out", prepare(BUILT_IN["opus-75k"], tmp_path / "out")
    )

    assert report.kept == {Why.FAILED: 1}


@needs_zstd
def test_what_zstd_packed_has_to_unpack_to_the_same_bytes(tmp_path: Path) -> None:
    original, made = tmp_path / "a", tmp_path / "a.zst"
    original.write_bytes(b"text\n" * 1000)
    run(*filled(BUILT_IN["zstd-19"].run, source=str(original), target=str(made)))

    assert problem("zstd-19", original, made, tmp_path) is None
    original.write_bytes(b"other" * 1000)
    assert problem("zstd-19", original, made, tmp_path) == (
        "it unpacks to other bytes than those of the original"
    )
    made.write_bytes(made.read_bytes()[:-4])
    assert "does not unpack: zstd ended" in (problem("zstd-19", original, made, tmp_path) or "")


def test_a_prober_that_says_too_much_is_heard_to_its_end_only(tmp_path: Path) -> None:
    code = "print(' ' * 10**6 + '{}')"
    encoder = replace(BUILT_IN["opus-75k"], check=Check.AUDIO)
    place = tmp_path / "ffprobe"
    place.write_text(f"#!{sys.executable}\n{code}\n")
    place.chmod(0o755)
    checker = Checker(encoder, {"ffprobe": str(place)}, tmp_path, BOUNDS)

    assert checker.problem(Pair(place, b"", place)) == "the original holds nothing, not audio alone"


def test_a_check_of_the_publisher_gets_both_paths(tmp_path: Path) -> None:
    encoder = replace(
        BUILT_IN["opus-75k"],
        check=Check.COMMAND,
        checking=(*PYTHON, "import sys; sys.exit(' '.join(sys.argv[1:]))", "{in}", "<{out}>"),
    )
    checker = Checker(encoder, {sys.executable: sys.executable}, tmp_path, BOUNDS)

    said = checker.problem(Pair(Path("/a"), b"", Path("/b")))

    assert said == f"{sys.executable} ended with status 1: /a </b>"
