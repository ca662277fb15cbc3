"""The programs that are measured: each is prepared once, then started and stopped again."""

from __future__ import annotations

import abc
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from many_torrents import Torrents

from seedbox.daemon.client import Client
from seedbox.errors import SeedboxError
from seedbox.torrent.bencode import Encodable, encode

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
_AT_ONCE = 500  # torrents in one request


class Seeder(abc.ABC):
    """A program, its folder, and its process while it runs."""

    name: str
    port: int  # for peers

    def __init__(self, folder: Path, torrents: Torrents) -> None:
        """Take a folder of its own, and what to seed."""
        self.folder, self.torrents = folder, torrents
        self._process: subprocess.Popen[bytes] | None = None

    @abc.abstractmethod
    def prepare(self) -> None:
        """Let it know all torrents, as it does after it has once seeded them; it is stopped."""

    @abc.abstractmethod
    def command(self) -> list[str]:
        """Return what is run."""

    @abc.abstractmethod
    def seeds_all(self) -> bool:
        """Tell whether it says that all torrents are seeding."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process."""
        assert self._process is not None, f"{self.name} is not running"
        return self._process

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.folder / "log"

    def start(self) -> None:
        """Start the program."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "SEEDBOX_STATE": str(self.folder), "HOME": str(self.folder)},
            )

    def stop(self) -> float:
        """End it; return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._process = None
        return time.monotonic() - began

    def wait(self, happened: Callable[[], bool], seconds: float) -> float | None:
        """Return when something had happened, in seconds from now; None: not in time."""
        began = time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            if self.process.poll() is not None:
                raise ChildProcessError(f"{self.name} ended: {self.log.read_text()[-500:]}")
            if happened():
                return time.monotonic() - began
            time.sleep(0.05 if now < 5 else 0.25)
        return None

    def cpu(self) -> float:
        """Return its CPU seconds until now."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS

    def rss(self) -> int:
        """Return its resident memory, in bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE


class Seedbox(Seeder):
    """This program."""

    name = "seedbox"
    port = 36881

    @property
    def _state(self) -> Path:
        return self.folder / "state"

    def prepare(self) -> None:
        """Let it hash everything once."""
        if self._state.exists():
            return
        self.start()
        client = Client(str(self._state / "api.sock"))

        def hashed() -> bool:
            try:
                counts = client.get("/v1/status")["counts"]
            except SeedboxError:
                return False
            return bool(counts["verified"] == len(self.torrents.paths))

        assert self.wait(hashed, 1800) is not None, "not hashed in time"
        self.stop()

    def command(self) -> list[str]:
        """Return what a service would run."""
        torrents = self.torrents
        return [
            *(str(Path(sys.executable).with_name("seedbox")), "seed", str(torrents.manifest)),
            *("--data", str(torrents.data), "--state", str(self._state)),
            *("--listen", f"127.0.0.1:{self.port}", "--log", "text"),
        ]

    def seeds_all(self) -> bool:
        """Tell whether it has logged of each shard that it is in the session."""
        return self.log.read_bytes().count(b"Z seeding ") == len(self.torrents.paths)


class Transmission(Seeder):
    """transmission-daemon."""

    name = "transmission"
    port = 36882
    _rpc = 36892
    _session = ""

    def prepare(self) -> None:
        """Write what it keeps of torrents that it has checked: checking itself takes hours."""
        if (self.folder / "resume").exists():
            return
        for name in ("torrents", "resume"):
            (self.folder / name).mkdir()
        settings = {
            "rpc-bind-address": "127.0.0.1",
            "rpc-port": self._rpc,
            "rpc-authentication-required": False,
            "bind-address-ipv4": "127.0.0.1",
            "bind-address-ipv6": "::1",
            "dht-enabled": False,
            "lpd-enabled": False,
            "pex-enabled": False,
            "utp-enabled": False,
            "port-forwarding-enabled": False,
            "peer-port": self.port,
            "peer-port-random-on-start": False,
            "download-dir": str(self.torrents.folder),
            "peer-limit-global": 1000,
            "peer-limit-per-torrent": 100,
            "upload-slots-per-torrent": 100,
            "queue-stalled-enabled": False,
            "seed-queue-enabled": False,
            "ratio-limit-enabled": False,
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        checked = int(time.time()) + 60  # later than the files
        for path, digest in zip(self.torrents.paths, self.torrents.hashes, strict=True):
            name = digest.hex()
            shutil.copyfile(path, self.folder / "torrents" / f"{name}.torrent")
            kept: dict[bytes, Encodable] = {
                b"destination": os.fsencode(self.torrents.folder),
                b"done-date": checked,
                b"paused": 0,
                b"progress": {b"blocks": b"all", b"have": b"all", b"time-checked": [checked]},
            }
            (self.folder / "resume" / f"{name}.resume").write_bytes(encode(kept))

    def command(self) -> list[str]:
        """Return it in the foreground."""
        return ["transmission-daemon", "-f", "-g", str(self.folder)]

    def seeds_all(self) -> bool:
        """Tell whether all are running and none is being checked."""
        told = self._ask("session-stats", {})
        if told is None or told["activeTorrentCount"] < len(self.torrents.paths):
            return False
        told = self._ask("torrent-get", {"fields": ["status"]})
        return told is not None and all(each["status"] == 6 for each in told["torrents"])

    def _ask(self, method: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        body = json.dumps({"method": method, "arguments": arguments})
        for _ in range(2):  # the first answer names the session
            reply = _request(
                self._rpc, "/transmission/rpc", body, {"X-Transmission-Session-Id": self._session}
            )
            if reply is None:
                return None
            status, headers, text = reply
            if status == http.client.OK:
                document: dict[str, Any] = json.loads(text)
                told: dict[str, Any] = document["arguments"]
                return told
            self._session = headers.get("X-Transmission-Session-Id", "")
        return None


class QBittorrent(Seeder):
    """qbittorrent-nox."""

    name = "qbittorrent"
    port = 36883
    _web = 36893
    _boundary = "many-torrents"

    def prepare(self) -> None:
        """Add all torrents without a check, and stop it."""
        config = self.folder / "qBittorrent" / "config"
        if config.exists():
            return
        config.mkdir(parents=True)
        lines = ["[LegalNotice]", "Accepted=true", "[BitTorrent]"]
        session = {
            **{f"{each}Enabled": "false" for each in ("DHT", "LSD", "PeX", "QueueingSystem")},
            **{f"Max{each}": "-1" for each in ("Uploads", "UploadsPerTorrent")},
            "Interface": "lo",
            "InterfaceAddress": "127.0.0.1",
            "Port": str(self.port),
        }
        lines += [f"Session\\{name}={value}" for name, value in session.items()]
        lines += ["[Network]", "PortForwardingEnabled=false", "[Preferences]"]
        web = {
            "Address": "127.0.0.1",
            "Port": str(self._web),
            **dict.fromkeys(("LocalHostAuth", "UseUPnP", "CSRFProtection"), "false"),
        }
        lines += [f"WebUI\\{name}={value}" for name, value in web.items()]
        (config / "qBittorrent.conf").write_text("\n".join([*lines, ""]))
        self.start()
        assert self.wait(lambda: self._get("app/version") is not None, 30) is not None
        paths = self.torrents.paths
        for start in range(0, len(paths), _AT_ONCE):
            self._add(paths[start : start + _AT_ONCE])
        assert self.wait(self.seeds_all, 600) is not None, "not added in time"
        time.sleep(5)  # it writes down what it was given after a while
        self.stop()

    def _add(self, paths: Iterable[Path]) -> None:
        fields = {"savepath": str(self.torrents.folder), "skip_checking": "true"}
        head = f"--{self._boundary}\r\nContent-Disposition: form-data; name="
        body = b"".join(
            f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
        )
        kind = "Content-Type: application/x-bittorrent"
        for path in paths:
            opened = f'{head}"torrents"; filename="{path.name}"\r\n{kind}\r\n\r\n'
            body += opened.encode() + path.read_bytes() + b"\r\n"
        body += f"--{self._boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={self._boundary}"}
        reply = _request(self._web, "/api/v2/torrents/add", body, headers)
        assert reply is not None, "qbittorrent takes no torrents"
        assert reply[0] == http.client.OK, reply[2]

    def command(self) -> list[str]:
        """Return it with a profile of its own."""
        return ["qbittorrent-nox", f"--profile={self.folder}", f"--webui-port={self._web}"]

    def seeds_all(self) -> bool:
        """Tell whether there is a last one among those that seed; asking for all costs it much."""
        last = len(self.torrents.paths) - 1
        told = self._get(f"torrents/info?filter=seeding&limit=1&offset={last}")
        return told is not None and len(json.loads(told)) == 1

    def _get(self, path: str) -> str | None:
        reply = _request(self._web, f"/api/v2/{path}", None, {})
        return reply[2] if reply is not None and reply[0] == http.client.OK else None


def _request(
    port: int, path: str, body: str | bytes | None, headers: dict[str, str]
) -> tuple[int, dict[str, str], str] | None:
    """Ask a program; None: it does not listen yet, or has no time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


ALL: tuple[type[Seeder], ...] = (Seedbox, Transmission, QBittorrent)
PROGRAMS = {Transmission: "transmission-daemon", QBittorrent: "qbittorrent-nox"}


def installed() -> list[type[Seeder]]:
    """Return the programs that are on this machine."""
    return [each for each in ALL if each not in PROGRAMS or shutil.which(PROGRAMS[each])]
