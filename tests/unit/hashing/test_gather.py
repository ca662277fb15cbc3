import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from seedbox import disk
from seedbox.errors import DiskError, SeedboxError, SourceChangedError
from seedbox.hashing.gather import FileReader, Part, file_reader, gather, gather_portable
from support.content import content, write
from support.faults import nothing_left_open

FILES = {"a": b"12345", "b/c": content("c", 5000), "b/d/e": b"", "ü/é": content("é", 10)}
Gather = Callable[[list[disk.Located], list[Part], memoryview], bool]


@pytest.fixture(params=["extension", "steps", "portable"])
def read(request: pytest.FixtureRequest) -> Gather:
    extension = file_reader()
    if request.param == "portable" or extension is None:
        return lambda files, parts, out: gather_portable(files, parts, out, Event())
    reader = extension if request.param == "extension" else by_steps(extension)
    return lambda files, parts, out: gather(files, parts, out, reader, extension.Progress())


def by_steps(extension: FileReader) -> FileReader:
    """The extension as it is where the system has no openat2."""
    steps = partial(extension.read_files, by_steps=True)
    return cast("FileReader", SimpleNamespace(ReadError=extension.ReadError, read_files=steps))


@pytest.fixture
def files(tmp_path: Path) -> list[disk.Located]:
    write(tmp_path / "root", FILES)
    found = [disk.look(tmp_path / "root", tuple(name.split("/"))) for name in FILES]
    return [file for file in found if isinstance(file, disk.Located)]


def test_parts_of_files_come_to_their_places(read: Gather, files: list[disk.Located]) -> None:
    out = bytearray(b"." * 30)

    with nothing_left_open():
        assert read(files, [(0, 1, 2, 3), (1, 4990, 10, 10), (3, 0, 20, 10)], memoryview(out))

    assert out == b"..234....." + FILES["b/c"][4990:] + FILES["ü/é"]


def test_files_below_several_folders_are_read_together(
    read: Gather, files: list[disk.Located], tmp_path: Path
) -> None:
    write(tmp_path / "other", {"x": b"xyz"})
    other = disk.look(tmp_path / "other", ("x",))
    assert isinstance(other, disk.Located)
    out = bytearray(6)

    assert read([files[0], other], [(0, 0, 0, 2), (1, 0, 2, 3), (0, 4, 5, 1)], memoryview(out))

    assert out == b"12xyz5"


def grown(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"x")


def touched(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def shortened(path: Path) -> None:
    os.truncate(path, 2)


def gone(path: Path) -> None:
    path.unlink()


def a_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def in_a_linked_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("happens", "error"),
    [
        (grown, SourceChangedError),
        (touched, SourceChangedError),
        (shortened, SourceChangedError),
        (gone, DiskError),
        (a_link, DiskError),
        (a_fifo, SeedboxError),
        (a_folder, SeedboxError),
        (in_a_linked_folder, DiskError),
    ],
)
def test_a_file_that_is_not_what_it_was_is_named(
    read: Gather,
    files: list[disk.Located],
    happens: Callable[[Path], None],
    error: type[SeedboxError],
) -> None:
    happens(files[1].path)

    with nothing_left_open(), pytest.raises(error) as caught:
        read(files, [(0, 0, 0, 5), (1, 0, 5, 5000)], memoryview(bytearray(5005)))

    assert str(files[1].path) in caught.value.message


@pytest.mark.parametrize("name", ["..", "../root/a", "b/../a", "b/../../root/a"])
def test_nothing_outside_of_the_folder_is_reached(files: list[disk.Located], name: str) -> None:
    extension = file_reader()
    if extension is None:
        pytest.skip("the extension was not built")
    folder = os.open(files[0].root / "b", os.O_RDONLY)
    try:
        for by_steps in (False, True):
            with pytest.raises(extension.ReadError):
                extension.read_files(
                    [(folder, name.encode(), 5, files[0].mtime_ns, 0, 0, 5)],
                    bytearray(5),
                    by_steps=by_steps,
                )
    finally:
        os.close(folder)


def test_a_folder_that_has_gone_is_named(read: Gather, files: list[disk.Located]) -> None:
    lost = replace(files[0], root=files[0].root / "none")

    with pytest.raises(DiskError, match="none"):
        read([lost], [(0, 0, 0, 5)], memoryview(bytearray(5)))


def test_a_read_that_is_cancelled_ends(files: list[disk.Located]) -> None:
    stopped, extension = Event(), file_reader()
    stopped.set()
    out = memoryview(bytearray(5))

    assert not gather_portable(files, [(0, 0, 0, 5)], out, stopped)
    if extension:
        progress = extension.Progress()
        progress.cancel()
        assert not gather(files, [(0, 0, 0, 5)], out, extension, progress)


def test_a_file_that_ends_while_it_is_read_is_named(files: list[disk.Located]) -> None:
    with nothing_left_open(), pytest.raises(SourceChangedError, match="ends after 5 bytes"):
        gather_portable(files, [(0, 3, 0, 4)], memoryview(bytearray(4)), Event())


def test_a_file_that_is_again_what_it_was_is_named_all_the_same(files: list[disk.Located]) -> None:
    extension = file_reader()
    if extension is None:
        pytest.skip("the extension was not built")

    def read_files(*_: object, **__: object) -> bool:
        raise extension.ReadError(0, 3, None)

    reader = SimpleNamespace(ReadError=extension.ReadError, read_files=read_files)
    with pytest.raises(SourceChangedError, match="ends after 3 bytes"):
        gather(
            files,
            [(0, 0, 0, 5)],
            memoryview(bytearray(5)),
            cast("FileReader", reader),
            extension.Progress(),
        )
