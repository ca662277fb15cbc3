"""What libtorrent is given of a .torrent; which files it may use is in tests/contract."""

from pathlib import Path

import pytest

from seedbox.engine.base import AddTorrent, Mode
from seedbox.engine.libtorrent.intake import Loaded, Rejected, load
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from support import torrents

EVERYTHING = Extras(
    trackers=(("udp://127.0.0.1:1",), ("http://127.0.0.1:2/announce",)),
    web_seeds=("http://127.0.0.1:3/",),
    collections=("org.example/rivers",),
    creation_date=1_700_000_000,
    comment="a trap: 4:infod",
)


@pytest.mark.parametrize("form", torrents.FORMS)
def test_libtorrent_never_learns_of_collections(tmp_path: Path, form: Format) -> None:
    """It would hold every shard of a dataset against every other: 16 s for 10,000 of them."""
    made = torrents.make({"a.txt": b"rivers", "b/c.txt": b"lakes"}, form, extras=EVERYTHING)
    for path, data in (("a.txt", b"rivers"), ("b/c.txt", b"lakes")):
        (tmp_path / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / path).write_bytes(data)
    have = (True,) * made.num_pieces

    loaded = load(AddTorrent(made.raw, made.info_hash, tmp_path, Mode.SEED, have))

    assert isinstance(loaded, Loaded)
    assert loaded.params.ti is not None
    assert loaded.params.ti.collections() == []
    assert loaded.params.ti.info_section() in made.raw


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"d", id="cut off"),
        pytest.param(b"de", id="empty"),
        pytest.param(b"d7:comment", id="a key without a value"),
        pytest.param(b"d7:commenti7", id="an integer without an end"),
        pytest.param(b"d8:announce99999999999:", id="a string past the end"),
        pytest.param(b"d13:announce-list" + b"l" * 10_000, id="lists without an end"),
        pytest.param(b"d4:info", id="no info dict behind its key"),
        pytest.param(b"d4:infoi7ee", id="a number for an info dict"),
    ],
)
def test_what_has_no_info_dict_is_refused(tmp_path: Path, broken: bytes) -> None:
    info_hash = torrents.make({"a.txt": b"rivers"}, Format.V1).info_hash

    refused = load(AddTorrent(broken, info_hash, tmp_path, Mode.SEED, ()))

    assert isinstance(refused, Rejected)
    assert refused.refused.reason
