"""Clients of package registries for tests: programs on PATH that answer what they are told to."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from hashlib import sha256, sha512
from pathlib import Path
from shlex import quote

CAT = quote(shutil.which("cat") or "cat")  # PATH may hold nothing else in a test
SAW = "saw"  # a file beside the program: its words, then the user's MARK, then what stdin had


def client(folder: Path, name: str, answer: object, *, status: int = 0, stderr: str = "") -> Path:
    """Write a program; an answer that is no text is written as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    text = answer if isinstance(answer, str) else json.dumps(answer)
    said = folder / f"{name}.json"
    said.write_text(text)
    script = folder / name
    script.write_text(
        "#!/bin/sh\n"
        f'{{ echo "$@"; echo "$MARK"; {CAT}; }} > {quote(str(folder / SAW))}\n'
        f"{CAT} {quote(str(said))}\n"
        f"printf %s {quote(stderr)} >&2\nexit {status}\n"
    )
    script.chmod(0o755)
    return script


def of_npm(url: str, data: bytes) -> dict[str, object]:
    """What `npm view NAME@VERSION dist --json` answers."""
    digest = b64encode(sha512(data).digest()).decode()
    return {"integrity": f"sha512-{digest}", "shasum": "0" * 40, "tarball": url, "fileCount": 1}


def of_pip(url: str, data: bytes) -> dict[str, object]:
    """What `pip install --dry-run --report -` answers."""
    digest = sha256(data).hexdigest()
    info = {"hash": f"sha256={digest}", "hashes": {"sha256": digest}}
    found = {"download_info": {"url": url, "archive_info": info}, "metadata": {"name": "name"}}
    return {"version": "1", "install": [found]}
