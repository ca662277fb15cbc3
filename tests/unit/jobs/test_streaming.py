from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256, sha512
from threading import Event

import pytest

from seedbox.errors import OriginChangedError, WrongDigestError
from seedbox.hashing.pieces import FileDigest
from seedbox.jobs.remote import RemoteFile
from seedbox.jobs.streaming import Channel, Chunk, hash_remote
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from seedbox.web import CancelledError, State, look
from support import reference
from support.content import contents
from support.origin import Fault, Origin, origin
from support.remote import manners

FORMS = [Format.V1, Format.V2, Format.HYBRID]
FILES = contents({"a": 70_000, "b": 16_384, "c": 0, "d": 700_001, "e": 1})


@pytest.fixture
def server() -> Iterator[Origin]:
    with origin(FILES) as made:
        yield made


def arranged(form: Format) -> Layout:
    sizes = [((name,), len(data)) for name, data in FILES.items()]
    return arrange("set", sizes, form=form, piece_length=32_768)


def files(server: Origin, **digests: bytes) -> list[RemoteFile]:
    found = []
    for name in FILES:
        url = f"{server.url}{name}"
        found.append(RemoteFile((name,), url, look(url), digests.get(name)))
    return found


def hashed(
    form: Format, held: list[RemoteFile], wanted: list[int] | None = None
) -> tuple[list[PieceDigest], int, list[FileDigest]]:
    layout = arranged(form)
    pieces = list(range(layout.piece_map.count)) if wanted is None else wanted
    told: list[FileDigest] = []
    made: list[PieceDigest] = []
    size = 0
    with closing(
        hash_remote(layout, held, pieces, manners=manners(), on_file=told.append)
    ) as fresh:
        for each in fresh:
            made += each.digests
            size += each.size
    return made, size, told


@pytest.mark.parametrize("form", FORMS)
def test_the_hashes_are_those_of_the_beps_and_of_whole_files(server: Origin, form: Format) -> None:
    made, size, told = hashed(form, files(server))

    expected = reference.digests(FILES, 32_768, form)
    assert [(each.v1, each.v2) for each in made] == [(each.v1, each.v2) for each in expected]
    assert size == sum(map(len, FILES.values()))
    digests = {each.file: each.sha256 for each in told}
    assert digests == {n: sha256(data).digest() for n, data in enumerate(FILES.values())}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wanted", [[0], [2, 3], [1, 5, 6, 20]])
def test_some_pieces_are_read_and_nothing_else(
    server: Origin, form: Format, wanted: list[int]
) -> None:
    whole, _, _ = hashed(form, files(server))
    server.asked.clear()

    made, size, told = hashed(form, files(server), wanted)

    assert made == [whole[piece] for piece in wanted]
    row = arranged(form).piece_map
    spans = [span for piece in wanted for span in row.spans(piece) if span.file is not None]
    assert size == sum(span.length for span in spans)
    assert {each.file for each in told} <= {1, 2, 4}


def test_files_that_are_empty_are_held_to_their_digest_too(server: Origin) -> None:
    assert hashed(Format.V2, files(server, c=sha256().digest()))[1]
    with pytest.raises(WrongDigestError, match="the list says 0000"):
        hashed(Format.V2, files(server, c=bytes(32)))


@pytest.mark.parametrize("name", ["c", "d"])  # c is empty, and never asked for
@pytest.mark.parametrize("form", FORMS)
def test_a_sha_512_is_checked_however_often_the_connection_breaks(
    server: Origin, form: Format, name: str
) -> None:
    right = sha512(FILES[name]).digest()
    server.faults["d"] = [Fault(breaks=300_000), Fault(breaks=200_000)]

    def held(digest: bytes) -> list[RemoteFile]:
        found = files(server)
        return [replace(f, sha512=digest) if f.parts == (name,) else f for f in found]

    assert hashed(form, held(right))[1] == sum(map(len, FILES.values()))
    said = f"/{name} has SHA-512 {right.hex()}, the registry says {'0' * 128}"
    with pytest.raises(WrongDigestError, match=said):
        hashed(form, held(bytes(64)))


def test_a_file_with_a_sha_512_is_held_to_it_by_later_runs(server: Origin) -> None:
    plain = files(server)[0]
    pinned = replace(plain, sha512=bytes(64))

    assert not plain.held.checked
    assert (pinned.held.checked, pinned.identity) == (True, "0" * 128)


def test_a_digest_that_comes_with_the_bytes_is_checked(server: Origin) -> None:
    held = files(server)
    server.headers["d"] = {"Repr-Digest": "sha-256=:" + "A" * 43 + "=:"}

    with pytest.raises(WrongDigestError, match=f"/d has SHA-256 .*, the server says {'0' * 64}"):
        hashed(Format.HYBRID, held)


def test_a_part_of_a_file_that_nothing_names_any_more_is_not_taken(server: Origin) -> None:
    held = files(server)
    server.validators, server.ranges = (), False
    gone = [
        RemoteFile(each.parts, each.url, State(each.size), bytes(32) if each.size else None)
        for each in held
    ]

    with pytest.raises(OriginChangedError, match="now the server does not say"):
        hashed(Format.V2, gone, [6])
    with pytest.raises(OriginChangedError, match="now the server does not say"):
        hashed(Format.V2, held, [6])


def test_what_came_before_a_break_must_come_again(server: Origin) -> None:
    server.validators = ()
    other = contents({"other": 700_001})["other"]
    server.faults["d"] = [Fault(breaks=300_000), Fault(becomes=other)]

    with pytest.raises(OriginChangedError, match="its first 300,000 bytes had SHA-256"):
        hashed(Format.HYBRID, files(server))


def test_progress_makes_earlier_failures_forgotten(server: Origin) -> None:
    server.files = dict.fromkeys(FILES, b"")
    server.files["d"] = 9_000_000
    server.faults["d"] = [Fault(breaks=1_100_000)] * 8
    layout = arrange("d", [(("d",), 9_000_000)], form=Format.V2, single=True)
    held = RemoteFile(("d",), f"{server.url}d", look(f"{server.url}d"), None)
    pieces = range(layout.piece_map.count)

    made = list(hash_remote(layout, [held], pieces, manners=manners(tries=2)))

    assert sum(each.size for each in made) == 9_000_000


def test_closing_early_ends_all_reading(server: Origin) -> None:
    server.faults["d"] = [Fault(stalls=600_000)]
    layout = arranged(Format.HYBRID)
    pieces = range(layout.piece_map.count)

    with closing(hash_remote(layout, files(server), pieces, manners=manners())) as fresh:
        assert next(fresh).digests

    assert server.now <= 1  # the server's own thread, which has not seen it yet


def test_a_taker_that_is_slower_than_the_server_holds_it_back() -> None:
    channel, stopped = Channel(), Event()
    for number in range(8):
        channel.put(Chunk(bytes([number]), ()), stopped)
    stopped.set()

    with pytest.raises(CancelledError):
        channel.put(Chunk(b"8", ()), stopped)
    channel.end()

    taken = [chunk.data for chunk in iter(channel.take, None)]
    assert taken == [bytes([number]) for number in range(8)]
