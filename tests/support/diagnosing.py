"""What the doctor looks at: peers that shake hands, web servers with a clock, daemons that fare."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from seedbox.daemon.record import Evidence, Shard, View
from support import reference
from support.cli import Ran, run
from support.fake_daemon import DATASETS, Decided, FakeDaemon, dataset, running, shard, view
from support.publisher import Publisher
from support.signed import Signed, signed
from support.swarm import free_port

DAY = 86_400.0  # seconds
Row = dict[str, Any]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextlib.contextmanager
def _serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[str]:
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def greeting(twist: bytes | None = None) -> Iterator[str]:
    """Be a peer that shakes hands (BEP 3), or says something else; gives its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            came = b""
            while len(came) < 68 and (more := self.request.recv(68 - len(came))):
                came += more
            with contextlib.suppress(OSError):
                self.request.sendall(
                    came[:48] + b"-XX0000-abcdefghijkl" if twist is None else twist
                )

    with _serving(Handler) as address:
        yield address


@contextlib.contextmanager
def tracking(ahead: float = 0.0) -> Iterator[str]:
    """Be a tracker that is scraped by HTTP (BEP 48); gives its announce URL.

    Its clock is ahead by so many seconds.
    """

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as its base
            pass

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate((timestamp or time.time()) + ahead, usegmt=True)

        def do_HEAD(self) -> None:
            self.send_response(400)
            self.end_headers()

        def do_GET(self) -> None:
            asked = parse_qsl(urlsplit(self.path).query, encoding="latin-1")
            files = {
                value.encode("latin-1"): {b"complete": 3, b"incomplete": 2}
                for name, value in asked
                if name == "info_hash"
            }
            self.send_response(200)
            self.end_headers()
            self.wfile.write(reference.bencode({b"files": files}))

    with _serving(Handler) as address:
        yield f"http://{address}/announce"


def faring(data: Path, listening: str, count: int = 3, **changes: object) -> View:
    """What a daemon that is well has to say; `changes` are fields of it."""
    now = time.time()
    shards = tuple(_well(shard(number), now) for number in range(1, count + 1))
    of = dataset(DATASETS[0], count)
    seen = replace(
        view(0),
        at=now,
        started=now - 3600,
        data=(str(data),),
        listening=(listening,),
        datasets=(of,),
        shards=shards,
    )
    return replace(seen, **changes)  # type: ignore[arg-type]  # a test names fields


def _well(one: Shard, now: float) -> Shard:
    evidence = Evidence(now - 60, "incoming", "203.0.113.5:51413")
    return replace(one, announced=evidence, reachable=evidence, served=evidence)


@contextlib.contextmanager
def asked(state: Path, seen: View, log: float | None = None) -> Iterator[Path]:
    """Have a daemon that says such things of itself; gives its state folder."""
    folder = state / "daemon-0123456789ab"
    lines = [] if log is None else [Decided(1, log)]
    with running(folder / "api.sock", daemon=FakeDaemon(seen, log=lines)):
        yield folder


@dataclass(frozen=True)
class Setup:
    """What the doctor is told of a daemon that is to be started."""

    release: Signed
    state: Path
    listen: str

    @property
    def arguments(self) -> list[object]:
        data = ["--data", self.release.of.source]
        return [self.release.manifest, *data, "--state", self.state, "--listen", self.listen]

    def rebuild(self, tracker: str) -> None:
        """Release it anew, with a tracker."""
        self.release.of.build(tracker=tracker)
        assert run("sign", self.release.manifest, "--key", self.release.key).status == 0


def planned(built: Publisher, state: Path) -> Setup:
    """A good one: its release is signed, and the publisher's key is pinned."""
    release = signed(built)
    release.pin()
    return Setup(release, state, f"127.0.0.1:{free_port()}")


def diagnosed(*arguments: object, **how: Any) -> tuple[Ran, list[Row]]:  # noqa: ANN401 -- as `run`
    """Run the doctor; gives what it found too."""
    ran = run("doctor", "--json", *arguments, **how)
    return ran, ran.document["findings"]


def at(found: list[Row], point: str, about: object = None) -> Row:
    """The one finding at a point."""
    (row,) = [
        each
        for each in found
        if each["point"] == point and (about is None or each["about"] == str(about))
    ]
    return row


def bad(found: list[Row]) -> list[tuple[str, str]]:
    """The points that are not well, with their verdicts."""
    return [(row["point"], row["verdict"]) for row in found if row["verdict"] in {"WARN", "FAIL"}]
