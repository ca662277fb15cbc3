"""What the doctor asks of a daemon that runs: only what it knows itself, in a few answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seedbox.daemon.client import Client
from seedbox.errors import DaemonNotRunningError, SeedboxError, UsageError
from seedbox.jobs.doctor import Finding, Verdict
from seedbox.jobs.doctor.swarm import Held

_HERE = {"127.0.0.1", "::1", "localhost"}
_IN_SWARM = {"trouble": "none", "reached": "verified"}
_PAGE = 100  # datasets

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a daemon has said."""

    place: str
    status: Document
    datasets: tuple[Document, ...]
    held: Held
    info_hash: bytes | None  # 20 bytes of a shard that it holds
    last: float | None  # time of the newest line of its log

    @property
    def here(self) -> bool:
        """It runs on this machine, as far as its address tells."""
        if not self.place.startswith("http://"):
            return True
        return urlsplit(self.place).hostname in _HERE

    @property
    def age(self) -> float:
        """Seconds since it started, by its own clock."""
        return float(self.status["at"] - self.status["started"])

    @property
    def socket(self) -> Path | None:
        """Where it was asked; None: by TCP."""
        return None if self.place.startswith("http://") else Path(self.place)


def ask(find: Callable[[], Client]) -> tuple[Answers | None, Finding]:
    """Ask the daemon that is meant, and tell whether it answers.

    Raises:
        UsageError: Several are running, and none was named.
    """
    try:
        answers = _answers(find())
    except UsageError:
        raise
    except DaemonNotRunningError as error:
        hint = "Start `seedbox seed`; what it alone can know is left out until then."
        return None, Finding("daemon", Verdict.UNKNOWN, error.message, hint)
    except SeedboxError as error:
        return None, Finding("daemon", Verdict.FAIL, error.message, error.hint)
    found = f"seedbox {answers.status['version']} answers"
    return answers, Finding("daemon", Verdict.PASS, found, about=answers.place)


def _answers(client: Client) -> Answers:
    status = client.get("/v1/status")
    held = client.get("/v1/shards", {**_IN_SWARM, "limit": 1})
    missing = client.get("/v1/shards", {**_IN_SWARM, "not_reached": "announced", "limit": 1})
    called = client.get("/v1/shards", {"reached": "reachable", "limit": 1})["shards"]
    log = client.get("/v1/audit", {"limit": 1})["entries"]
    named = held["shards"][0] if held["shards"] else None
    digest = None if named is None else bytes.fromhex(named["v1"] or named["v2"])[:20]
    return Answers(
        client.place,
        status,
        _datasets(client),
        Held(
            age=status["at"] - status["started"],
            listed=status["counts"]["listed"],
            held=held["total"],
            unannounced=missing["total"],
            reachable=status["counts"]["reachable"],
            troubles=status["troubles"],
            verifying=status["verifying"],
            example=missing["shards"][0]["name"] if missing["shards"] else None,
            caller=called[0]["evidence"]["reachable"]["detail"] if called else None,
        ),
        digest,
        log[0]["at"] if log else None,
    )


def _datasets(client: Client) -> tuple[Document, ...]:
    found: list[Document] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get("/v1/datasets", {"offset": offset, "limit": _PAGE})
        found += [each["manifest"] for each in page["datasets"]]
        offset = page["next"]
    return tuple(found)
