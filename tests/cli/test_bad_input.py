"""Bad input gets an error with code, hint and exit status, and changes nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seedbox.torrent.info_hash import Format
from support import reference
from support.cli import Process, Ran, run, run_process, snapshot
from support.faults import no_file_over, refusing
from support.publisher import HEAD, Publisher, publisher
from support.torrents import make

NOBODY = 65_534  # the user id that no file belongs to


def refused(ran: Ran, status: int, code: str, words: str) -> None:
    """Hold an outcome to all that an error owes its reader."""
    assert ran.error[:2] == (status, code), ran
    _, _, message, hint = ran.error
    assert words in message
    assert hint[0].isupper()
    assert "Traceback" not in ran.err


def build_refuses(dataset: Publisher, status: int, code: str, words: str) -> None:
    before = snapshot(dataset.folder)

    refused(run(*dataset.arguments(), "--json"), status, code, words)

    assert snapshot(dataset.folder) == before


# --- the source -------------------------------------------------------------------------------


def replace_source(dataset: Publisher, make: Callable[[Path], object]) -> None:
    shutil.rmtree(dataset.source)
    dataset.table.write_text("path,value\n")
    make(dataset.source)


def only_a_dangling_link(source: Path) -> None:
    source.symlink_to("nowhere")


def only_empty_files(source: Path) -> None:
    source.mkdir()
    (source / "empty").touch()


def only_a_link(source: Path) -> None:
    source.mkdir()
    (source / "link").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Path.exists, "does not exist"),  # which makes nothing
        (only_a_dangling_link, "does not exist"),
        (Path.mkdir, "holds no data"),
        (only_empty_files, "holds no data"),
        (only_a_link, "holds no data"),
        (os.mkfifo, "is no file and no folder"),
    ],
)
def test_a_source_without_data(
    dataset: Publisher, make: Callable[[Path], object], words: str
) -> None:
    replace_source(dataset, make)

    build_refuses(dataset, 4, "source", words)


def test_a_source_behind_a_file(dataset: Publisher) -> None:
    before = snapshot(dataset.folder)

    ran = run(*dataset.arguments(source=dataset.source / "a.bin" / "x"), "--json")

    refused(ran, 4, "source", "does not exist")
    assert snapshot(dataset.folder) == before


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Be somebody whom file modes bind, which they do not bind root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Publisher]:
    """A dataset in a folder that everybody may use."""
    with tempfile.TemporaryDirectory() as folder:
        made = publisher(Path(folder) / "publisher")
        Path(folder).chmod(0o755)
        made.folder.chmod(0o777)
        run(*made.arguments(out=Path(folder) / "warm"))  # what is imported later may be unreadable
        yield made


@pytest.mark.parametrize("path", ["a.bin", "b", ""])
def test_a_source_that_may_not_be_read(shared: Publisher, path: str) -> None:
    before = snapshot(shared.folder)
    (shared.source / path).chmod(0)
    try:
        with unprivileged():
            ran = run(*shared.arguments(), "--json")
    finally:
        (shared.source / path).chmod(0o755)

    refused(ran, 5, "disk", "Permission denied")
    assert str(shared.source / path) in ran.error[2]
    kept = {name for name in snapshot(shared.folder) if not name.startswith("out")}
    assert kept == set(before)
    assert not shared.manifest.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [("bad\nname", "control"), ("con.txt", "Windows"), ("A.BIN", "a.bin")],
)
def test_paths_that_not_every_system_can_hold(dataset: Publisher, name: str, words: str) -> None:
    (dataset.source / name).write_text("x")

    build_refuses(dataset, 4, "unsafe-path", words)


def test_a_file_that_changes_while_it_is_hashed(dataset: Publisher) -> None:
    large = dataset.source / "large.bin"
    large.touch()
    os.truncate(large, 64 << 20)  # more events than a pipe holds, so that it waits for us
    arguments = dataset.arguments(popularity=None, piece_length="16KiB", shard_size="1GB")
    with Process(*arguments, "--json") as build:
        build.until("started")
        with large.open("ab") as stream:
            stream.write(b"more")
        ran = build.end()

    refused(ran, 5, "source-changed", "large.bin changed while it was read")
    assert not dataset.manifest.exists()
    assert not (dataset.out / "torrents").exists()


# --- the popularity table ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("path,value\na.bin,1\nb/none.bin,2\n", "path 'b/none.bin' is not in"),
        ("path,value\n../a.bin,1\n", "path '../a.bin' is not in"),
        ("path,value\na.bin,many\n", "value 'many' of 'a.bin' is no number from zero up"),
        ("path,value\na.bin,NaN\n", "value 'NaN' of 'a.bin' is no number from zero up"),
        ("path,value\na.bin,inf\n", "value 'inf' of 'a.bin' is no number from zero up"),
        ("path,value\na.bin,-1\n", "value '-1' of 'a.bin' is no number from zero up"),
        ("path,value\na.bin,\n", "value '' of 'a.bin' is no number from zero up"),
        ("path,value\na.bin,1\na.bin,1\n", "path 'a.bin' comes again, first in line 2"),
        ("path,value\na.bin\n", "has 1 cells"),
        ("a.bin,1\n", "names the column 'path' 0 times"),
        ("", "names the column 'path' 0 times"),
        ('path,value\n"a.bin,1\n', "is no CSV"),
        ("path,value\n\xff,1\n", "is not UTF-8"),
    ],
)
def test_a_popularity_table_that_cannot_be_used(dataset: Publisher, table: str, words: str) -> None:
    dataset.table.write_bytes(table.encode("latin-1"))

    build_refuses(dataset, 4, "invalid-popularity", words)


def test_a_popularity_table_that_is_not_there(dataset: Publisher) -> None:
    dataset.table.unlink()

    build_refuses(dataset, 4, "source", "does not exist")


def test_all_problems_of_a_table_come_at_once_with_their_lines(dataset: Publisher) -> None:
    dataset.table.write_text("path,value\na.bin,x\n\ne.bin,-1\n")

    _, _, message, _ = run(*dataset.arguments(), "--json").error

    assert f"{dataset.table}:2: value 'x'" in message
    assert f"{dataset.table}:4: value '-1'" in message


# --- the dataset and its license --------------------------------------------------------------


@pytest.mark.parametrize(
    ("license_line", "words"),
    [
        ("  spdx: CC-BY-NC-4.0", "CC-BY-NC-4.0"),
        ("  spdx: CC-BY-ND-4.0", "CC-BY-ND-4.0"),
        ("  spdx: CC-BY-4.0 AND CC-BY-NC-4.0", "CC-BY-NC-4.0"),
        ("  spdx: NOASSERTION", "NOASSERTION"),
        ("  spdx: LicenseRef-mine", "LicenseRef-mine"),
    ],
)
def test_a_license_that_is_not_open(dataset: Publisher, license_line: str, words: str) -> None:
    dataset.head.write_text(HEAD.replace("  spdx: CC-BY-4.0", license_line))

    build_refuses(dataset, 7, "license-refused", words)


def test_no_license_at_all(dataset: Publisher) -> None:
    start, end = HEAD.index("license:"), HEAD.index("root:")
    dataset.head.write_text(HEAD[:start] + HEAD[end:])

    build_refuses(dataset, 7, "license-refused", "license")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seedbox: 1\n", "id"),
        (HEAD + "colour: red\n", "colour"),
        (HEAD + "title: Twice\n", "title"),
        (HEAD.replace("org.example/set", "Set"), "id"),
        ("[" * 100_000, ""),
        ("\x00", ""),
    ],
)
def test_a_dataset_yaml_that_breaks_its_rules(dataset: Publisher, text: str, words: str) -> None:
    dataset.head.write_text(text)

    build_refuses(dataset, 4, "invalid-manifest", words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"piece_length": "48KiB"}, "power of two"),
        ({"shard_size": "0"}, "is nothing"),
        ({"shard_size": "many"}, "is not a size"),
        ({"pack": "zip"}, "zip"),
        ({"web_seed": "https://x.example/no-slash"}, "end it with a /"),
    ],
)
def test_options_that_ask_for_what_cannot_be(
    dataset: Publisher, changes: dict[str, object], words: str
) -> None:
    before = snapshot(dataset.folder)

    refused(run(*dataset.arguments(**changes), "--json"), 2, "usage", words)

    assert snapshot(dataset.folder) == before


# --- the disk ---------------------------------------------------------------------------------


def test_a_disk_that_takes_no_more_leaves_no_half_torrent(dataset: Publisher) -> None:
    with no_file_over(1_000):  # bytes; the smallest torrent has more
        ran = run_process(*dataset.arguments(), "--json")

    refused(ran, 5, "disk", "File too large")
    assert list(dataset.out.rglob("*.part")) == []
    assert not dataset.manifest.exists()
    assert run(*dataset.arguments()).status == 0


def test_a_disk_that_is_full_is_named_with_what_is_free(dataset: Publisher) -> None:
    with refusing("fsync", "*.torrent.*.part", errno.ENOSPC):
        ran = run(*dataset.arguments(), "--json")

    refused(ran, 5, "no-space", f"set-0001.torrent does not fit into {dataset.out}/torrents, ")
    assert list(dataset.out.rglob("*.part")) == []
    assert not dataset.manifest.exists()
    assert run(*dataset.arguments()).status == 0


def test_out_where_nothing_can_be_made(dataset: Publisher) -> None:
    ran = run(*dataset.arguments(out=dataset.head / "out"), "--json")

    refused(ran, 5, "disk", "Not a directory")


# --- torrents ---------------------------------------------------------------------------------


GOOD = make({"a": b"x"}, Format.HYBRID, name="a", single=True).raw
TOP = {b"piece length": 16_384, b"pieces": bytes(20)}
CLIMBING = {**TOP, b"name": b"..", b"length": 1}
BELOW = {**TOP, b"name": b"x", b"files": [{b"length": 1, b"path": [b"..", b"etc", b"passwd"]}]}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (GOOD[:-1], "byte"),
        (GOOD[: len(GOOD) // 2], "byte"),
        (GOOD + b"x", "byte"),
        (b"", "byte"),
        (b"not a torrent", "byte"),
        (b"l" * 10_000 + b"e" * 10_000, "deep"),
        (reference.bencode({b"info": CLIMBING}), ".."),
        (reference.bencode({b"info": BELOW}), ".."),
    ],
)
@pytest.mark.parametrize("verb", ["show", "verify"])
def test_a_torrent_that_is_none(dataset: Publisher, raw: bytes, words: str, verb: str) -> None:
    bad = dataset.folder / "bad.torrent"
    bad.write_bytes(raw)
    before = snapshot(dataset.folder)

    ran = run(verb, bad, *([dataset.source] if verb == "verify" else []), "--json")

    refused(ran, 4, "invalid-torrent", words)
    assert ran.error[2].startswith(f"{bad} is not a usable torrent: ")
    assert snapshot(dataset.folder) == before


def test_a_torrent_that_is_too_large(built: Publisher) -> None:
    bad = built.folder / "bad.torrent"
    with bad.open("wb") as stream:
        stream.truncate((64 << 20) + 1)

    refused(run("show", bad, "--json"), 4, "source", "is longer than 67,108,864 bytes")


@pytest.mark.parametrize("verb", ["seed", "fetch", "verify"])
def test_a_bad_torrent_beside_a_manifest(built: Publisher, verb: str) -> None:
    built.torrent(2).write_bytes(built.torrent(2).read_bytes()[:-1])
    before = snapshot(built.folder)
    more: dict[str, list[object]] = {
        "seed": ["--data", built.source, "--listen", "127.0.0.1:0"],
        "fetch": ["--out", built.folder / "mirror"],
        "verify": [built.source],
    }

    ran = run(verb, built.manifest, *more[verb], "--json")

    refused(ran, 4, "invalid-torrent", str(built.torrent(2)))
    assert snapshot(built.folder) == before
