"""The disks: who owns the state, who may read it, what can be written, how much is free."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbox.jobs.doctor.finding import Finding, Verdict
from seedbox.units import format_size

_MIB = 1 << 20
_FULL, _SHORT = 16 * _MIB, 256 * _MIB  # bytes free
_FEW_INODES = 100
_OTHERS_WRITE, _OTHERS = 0o022, 0o077
SECRETS = ("api.sock", "api.token")  # nobody else may open these
_KEPT = ("seedbox.sqlite", "torrents", "manifests", "trust.json", "trust.lock", *SECRETS)
# What a file system says that has no unnamed files (open(2)).
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder."""

    path: str
    uid: int
    mode: int  # permissions


@dataclass(frozen=True, slots=True)
class Space:
    """What is free where a folder is or will be."""

    free: int  # bytes, for this user
    inodes: int | None  # None: the file system makes as many as it takes


# --- looking ----------------------------------------------------------------------------------


def entries(folder: Path) -> tuple[Entry, ...]:
    """Return a folder, and what seedbox keeps in it, as far as it is there; links as links."""
    found = []
    for path in (folder, *(folder / name for name in _KEPT)):
        try:
            seen = path.lstat() if path != folder else path.stat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        found.append(Entry(str(path), seen.st_uid, stat.S_IMODE(seen.st_mode)))
    return tuple(found)


def space(folder: Path) -> Space:
    """Return what is free.

    Raises:
        OSError: The system does not say.
    """
    seen = os.statvfs(_standing(folder))
    return Space(seen.f_bavail * seen.f_frsize, seen.f_favail if seen.f_files else None)


def cannot_write(folder: Path) -> str | None:
    """Return why nothing can be written to a folder, or where it will be made; None: it can.

    A file without a name is made, where the file system has such: it leaves no trace.
    """
    standing = _standing(folder)
    unnamed = getattr(os, "O_TMPFILE", None)
    try:
        if unnamed is not None:
            os.close(os.open(standing, unnamed | os.O_RDWR | os.O_CLOEXEC, 0o600))
            return None
    except OSError as error:
        if error.errno not in _NO_UNNAMED:
            return os.strerror(error.errno or 0)
    return None if os.access(standing, os.W_OK | os.X_OK) else "Permission denied"


def _standing(folder: Path) -> Path:
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (links stay)
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


# --- the state --------------------------------------------------------------------------------


def state_folder(folder: Path) -> Iterator[Finding]:
    """Look at a folder that seedbox keeps something in."""
    about = str(folder)
    if os.path.lexists(folder) and not folder.is_dir():
        hint = "Move it away, or pass another --state."
        yield Finding("state", Verdict.FAIL, "it is no folder", hint, about)
        return
    yield writing(folder, cannot_write(folder), there=folder.is_dir())
    if folder.is_dir():
        seen = entries(folder)
        yield owner(seen, uid=os.geteuid(), about=about)
        yield modes(seen, about=about)
    yield _space_of(folder, needed=True)


def writing(folder: Path, why_not: str | None, *, there: bool) -> Finding:
    """Judge whether what a daemon remembers can be written."""
    about = str(folder)
    if why_not is not None:
        found = f"nothing can be written there: {why_not}"
        hint = "Make it writable for this user, or pass another --state."
        return Finding("state", Verdict.FAIL, found, hint, about)
    found = "can be written" if there else "is not there yet; it can be made"
    return Finding("state", Verdict.PASS, found, about=about)


def owner(seen: Sequence[Entry], *, uid: int, about: str) -> Finding:
    """Judge to whom a folder, the first, and what is in it belong.

    Args:
        seen: The folder first.
        uid: The user who runs this.
        about: The folder.
    """
    own = seen[0].uid
    foreign = [entry for entry in seen if entry.uid != own]
    if foreign:
        first = foreign[0]
        found = f"{first.path} belongs to user {first.uid}, the folder to user {own}"
        hint = f"chown -R {own} {about}; and run seedbox as that user alone, never by sudo."
        return Finding("owner", Verdict.FAIL, found, hint, about)
    if own != uid:
        found = f"belongs to user {own}, and this is user {uid}"
        hint = f"Run seedbox as user {own} (sudo -u '#{own}' seedbox …), or chown -R {uid} {about}."
        # The superuser can read it all; what it writes there the other cannot.
        return Finding("owner", Verdict.FAIL if uid else Verdict.WARN, found, hint, about)
    return Finding("owner", Verdict.PASS, f"user {own}", about=about)


def modes(seen: Sequence[Entry], *, about: str) -> Finding:
    """Judge what others may do with a folder, the first, and what is in it."""
    for number, entry in enumerate(seen):
        secret = Path(entry.path).name in SECRETS
        link = number > 0 and entry.mode == 0o777  # noqa: PLR2004  (symlink(7): means nothing)
        if secret and entry.mode & _OTHERS:
            found, wanted = f"others may open {entry.path} (mode {entry.mode:o})", "go="
        elif entry.mode & _OTHERS_WRITE and not link:
            found, wanted = f"others may write to {entry.path} (mode {entry.mode:o})", "go-w"
        else:
            continue
        hint = f"chmod {wanted} {entry.path}"
        return Finding("modes", Verdict.FAIL, found, hint, about)
    return Finding("modes", Verdict.PASS, "nobody else may write there", about=about)


# --- free space -------------------------------------------------------------------------------


def _space_of(folder: Path, *, needed: bool) -> Finding:
    try:
        seen = space(folder)
    except OSError as error:
        found = f"the system does not say: {error.strerror}"
        return Finding("space", Verdict.UNKNOWN, found, about=str(folder))
    return room(seen, needed=needed, about=str(folder))


def room(seen: Space, *, needed: bool, about: str) -> Finding:
    """Judge what is free; `needed`: seedbox writes there."""
    found = f"{format_size(seen.free)} free"
    if seen.inodes is not None:
        found += f", {seen.inodes:,} more files"
    few = seen.inodes is not None and seen.inodes < _FEW_INODES
    if not needed:
        found += "; a seed writes nothing there"
        return Finding("space", Verdict.PASS, found, about=about)
    hint = "Remove files there; few more can be made." if few else "Free 256 MiB or more there."
    if seen.free < _FULL or few:
        return Finding("space", Verdict.FAIL, found, hint, about)
    if seen.free < _SHORT:
        return Finding("space", Verdict.WARN, found, hint, about)
    return Finding("space", Verdict.PASS, found, about=about)


# --- the data ---------------------------------------------------------------------------------


def data_folder(folder: Path, *, fetched: bool) -> Iterator[Finding]:
    """Look at a folder of data.

    Args:
        folder: It.
        fetched: Whether `seedbox fetch` has put files there, which a publisher may take back.
    """
    about = str(folder)
    if not folder.is_dir():
        hint = "Mount it, or pass the right --data."
        found = "it is no folder" if os.path.lexists(folder) else "it is not there"
        yield Finding("data", Verdict.FAIL, found, hint, about)
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        hint = "Let this user read it."
        yield Finding("data", Verdict.FAIL, "it cannot be read: Permission denied", hint, about)
        return
    yield reading(cannot_write(folder), fetched=fetched, about=about)
    yield _space_of(folder, needed=False)


def reading(why_not: str | None, *, fetched: bool, about: str) -> Finding:
    """Judge data that can be read; a seed needs no more."""
    if why_not is None:
        return Finding("data", Verdict.PASS, "can be read and written", about=about)
    if not fetched:
        found = f"read-only ({why_not}), which is all that a seed needs"
        return Finding("data", Verdict.PASS, found, about=about)
    found = (
        f"read-only ({why_not}), and `seedbox fetch` has put data there: "
        "what a publisher takes back cannot be deleted"
    )
    return Finding("data", Verdict.WARN, found, "Make it writable for this user.", about)
