from hashlib import sha256
from threading import Event

import pytest

from seedbox.hashing import memory
from seedbox.hashing.messages import MessageHasher
from support.content import content

MIB = 1024 * 1024
DATA = memoryview(content("messages", 3 * MIB))
SIZES = [0, 1, 55, 56, 64, 10_240, MIB - 1, MIB, MIB + 1, 3 * MIB, 10_240, 0]


@pytest.fixture(params=["auto", "hashlib"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "hashlib" or memory.usable() is None:
        monkeypatch.setenv("SEEDBOX_HASH", "hashlib")


def hasher(stopped: Event | None = None) -> MessageHasher:
    return MessageHasher(memory.usable(), stopped or Event())


@pytest.mark.parametrize("sizes", [[], [5], SIZES, [MIB] * 35, [10_240] * 3000, [2 * MIB, 2 * MIB]])
def test_messages_of_any_lengths_have_their_digests_in_order(sizes: list[int]) -> None:
    messages = [DATA[at % 1000 :][:size] for at, size in enumerate(sizes)]

    found = hasher().many(messages)

    assert found == b"".join(sha256(message).digest() for message in messages)


def test_a_message_that_comes_in_parts_has_the_digest_of_the_whole() -> None:
    running = sha256()

    assert all(hasher().add(running, DATA[at : at + 700_000]) for at in range(0, 3 * MIB, 700_000))

    assert running.digest() == sha256(DATA).digest()


def test_nothing_is_hashed_once_it_is_stopped() -> None:
    stopped = Event()
    stopped.set()

    assert hasher(stopped).many([DATA[:5]]) is None
    assert hasher(stopped).many([DATA]) is None
    assert not hasher(stopped).add(sha256(), DATA)


def test_a_long_message_is_stopped_in_the_middle() -> None:
    class Once(Event):
        left = 2

        def is_set(self) -> bool:
            self.left -= 1
            return self.left < 0

    assert hasher(Once()).many([memoryview(bytes(9 * MIB))]) is None
