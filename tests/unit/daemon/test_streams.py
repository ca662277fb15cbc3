"""Changes as they happen, asked for over a real socket."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seedbox.daemon import connections, streams
from support.fake_daemon import DATASETS, FakeDaemon, Running, dataset, running, shard, view

DEADLINE = 30.0  # seconds
STARTED = 1_799_996_400


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "s" / "api.sock", daemon=FakeDaemon(view(3))) as served:
        yield served
        assert served.complaints == []


class Stream:
    """What a listener reads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._read = sock, b""

    def block(self) -> str:
        """The next event or comment, without the framing of chunks; nothing at the end."""
        while b"\n\n" not in self._read:
            more = self._sock.recv(65_536)
            if not more:
                return ""
            self._read += more
        block, _, self._read = self._read.partition(b"\n\n")
        kept = (b"id:", b"event:", b"data:", b"retry:", b":")
        return "\n".join(r.decode() for r in block.splitlines() if r.startswith(kept))

    def until_cut(self) -> None:
        """Wait for the other side to end, without reading."""
        ending = select.poll()
        ending.register(self._sock, 0)
        assert ending.poll(1000 * DEADLINE)


@contextmanager
def listening(asked: Running, query: str = "", last: str | None = None) -> Iterator[Stream]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(asked.places[0])
        head = f"GET /v1/events{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        sock.sendall((head + (f"Last-Event-ID: {last}\r\n" if last else "") + "\r\n").encode())
        stream = Stream(sock)
        assert "retry: 2000" in stream.block()
        yield stream


def test_a_change_is_told_with_its_id_and_kind(asked: Running) -> None:
    with listening(asked) as stream:
        asked.call(shard(1), dataset(), view().traffic)
        told = [stream.block() for _ in range(3)]

    assert [text.splitlines()[:2] for text in told] == [
        [f"id: {STARTED}-1", "event: shard"],
        [f"id: {STARTED}-2", "event: dataset"],
        [f"id: {STARTED}-3", "event: traffic"],
    ]
    assert f'"key": "{shard(1).key}"' in told[0]


def test_a_listener_hears_only_of_what_it_asked_for(asked: Running) -> None:
    with (
        listening(asked, "?kind=dataset&kind=traffic") as kinds,
        listening(asked, f"?dataset={DATASETS[1]}") as one,
    ):
        asked.call(shard(1), shard(2, DATASETS[1]), dataset(), dataset(DATASETS[1]))
        asked.call(view().traffic)

        ids = [[stream.block().split()[1] for _ in range(3)] for stream in (kinds, one)]

    assert ids == [[f"{STARTED}-{n}" for n in wanted] for wanted in ((3, 4, 5), (2, 4, 5))]


def test_who_comes_back_is_told_what_it_has_missed(asked: Running) -> None:
    with listening(asked) as stream:
        asked.call(shard(1), shard(2), shard(3))
        first = stream.block().split()[1]
    with listening(asked, last=first) as stream:
        ids = [stream.block().split()[1] for _ in range(2)]

    assert ids == [f"{STARTED}-2", f"{STARTED}-3"]


@pytest.mark.parametrize(
    "last", ["1-1", f"{STARTED}-98", f"{STARTED}-1100", f"{STARTED}-", "x", f"{STARTED}-0"]
)
def test_who_comes_back_too_late_is_told_to_read_everything_anew(last: str, asked: Running) -> None:
    with listening(asked) as stream:
        asked.call(*[shard(n) for n in range(1, 1100)])
        assert stream.block()
    with listening(asked, last=last) as stream:
        told = stream.block()

    assert "event: resync" in told
    assert f"id: {STARTED}-1099" in told


def test_a_listener_that_does_not_keep_up_is_let_go(
    asked: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "QUEUED", 5)
    with listening(asked) as slow, listening(asked, "?kind=traffic") as other:
        asked.call(*[shard(n) for n in range(50)])
        told = ""
        while block := slow.block():
            told = block
        asked.call(view().traffic)

        assert "event: resync" in told
        assert "event: traffic" in other.block()


def test_who_reads_nothing_is_cut_off(asked: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TAKING_SECONDS", 0.3)
    with listening(asked, "?kind=shard") as stuck, listening(asked, "?kind=dataset") as other:
        for _ in range(20):
            asked.call(*[shard(n) for n in range(40)])
            asked.call(dataset())
            assert other.block()
        stuck.until_cut()


def test_a_stream_shows_that_it_lives(asked: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BEAT", 0.1)
    with listening(asked) as stream:
        assert stream.block() == ": nothing new"


def test_there_are_only_so_many_streams_and_they_end_with_the_daemon(tmp_path: Path) -> None:
    with running(tmp_path / "s" / "api.sock") as served:
        managers = [listening(served) for _ in range(16)]
        opened = [each.__enter__() for each in managers]
        with pytest.raises(AssertionError), listening(served):
            pass  # 503, so no `retry`

    assert [stream.block() for stream in opened] == [""] * 16
    for each in managers:
        each.__exit__(None, None, None)
