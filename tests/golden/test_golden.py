"""Torrents made by other programs, and the ones that every Python must make of the same data."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.torrent.bencode import decode_dict
from seedbox.torrent.compose import Extras, compose
from seedbox.torrent.info_hash import Format, InfoHash
from seedbox.torrent.layout import arrange
from seedbox.torrent.metainfo import Metainfo
from support import reference
from support.content import contents
from support.golden import FOLDER, SINGLE
from support.torrents import make

HERE = Path(__file__).parent
DATA = {f"golden/{path}": data for path, data in contents(FOLDER).items()} | contents(SINGLE)

V1_BY_PROGRAM = {
    "mktorrent-folder": "3b66e394592edd50e6dcb06ef5987378ebf51431",
    "mktorrent-single": "f6841c6b88f9a1d159e0cba7bd592dcd217bc3a5",
    "transmission-folder": "aa711e48f696655fc7fe4499d3b51c03cfcc842e",
    "transmission-single": "5ba0be6f7f8f997d7a439f2aa8151bf25e9a5e0a",
    "bep52-hybrid": "d7f218d3a1a27b898fd4848e49740d2f031340db",
    "bep52-single": "e7e32b89cf2844c85e697d646ceba25a75962feb",
    "libtorrent-v1-padded": "24c5bdd953a6f5a85190f993d2eac15f513e5bce",
    "libtorrent-hybrid": "6ee50b1e3f2b6cccf65e03ecd213839ce2610b48",
    "libtorrent-hybrid-tail": "d7f218d3a1a27b898fd4848e49740d2f031340db",
}
V2_BY_PROGRAM = {
    "bep52-hybrid": "2f81da823ab5088a08d261817473d2e88157be967b226e32910c6e6033e6eacf",
    "bep52-v2": "c6a24ec65238a6e8adff59a234503c5624cb33eecedb50e14bd3f8c68258b732",
    "bep52-single": "76afe54bb49c7d1cfdff950ce3d435c87862c55953443f064c59b125888f4ba2",
    "libtorrent-v2": "c6a24ec65238a6e8adff59a234503c5624cb33eecedb50e14bd3f8c68258b732",
    "libtorrent-hybrid": "8c3a2bf301c5a211ac2d30de9f712f7241f44a465a38c0420d30d7994f7eacb1",
    "libtorrent-hybrid-tail": "2f81da823ab5088a08d261817473d2e88157be967b226e32910c6e6033e6eacf",
}
NAMES = sorted(V1_BY_PROGRAM | V2_BY_PROGRAM)

SORTED = ["empty.txt", "notes/readme.md", "notes/ünïcode.txt", "train", "val.bin"]
BY_TRANSMISSION = ["notes/ünïcode.txt", "notes/readme.md", "train", "val.bin"]

LIBTORRENT = {
    "trackers": (("http://a.example/announce",), ("udp://b.example:6969",)),
    "web_seeds": ("http://seed.example/", "http://mirror.example/"),
    "creation_date": 1_700_000_000,
    "comment": "made by libtorrent",
    "created_by": "libtorrent 2.1.1",
}
BESIDE: dict[str, dict[str, object]] = {
    "mktorrent-folder": {
        "trackers": (("http://tracker.example/announce",),),
        "comment": "made by mktorrent",
        "created_by": "mktorrent 1.1",
    },
    "mktorrent-single": {
        "trackers": (
            ("http://a.example/announce", "http://b.example/announce"),
            ("udp://c.example:6969/announce",),
        ),
        "web_seeds": ("http://seed.example/single.bin",),
        "creation_date": 1_795_342_304,
        "created_by": "mktorrent 1.1",
        "private": True,
    },
    "transmission-folder": {
        "trackers": (("http://tracker.example/announce",),),
        "creation_date": 1_795_342_305,
        "comment": "made by transmission",
        "created_by": "Transmission/3.00 (bb6b5a062e)",
    },
    "transmission-single": {
        "trackers": (("http://a.example/announce",), ("udp://c.example:6969/announce",)),
        "creation_date": 1_795_342_305,
        "created_by": "Transmission/3.00 (bb6b5a062e)",
    },
    **{
        f"bep52-{name}": {"trackers": (("http://example.com/announce",),)}
        for name in ("hybrid", "v2", "single")
    },
    "libtorrent-v1-padded": {
        **LIBTORRENT,
        "similar": (bytes(range(20)),),
        "collections": ("golden",),
    },
    **{f"libtorrent-{name}": LIBTORRENT for name in ("v2", "hybrid", "hybrid-tail")},
}


def golden(name: str) -> Metainfo:
    return Metainfo.parse((HERE / f"{name}.torrent").read_bytes())


def info_dict(torrent: Metainfo) -> bytes:
    _, spans = decode_dict(torrent.raw)
    return torrent.raw[spans[b"info"]]


@pytest.mark.parametrize("name", NAMES)
def test_the_info_hashes_are_those_the_program_stated(name: str) -> None:
    v1, v2 = V1_BY_PROGRAM.get(name), V2_BY_PROGRAM.get(name)

    assert golden(name).info_hash == InfoHash(
        bytes.fromhex(v1) if v1 else None, bytes.fromhex(v2) if v2 else None
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_those_of_the_data(name: str) -> None:
    torrent = golden(name)

    order = BY_TRANSMISSION if name.startswith("transmission") else SORTED
    expected = ["single.bin"] if "single" in name else [f"golden/{path}" for path in order]
    assert torrent.name == expected[0].split("/", maxsplit=1)[0]
    assert ["/".join(file.path) for file in torrent.files] == expected
    assert [file.length for file in torrent.files] == [len(DATA[path]) for path in expected]
    assert torrent.piece_length == 32_768


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_beside_the_info_dict_is_read(name: str) -> None:
    nothing = {
        **dict.fromkeys(["trackers", "web_seeds", "similar", "collections"], ()),
        **dict.fromkeys(["creation_date", "comment", "created_by"]),
        "private": False,
    }
    torrent = golden(name)

    assert {key: getattr(torrent, key) for key in nothing} == {**nothing, **BESIDE[name]}


@pytest.mark.parametrize("name", NAMES)
def test_the_hashes_are_those_of_the_data(name: str) -> None:
    torrent = golden(name)
    data = {"/".join(file.path): DATA["/".join(file.path)] for file in torrent.files}

    if torrent.form is not Format.V2:
        row = bytearray()
        for file, content in zip(torrent.files, data.values(), strict=True):
            row += bytes(file.offset - len(row)) + content
        row += bytes(torrent.layout.total - len(row))
        pieces = reference.v1_pieces([bytes(row)], 32_768, padded=False)
        assert torrent.pieces == b"".join(pieces)
    if torrent.form is not Format.V1:
        for file, content in zip(torrent.files, data.values(), strict=True):
            assert torrent.v2_pieces(file) == reference.v2_pieces(content, 32_768)


@pytest.mark.parametrize(
    "name",
    [
        *("mktorrent-folder", "bep52-hybrid", "bep52-v2", "bep52-single"),
        *("libtorrent-v2", "libtorrent-hybrid-tail"),
    ],
)
def test_we_write_the_same_info_dict_byte_for_byte(name: str) -> None:
    theirs = golden(name)
    single = theirs.layout.single
    files = contents(SINGLE if single else FOLDER)

    ours = make(files, theirs.form, name=theirs.name, single=single)

    assert info_dict(ours) == info_dict(theirs)
    assert ours.piece_layers == theirs.piece_layers


def test_a_hybrid_without_its_last_pad_file_differs_in_the_last_piece_alone() -> None:
    plain, padded = golden("libtorrent-hybrid"), golden("libtorrent-hybrid-tail")

    assert (plain.layout.total, padded.layout.total) == (231_073, 262_144)
    assert replace(plain.layout, total=262_144) == padded.layout
    assert plain.pieces[:-20] == padded.pieces[:-20]
    assert plain.piece_layers == padded.piece_layers


EXTRAS = Extras(
    trackers=(("https://a.example/announce", "udp://b.example:80"), ("http://c.example/",)),
    web_seeds=("https://d.example/data/", "https://é.example/"),
    similar=(bytes(range(20)),),
    collections=("example.org/dataset",),
    creation_date=1_793_610_000,
    comment="Ünïcode “quotes”",
)
DATASET = contents(
    {
        "README": 5,
        "a b/x": 16_384,
        "a-b": 16_385,
        "a.txt": 0,
        "a/x": 65_535,
        "cafe\u0301": 65_536,
        "empty": 0,
        "train.json": 65_537,
        "train/0000.tar": 200_000,
        "zz/caf\u00e9": 1,
    }
)
# (form, single): hex of the v1 info-hash, of the v2 info-hash, of the SHA-256 of the .torrent
OURS = {
    ("v1", False): (
        "345ebc16a5e48519a6386a57336da312ea9300df",
        "",
        "94a68f5db016da26d4f1134a03eaa54b5947c1cd7a936a3f39bbb5ba49464823",
    ),
    ("v2", False): (
        "",
        "ab04e19f88da7159a6af0b305d8ff5bf381a40a2f04f6eea7253a630fe7eb9d9",
        "ef74c130635278eeabc8cdf0e2ba69e91bb21a11d21eb2dc8a30be8ab9a137ca",
    ),
    ("hybrid", False): (
        "1bf53e4ba3084d499f33f622c7f4ca22fc5811d2",
        "81fd574d3ba36a26b5b854616ab56da664e5e85b3e795acfe495d22380d9a0b7",
        "682d6d9186f823e0ed078da7be64c449fbd47743bd6b3443402e998084c57e93",
    ),
    ("v1", True): (
        "24c3fabdcc63aaa80e14aafe5e29b4ba9d083079",
        "",
        "7133e1668b67cc3191f5b3f8461e4716363f522c1b665f6d6b7937dff22cba24",
    ),
    ("v2", True): (
        "",
        "dbf3a672071981f0ec7c6931c886ba20c00f329430d41bfe0775a915c01bd063",
        "fe8f90124858fd545637705c5432689ba29e7391adbe1462cf2fbdab052adc63",
    ),
    ("hybrid", True): (
        "0f454fb6d53314d23624ffa5a8e854de2eb8e830",
        "68e67ef5ab6ac266ac7261972aed7012d26905ea2c361e90ee42c02f74f1623f",
        "b074b8387eb36fe27b9e477904c7c5a9bb42dfec5b4eb70d00a5b63a6bfb5aff",
    ),
}


@pytest.mark.parametrize(("form", "single"), OURS)
def test_every_python_makes_the_same_torrent_of_the_same_data(form: str, single: bool) -> None:
    torrent = built(form, single=single)

    v1, v2 = torrent.info_hash.v1 or b"", torrent.info_hash.v2 or b""
    assert (v1.hex(), v2.hex(), sha256(torrent.raw).hexdigest()) == OURS[form, single]


def built(form: str, *, single: bool) -> Metainfo:
    files = {"data.bin": DATASET["train/0000.tar"]} if single else DATASET
    sizes = [(tuple(path.split("/")), len(data)) for path, data in files.items()]
    name = "data.bin" if single else "dataset"
    layout = arrange(name, sizes, form=Format(form), single=single)
    return compose(layout, reference.digests(files, layout.piece_length, layout.form), EXTRAS)
