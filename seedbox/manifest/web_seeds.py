"""Whether a web seed's URL fits its shard (BEP 19).

Pure. A client asks for `url + name + "/" + path` where the torrent holds several files, and for
`url + name` where it is a single file; so a base URL ends in `/`, and the torrent's name is what
follows it on the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from seedbox.manifest.model import Head, Pack, Shard, WebSeed

_HINT = "Write the URL of the folder that holds the torrent's name, with a slash at its end."


def problems(head: Head, shard: Shard, seed: WebSeed) -> Iterator[tuple[str, str]]:
    """Yield message and hint of each thing that keeps a URL from working."""
    url = seed.url
    parts = urlsplit(url)
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        hint = "Remove what follows ? or #."
        yield f"a client cannot add a path behind the ? or # of {url}", hint
    elif not url.endswith("/"):
        yield f"{url} does not end in /, so a client asks for {asked_for(head, shard, seed)}", _HINT
    elif shard.at is not None and not unquote(parts.path).endswith(f"/{shard.at}/"):
        yield f"{url} does not end with the shard's folder {shard.at}/", _HINT
    elif not _fits_origin(head, shard, url):
        origin = head.origin.url if head.origin is not None else ""
        yield f"a client asks for {asked_for(head, shard, seed)}, the origin is {origin}", _HINT


def asked_for(head: Head, shard: Shard, seed: WebSeed) -> str:
    """Return the start of the URLs that a client asks for."""
    if head.pack is Pack.TAR:
        return f"{seed.url}{shard.name}.tar"
    if shard.files == 1:
        return f"{seed.url}…"  # a single file is called what it is called in the dataset
    return f"{seed.url}{quote(head.torrent_root or '…', safe='…')}/…"


def _fits_origin(head: Head, shard: Shard, url: str) -> bool:
    """Tell whether a seed at the origin asks for what lies there; elsewhere nobody can tell."""
    if head.origin is None or head.origin.url is None or head.pack is not Pack.FILES:
        return True
    folder = unquote(head.origin.url.rstrip("/")) + "/"
    base = unquote(url)
    if not (base.startswith(folder) or folder.startswith(base)):
        return True
    if shard.files == 1:
        return base == (folder if shard.at is None else f"{folder}{shard.at}/")
    return f"{base}{head.torrent_root}/" == folder
