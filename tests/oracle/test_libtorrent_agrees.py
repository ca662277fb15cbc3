"""libtorrent reads what we write as we meant it, and we read what libtorrent writes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest

from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from seedbox.torrent.magnet import Magnet
from seedbox.torrent.metainfo import Metainfo
from support.content import content, write
from support.layouts import FOLDERS, LONE, MENDED, SINGLES, data_of, twins
from support.torrents import FORMS, make

EXTRAS = Extras(
    trackers=(("http://a.example/announce", "udp://b.example:80"), ("https://c.example/x",)),
    web_seeds=("http://d.example/data/", "https://e.example/"),
    similar=(bytes(range(20)),),
    collections=("org.example/dataset",),
    creation_date=1_793_610_000,
    comment="ünïcode",
)
PIECE_LENGTH = 32_768
BUILDER = lt.create_torrent
PAD = lt.file_flags_t.flag_pad_file


@dataclass(frozen=True)
class Case:
    """One layout: its files, and our torrent of it in each format."""

    title: str
    files: Mapping[str, bytes]  # by path below the torrent's name; of a single file its name
    single: bool
    forms: tuple[Format, ...]

    @property
    def name(self) -> str:
        return next(iter(self.files)) if self.single else "data"

    def ours(self, form: Format) -> Metainfo:
        return make(
            self.files,
            form,
            name=self.name,
            piece_length=PIECE_LENGTH,
            single=self.single,
            extras=EXTRAS,
        )

    def save(self, folder: Path) -> None:
        write(folder if self.single else folder / self.name, self.files)


def cases() -> list[Case]:
    folders: dict[str, Mapping[str, bytes]] = {title: data_of(s) for title, s in FOLDERS.items()}
    folders["files of one content"] = twins()
    singles = {title: {"data.bin": content(title, size)} for title, size in SINGLES.items()}
    both = (Format.V1, Format.HYBRID)
    return [
        *(Case(title, files, False, tuple(FORMS)) for title, files in folders.items()),
        *(Case(title, files, True, tuple(FORMS)) for title, files in singles.items()),
        *(Case(title, data_of(s), False, tuple(FORMS)) for title, s in MENDED.items()),
        *(Case(title, data_of(s), False, both) for title, s in LONE.items()),
    ]


CASES = cases()
EACH = [pytest.param(c, form, id=f"{c.title}-{form}") for c in CASES for form in c.forms]
ONCE = [pytest.param(case, id=case.title) for case in CASES]


def load(raw: bytes) -> tuple[lt.add_torrent_params, lt.torrent_info]:
    params = lt.load_torrent_buffer(raw)
    assert params.ti is not None
    return params, params.ti


def files_of(ti: lt.torrent_info) -> tuple[list[tuple[str, int, int]], list[tuple[int, int]]]:
    """Return libtorrent's (path, size, offset) of the files and (offset, size) of the pads."""
    files, pads = [], []
    layout = ti.layout()
    for index in range(layout.num_files()):
        size, offset = layout.file_size(index), layout.file_offset(index)
        if layout.file_flags(index) & PAD:
            pads.append((offset, size))
        else:
            files.append((layout.file_path(index), size, offset))
    return files, pads


def pads_of(torrent: Metainfo) -> list[tuple[int, int]]:
    """Return the gaps of our layout; libtorrent counts the one at its end for v2 too."""
    found, at = [], 0
    for file in torrent.files:
        if file.offset > at:
            found.append((at, file.offset - at))
        at = file.offset + file.length
    end = torrent.layout.total
    if torrent.form is Format.V2:
        end = -(-end // PIECE_LENGTH) * PIECE_LENGTH
    if end > at:
        found.append((at, end - at))
    return found


def test_there_are_at_least_60_layouts() -> None:
    assert len({case.title for case in CASES}) >= 60


@pytest.mark.parametrize(("case", "form"), EACH)
def test_libtorrent_reads_our_torrent_with_every_field(case: Case, form: Format) -> None:
    torrent = case.ours(form)
    params, ti = load(torrent.raw)
    files, pads = files_of(ti)

    assert hashes(params.info_hashes) == (torrent.info_hash.v1, torrent.info_hash.v2)
    ours = [("/".join(file.path), file.length, file.offset) for file in torrent.files]
    if case.title in MENDED:
        assert [file[1:] for file in files] == [file[1:] for file in ours]
        assert [file[0] for file in files] != [file[0] for file in ours]
    else:
        assert files == ours
    assert pads == pads_of(torrent)
    assert (ti.name(), ti.piece_length()) == (torrent.name, PIECE_LENGTH)
    assert (ti.num_pieces(), ti.size_on_disk()) == (torrent.num_pieces, torrent.size)
    assert list(zip(params.trackers, params.tracker_tiers, strict=True)) == [
        (url, tier) for tier, urls in enumerate(EXTRAS.trackers) for url in urls
    ]
    assert sorted(params.url_seeds) == sorted(EXTRAS.web_seeds)
    assert [digest.to_bytes() for digest in ti.similar_torrents()] == list(EXTRAS.similar)
    assert ti.collections() == list(EXTRAS.collections)
    assert (params.creation_date, params.comment) == (EXTRAS.creation_date, EXTRAS.comment)
    if form is not Format.V2:
        pieces = b"".join(ti.hash_for_piece(piece) for piece in range(ti.num_pieces()))
        assert pieces == torrent.pieces


def hashes(found: lt.info_hash_t) -> tuple[bytes | None, bytes | None]:
    return (
        found.v1.to_bytes() if found.has_v1() else None,
        found.v2.to_bytes() if found.has_v2() else None,
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every layout on the disk, each in a folder of its own."""
    top = tmp_path_factory.mktemp("layouts")
    found = {case.title: top / f"{index:03}" for index, case in enumerate(CASES)}
    for case in CASES:
        case.save(found[case.title])
    return found


def theirs(case: Case, folder: Path, flags: int) -> Metainfo:
    """Return libtorrent's own torrent of a layout: no mode bits, files in our order."""
    ours = case.ours(Format.V1)
    entries = [lt.create_file_entry("/".join(file.path), file.length) for file in ours.files]
    builder = BUILDER(entries, PIECE_LENGTH, flags | BUILDER.no_attributes)
    for tier, urls in enumerate(EXTRAS.trackers):
        for url in urls:
            builder.add_tracker(url, tier)
    for url in EXTRAS.web_seeds:
        builder.add_url_seed(url)
    builder.set_creation_date(EXTRAS.creation_date or 0)
    builder.set_comment(EXTRAS.comment or "")
    lt.set_piece_hashes(builder, str(folder))
    return Metainfo.parse(lt.bencode(builder.generate()))


def sorts_alike(case: Case) -> bool:
    """Return whether whole paths sort as BEP 52 sorts paths.

    libtorrent 2.1.1 sorts hybrids by whole path, and then refuses to read what it wrote.
    """
    return sorted(case.files) == sorted(case.files, key=lambda path: path.split("/"))


ALIKE = [pytest.param(case, id=case.title) for case in CASES if sorts_alike(case)]
BUILT = [case for case in CASES if case.title not in LONE]


@pytest.mark.parametrize("case", ONCE)
def test_our_v1_info_hash_is_that_of_libtorrents_builder(
    case: Case, folders: dict[str, Path]
) -> None:
    other = theirs(case, folders[case.title], BUILDER.v1_only)

    agree(case.ours(Format.V1), other)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in BUILT])
def test_our_v2_info_hash_is_that_of_libtorrents_builder(
    case: Case, folders: dict[str, Path]
) -> None:
    agree(case.ours(Format.V2), theirs(case, folders[case.title], BUILDER.v2_only))


@pytest.mark.parametrize("case", ALIKE)
def test_our_hybrid_info_hash_is_that_of_libtorrents_builder_by_default(
    case: Case, folders: dict[str, Path]
) -> None:
    agree(case.ours(Format.HYBRID), theirs(case, folders[case.title], 0))


def agree(ours: Metainfo, other: Metainfo) -> None:
    assert other.info_hash == ours.info_hash
    assert other.layout == ours.layout
    assert (other.pieces, other.piece_layers) == (ours.pieces, ours.piece_layers)
    for key in ("trackers", "web_seeds", "creation_date", "comment"):
        assert getattr(other, key) == getattr(EXTRAS, key)


@pytest.mark.parametrize("case", ALIKE)
def test_libtorrents_hybrid_without_tail_padding_differs_in_the_last_piece_alone(
    case: Case, folders: dict[str, Path]
) -> None:
    """Also where libtorrent, with this flag alone, puts a pad file after an empty file."""
    ours = case.ours(Format.HYBRID)
    other = theirs(case, folders[case.title], BUILDER.canonical_files_no_tail_padding)

    assert other.files == ours.files
    assert other.pieces[:-20] == ours.pieces[:-20]
    assert other.num_pieces == ours.num_pieces
    assert other.piece_layers == ours.piece_layers


@pytest.fixture(scope="module")
def checked(folders: dict[str, Path]) -> Iterator[dict[tuple[str, Format], lt.torrent_status]]:
    """What one session found on the disk of each of our torrents, by (title, format)."""
    settings: Any = {
        "listen_interfaces": "",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "hashing_threads": 2,
        "alert_mask": lt.alert_category.status | lt.alert_category.error,
        "alert_queue_size": 10_000,
    }
    session = lt.session(settings)
    handles = {}
    for case in CASES:
        for form in case.forms:
            handles[case.title, form] = session.add_torrent(held(case, form, folders[case.title]))
    waiting = len(handles)
    while waiting:
        assert session.wait_for_alert(20_000), f"{waiting} torrents are not checked yet"
        waiting -= sum(isinstance(a, lt.torrent_checked_alert) for a in session.pop_alerts())
    yield {key: handle.status() for key, handle in handles.items()}
    session.pause()


def held(case: Case, form: Format, folder: Path) -> lt.add_torrent_params:
    """Return what adds a torrent so that its data is checked, and nothing ever written."""
    torrent = case.ours(form)
    params, ti = load(torrent.raw)
    params.save_path = str(folder)
    params.trackers, params.tracker_tiers, params.url_seeds = [], [], []
    away = lt.torrent_flags.paused | lt.torrent_flags.auto_managed
    params.flags = (params.flags & ~away) | lt.torrent_flags.upload_mode
    names = ["/".join(file.path) for file in torrent.files]
    layout = ti.layout()
    indices = [i for i in range(layout.num_files()) if not layout.file_flags(i) & PAD]
    params.renamed_files = {
        index: name
        for index, name in zip(indices, names, strict=True)
        if layout.file_path(index) != name
    }
    return params


@pytest.mark.parametrize(("case", "form"), EACH)
def test_a_libtorrent_session_finds_all_of_the_data(
    case: Case, form: Format, checked: dict[tuple[str, Format], lt.torrent_status]
) -> None:
    status = checked[case.title, form]

    assert not status.errc.value(), status.errc.message()
    assert (status.is_seeding, status.progress) == (True, 1.0)
    assert status.total_done == status.total_wanted


@pytest.mark.parametrize("form", FORMS)
def test_libtorrent_reads_our_magnet_links(form: Format) -> None:
    torrent = CASES[0].ours(form)
    link = Magnet(
        torrent.info_hash,
        name="a b/é&c",
        trackers=("http://a.example/announce?k=1&l=2", "udp://b.example:80"),
        web_seeds=("http://d.example/data/",),
        peers=("127.0.0.1:6881", "[::1]:6882"),
    )

    params = lt.parse_magnet_uri(str(link))

    assert hashes(params.info_hashes) == (torrent.info_hash.v1, torrent.info_hash.v2)
    assert (params.name, params.trackers) == (link.name, list(link.trackers))
    assert params.url_seeds == list(link.web_seeds)
    assert sorted(params.peers) == [("127.0.0.1", 6881), ("::1", 6882)]


@pytest.mark.parametrize("form", FORMS)
def test_we_read_libtorrents_magnet_links(form: Format) -> None:
    torrent = CASES[0].ours(form)
    params, _ = load(torrent.raw)

    params.name = "data"
    link = Magnet.parse(lt.make_magnet_uri(params))

    assert (link.info_hash, link.name) == (torrent.info_hash, "data")
    assert link.trackers == tuple(params.trackers)
    assert link.web_seeds == tuple(params.url_seeds)
