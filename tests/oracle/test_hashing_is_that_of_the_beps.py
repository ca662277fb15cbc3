"""Hashing from disk on several threads gives what the text of the BEPs gives in memory."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.hashing import FileDigest
from seedbox.torrent.layout import arrange
from support import reference
from support.content import write
from support.hashing import digests_of
from support.layouts import FOLDERS, MENDED, data_of, twins
from support.torrents import FORMS, KiB

LAYOUTS: dict[str, Mapping[str, bytes]] = {
    **{title: data_of(sizes) for title, sizes in (FOLDERS | MENDED).items()},
    "files of one content": twins(),
}


@pytest.mark.parametrize("piece_length", [16 * KiB, 32 * KiB, 128 * KiB])
@pytest.mark.parametrize("title", LAYOUTS)
def test_the_digests_of_a_layout_are_those_of_the_reference(
    title: str, piece_length: int, tmp_path: Path
) -> None:
    files = LAYOUTS[title]
    sizes = [(tuple(path.split("/")), len(data)) for path, data in files.items()]
    write(tmp_path / "data", files)

    for form in FORMS:
        layout = arrange("data", sizes, form=form, piece_length=piece_length)
        located = [
            found
            for found in disk.locate(tmp_path, (file.path for file in layout.files))
            if isinstance(found, disk.Located)
        ]
        whole: list[FileDigest] = []
        digests = list(digests_of(layout, located, jobs=2, on_file=whole.append))

        assert digests == reference.digests(files, piece_length, form)
        assert list(digests_of(layout, located, jobs=2)) == digests  # the fastest path
        assert {layout.files[one.file].path: one.sha256 for one in whole} == {
            ("data", *path.split("/")): sha256(data).digest() for path, data in files.items()
        }
