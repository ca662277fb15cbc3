"""How values become columns and back. Pure; reading is strict: a ValueError means damage."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from seedbox.daemon.record import Evidence, Pause, Swarm, Trouble

Columns3 = tuple[float | None, str | None, str | None]
Columns4 = tuple[str | None, float | None, str | None, bytes | None]

_ESCAPED = "surrogateescape"  # how Python holds bytes of a path that are no UTF-8 (PEP 383)


def plain(text: str) -> str:
    """Return a text for people so that it is UTF-8, whatever path it may quote."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def path_bytes(path: str | None) -> bytes | None:
    """Return a path, or a URL, as the bytes the file system has for it."""
    return None if path is None else path.encode("utf-8", _ESCAPED)


def path_text(data: bytes | None) -> str | None:
    """Return a path as Python has it."""
    return None if data is None else data.decode("utf-8", _ESCAPED)


def decimal_text(value: Decimal | None) -> str | None:
    """Return a number with all its digits."""
    return None if value is None else str(value)


def decimal(text: str | None) -> Decimal | None:
    """Return the number of a text.

    Raises:
        ValueError: It is none.
    """
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None


def evidence_columns(evidence: Evidence | None) -> Columns3:
    """Return when, by what, and the words."""
    if evidence is None:
        return (None, None, None)
    return (evidence.at, evidence.by, plain(evidence.detail))


def evidence(at: float | None, by: Any, detail: Any) -> Evidence | None:  # noqa: ANN401 (a row's)
    """Return the evidence that columns stand for."""
    if at is None:
        return None
    if by is None or detail is None:
        raise ValueError("evidence without its kind or its words")
    return Evidence(at, by, detail)


def pause_columns(pause: Pause | None) -> Columns4:
    """Return why, since when, the words, and the file."""
    if pause is None:
        return (None, None, None, None)
    return (pause.why.value, pause.since, plain(pause.detail), path_bytes(pause.path))


def pause(why: str | None, since: Any, detail: Any, path: bytes | None) -> Pause | None:  # noqa: ANN401 (as evidence)
    """Return the pause that columns stand for."""
    if why is None:
        return None
    if since is None or detail is None:
        raise ValueError("a pause without its time or its words")
    return Pause(Trouble(why), since, detail, path_text(path))


def swarm_columns(swarm: Swarm | None) -> tuple[int | None, int | None, float | None]:
    """Return seeds, leechers and when."""
    return (None, None, None) if swarm is None else (swarm.seeds, swarm.leechers, swarm.at)


def swarm(seeds: Any, leechers: Any, at: float | None) -> Swarm | None:  # noqa: ANN401 (as evidence)
    """Return the swarm that columns stand for."""
    if at is None:
        return None
    if seeds is None or leechers is None:
        raise ValueError("a swarm without its numbers")
    return Swarm(seeds, leechers, at)
