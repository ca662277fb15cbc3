import pytest

from seedbox.errors import UsageError
from seedbox.hashing import memory, paths
from seedbox.hashing.memory import MemoryHasher
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import arrange
from support import lanes
from support.content import content

PIECE = 32_768  # bytes
SIZES = [1, 16_384, 16_385, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 20_000]


def hasher(form: Format, size: int) -> MemoryHasher:
    layout = arrange("a", [(("a",), size)], form=form, piece_length=PIECE, single=True)
    return MemoryHasher(layout, memory.usable())


@pytest.fixture(params=["auto", "hashlib"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "hashlib" or memory.usable() is None:
        monkeypatch.setenv("SEEDBOX_HASH", "hashlib")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", list(Format))
def test_pieces_have_the_hashes_of_the_beps(form: Format, size: int) -> None:
    data = content("memory", size)
    count = -(-size // PIECE)
    v1 = lanes.each(lanes.sha1, data, PIECE)
    v2 = lanes.roots(data, PIECE, whole=True)

    found = hasher(form, size)(range(count), memoryview(data))

    assert [digest.index for digest in found] == list(range(count))
    for at, digest in enumerate(found):
        assert digest.v1 == (None if form is Format.V2 else v1[20 * at : 20 * at + 20])
        assert digest.v2 == (None if form is Format.V1 else v2[32 * at : 32 * at + 32])


def test_a_run_in_the_middle_is_hashed_like_the_whole() -> None:
    data = memoryview(content("memory", 5 * PIECE + 20_000))
    every = hasher(Format.HYBRID, len(data))

    whole = every(range(6), data)

    assert every(range(2, 4), data[2 * PIECE : 4 * PIECE]) == whole[2:4]
    assert every(range(5, 6), data[5 * PIECE :]) == whole[5:]


def test_a_cancelled_hasher_returns_nothing() -> None:
    extension = memory.usable()
    if extension is None:
        pytest.skip("hashlib is too quick to be cancelled")
    progress = extension.Progress()
    progress.cancel()
    layout = hasher(Format.V1, 100).layout

    assert MemoryHasher(layout, extension, progress)(range(1), memoryview(bytes(100))) == []


def test_a_path_that_this_machine_cannot_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.VARIABLE, "abacus")

    with pytest.raises(UsageError):
        memory.usable()
