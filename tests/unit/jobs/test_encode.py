"""Encoding: what becomes of which item, how it is told, and what is left on the disk."""

import stat
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.catalog.encoders import BUILT_IN
from seedbox.errors import InUseError
from seedbox.jobs.encode import EncodeTask, Why, encode_all
from seedbox.jobs.encoder_programs import prepare
from seedbox.jobs.events import Advanced, Done, Event, Note, Started, ignore
from support.content import contents, write
from support.encoders import HALVES, encode, left, needs_zstd, ready
from support.faults import nothing_left_open

FILES = contents({"a": 3000, "b/c": 2000, "b/d": 1000, "e": 4000})
# Fails for the item `a` alone.
MOSTLY = "if source.endswith('/a'): sys.exit('no such key')\n" + HALVES


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


@pytest.mark.parametrize("jobs", [1, 3, 16])
def test_every_item_is_encoded_and_known_by_both_digests(
    source: Path, tmp_path: Path, jobs: int
) -> None:
    with nothing_left_open():
        report = encode(source, tmp_path / "out", ready(HALVES, tmp_path / "out"), jobs=jobs)

    assert report.ok
    assert list(report.done) == ["a", "b/c", "b/d", "e"]
    for name, data in FILES.items():
        each = report.done[name]
        half = data[: len(data) // 2]
        assert each.file.path.read_bytes() == half
        assert (each.sha256, each.original_sha256) == (
            sha256(half).digest(),
            sha256(data).digest(),
        )
        assert each.original.path.read_bytes() == data
        assert each.seconds > 0
    assert (report.before, report.after, report.reused) == (10_000, 5_000, 0)
    assert (report.kept, report.named) == ({}, ())
    assert left(tmp_path / "out") == [".half"] * 4 + [".json"] * 4


def test_progress_is_told_in_bytes_of_originals(source: Path, tmp_path: Path) -> None:
    events: list[Event] = []

    encode(source, tmp_path / "out", ready(HALVES, tmp_path / "out"), on_event=events.append)

    assert events[0] == Started("encode", 10_000)
    assert events[-2:] == [Advanced("encode", 10_000), Done("encode")]
    done = [event.done for event in events if isinstance(event, Advanced)]
    assert done == sorted(done)
    assert len(done) == 4


def test_what_was_encoded_before_is_not_encoded_again(source: Path, tmp_path: Path) -> None:
    # Leaves a mark beside the sources, which are outside of its own folder, each time that it runs.
    marks = tmp_path / "marks"
    marks.mkdir()
    code = f"import tempfile; tempfile.mkstemp(dir={str(marks)!r})\n{HALVES}"
    how = ready(code, tmp_path / "out")
    first = encode(source, tmp_path / "out", how)
    (source / "b/c").write_bytes(b"another one")
    events: list[Event] = []

    second = encode(source, tmp_path / "out", how, on_event=events.append)

    assert len(list(marks.iterdir())) == 5
    assert (first.reused, second.reused) == (0, 3)
    assert {name for name in FILES if first.done[name] == second.done[name]} == {"a", "b/d", "e"}
    assert Note("3 of 4 items were encoded before") in events


@pytest.mark.parametrize(
    ("code", "check", "why", "words"),
    [
        ("sys.exit('no such key')", None, Why.FAILED, "ended with status 1: no such key"),
        ("pass", None, Why.FAILED, "what the encoder should have made is missing"),
        ("open(target, 'x')", None, Why.FAILED, "the encoder made an empty file"),
        ("os.mkdir(target)", None, Why.FAILED, "should have made is no regular file"),
        ("os.symlink(source, target)", None, Why.FAILED, "should have made is a symbolic link"),
        ("os.mkfifo(target)", None, Why.FAILED, "should have made is no regular file"),
        ("os.link(source, target)", None, Why.LARGER, "it would have no less than its 3,000 bytes"),
        (
            "open(target, 'wb').write(b'x' * 9999)",
            None,
            Why.LARGER,
            "it would have no less than its 3,000 bytes",
        ),
        (
            "open(target, 'wb').write(b'x' * 9999)\ntime.sleep(600)",
            None,
            Why.LARGER,
            "it would have no less than its 3,000 bytes",
        ),
        (HALVES, "sys.exit('not mine')", Why.CHECK, "ended with status 1: not mine"),
    ],
)
def test_an_item_that_cannot_be_encoded_keeps_its_original_and_is_named(
    tmp_path: Path, code: str, check: str | None, why: Why, words: str
) -> None:
    write(tmp_path / "source", {"a": FILES["a"]})

    report = encode(
        tmp_path / "source", tmp_path / "out", ready(code, tmp_path / "out", check=check)
    )

    assert report.done == {}
    assert report.kept == {why: 1}
    assert [(kept.id, kept.why) for kept in report.named] == [("a", why)]
    assert words in report.named[0].words
    assert report.ok is (why is Why.LARGER)
    assert (tmp_path / "source" / "a").read_bytes() == FILES["a"]
    assert left(tmp_path / "out") == ([".json"] if why is Why.LARGER else [])


def test_a_check_that_agrees_lets_a_result_pass(source: Path, tmp_path: Path) -> None:
    check = "assert open(source, 'rb').read().startswith(open(target, 'rb').read())"

    assert encode(source, tmp_path / "out", ready(HALVES, tmp_path / "out", check=check)).ok


def test_one_item_that_fails_is_no_matter_to_the_others(source: Path, tmp_path: Path) -> None:
    report = encode(source, tmp_path / "out", ready(MOSTLY, tmp_path / "out"))

    assert list(report.done) == ["b/c", "b/d", "e"]
    assert report.kept == {Why.FAILED: 1}
    assert not report.ok


def test_an_item_that_failed_is_tried_again_and_one_that_was_larger_is_not(
    source: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    code = (
        f"if source.endswith('/a'):\n    open({str(mark)!r}, 'a').write('a')\n    sys.exit(1)\n"
        f"open({str(mark)!r}, 'a').write('b')\nos.link(source, target)"
    )
    how = ready(code, tmp_path / "out")

    first = encode(source, tmp_path / "out", how)
    second = encode(source, tmp_path / "out", how)

    assert sorted(mark.read_text()) == ["a", "a", "b", "b", "b"]
    assert first == second
    assert first.kept == {Why.LARGER: 3, Why.FAILED: 1}


def test_the_first_twenty_of_a_kind_are_named_whichever_was_quicker(tmp_path: Path) -> None:
    names = [f"{number:02}" for number in range(30)]
    write(tmp_path / "source", dict.fromkeys(names, b"data"))

    report = encode(
        tmp_path / "source", tmp_path / "out", ready("sys.exit(1)", tmp_path / "out"), jobs=8
    )

    assert report.kept == {Why.FAILED: 30}
    assert [kept.id for kept in report.named] == names[:20]


def test_an_encoder_may_leave_what_it_likes_in_its_own_folder(source: Path, tmp_path: Path) -> None:
    code = HALVES + "os.makedirs('x/y'); open('x/y/z', 'w').write('1'); open('log', 'w')"

    assert encode(source, tmp_path / "out", ready(code, tmp_path / "out")).ok
    assert left(tmp_path / "out") == [".half"] * 4 + [".json"] * 4


def test_names_that_look_like_options_or_commands_are_only_names(tmp_path: Path) -> None:
    names = ["-rf", "$(touch x)", "{out}", "a b'\"", "\udcff", "ü\n"]
    write(tmp_path / "source", {name: name.encode(errors="replace") * 9 for name in names})

    report = encode(tmp_path / "source", tmp_path / "out", ready(HALVES, tmp_path / "out"))

    assert set(report.done) == set(names)


def test_the_folder_may_be_named_from_the_current_one(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    report = encode(source, Path("out"), ready(HALVES, Path("out")))

    assert len(report.done) == 4
    assert report.done["a"].file.path.is_relative_to(tmp_path / "out")


def test_nothing_to_encode_is_no_trouble(tmp_path: Path) -> None:
    report = encode_all([], tmp_path / "out", jobs=None, on_event=ignore)

    assert (report.ok, report.done, report.before) == (True, {}, 0)


def test_two_at_work_in_one_folder_are_one_too_many(source: Path, tmp_path: Path) -> None:
    how = ready(HALVES, tmp_path / "out")
    with disk.lock(tmp_path / "out"), pytest.raises(InUseError):
        encode(source, tmp_path / "out", how)


@needs_zstd
def test_zstd_makes_the_same_smaller_file_each_time(tmp_path: Path) -> None:
    write(tmp_path / "source", {"text": b"all work and no play\n" * 999, "noise": FILES["e"]})
    (tmp_path / "source" / "text").chmod(0o600)
    reports = []
    for out in (tmp_path / "one", tmp_path / "two"):
        how = prepare(BUILT_IN["zstd-19"], out)
        listing = disk.scan(tmp_path / "source")
        tasks = [EncodeTask("/".join(file.parts), file, how) for file in listing.files]
        reports.append(encode_all(tasks, out, jobs=2, on_event=ignore))

    one, two = reports
    assert one.kept == two.kept == {Why.LARGER: 1}
    assert one.done["text"].sha256 == two.done["text"].sha256
    assert one.after < 100
    mode = one.done["text"].file.path.stat().st_mode
    assert stat.S_IMODE(mode) == 0o644
