"""Whether a web seed's URL fits its shard (BEP 19).

Pure. A client asks for `url + name + "/" + path` where the torrent holds several files, and for
`url + name` where it is a single file; so a base URL ends in `/`, and the torrent's name is what
follows it on the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from seedbox.manifest.model import Head, Pack, Role, Shard, WebSeed

_HINT = "Write the URL of the folder that holds the torrent's name, with a slash at its end."


def problems(head: Head, shard: Shard, seed: WebSeed) -> Iterator[tuple[str, str]]:
    """Yield message and hint of each thing that keeps a URL from working."""
    url = shown(seed.url)
    parts = urlsplit(url)
    if url != seed.url:
        hint = "Use a URL that everybody may ask for; the manifest shows it to everybody."
        yield f"{url} comes with a name or password in it", hint
    elif parts.query or parts.fragment or url.endswith(("?", "#")):
        hint = "Remove what follows ? or #."
        asked = asked_for(head, shard, seed)
        yield f"a client cannot add a path behind the ? or # of {url}: it asks for {asked}", hint
    elif not url.endswith("/"):
        yield f"{url} does not end in /, so a client asks for {asked_for(head, shard, seed)}", _HINT
    elif shard.at is not None and not unquote(parts.path).endswith(f"/{shard.at}/"):
        asked = asked_for(head, shard, seed)
        yield f"a client asks for {asked}, the shard's file is in the folder {shard.at}/", _HINT
    elif not _fits_origin(head, shard, url):
        origin = head.origin.url if head.origin is not None else ""
        yield f"a client asks for {asked_for(head, shard, seed)}, the origin is {origin}", _HINT


def asked_for(head: Head, shard: Shard, seed: WebSeed) -> str:
    """Return the start of the URLs that a client asks for."""
    url = shown(seed.url)
    if shard.role is Role.CATALOG:
        return f"{url}{shard.name}/…"
    if head.pack is Pack.TAR:
        return f"{url}{shard.name}.tar"
    if shard.files == 1:
        return f"{url}…"  # a single file is called what it is called in the dataset
    return f"{url}{quote(head.torrent_root or '…', safe='…')}/…"


def shown(url: str) -> str:
    """Return a URL as it may be shown: without a name or password."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def url_of(seed: WebSeed, path: Sequence[str], *, single: bool) -> str:
    """Return the URL that a client asks for to get a file of a torrent (BEP 19).

    Args:
        seed: The base URL.
        path: From the save folder: the torrent's name first.
        single: The torrent has one file and no folder: a base URL without a slash at its end is
            the file itself.
    """
    if single and not seed.url.endswith("/"):
        return seed.url
    base = seed.url if seed.url.endswith("/") else f"{seed.url}/"
    return base + "/".join(quote(part, safe="") for part in path)


def _fits_origin(head: Head, shard: Shard, url: str) -> bool:
    """Tell whether a seed at the origin asks for what lies there; elsewhere nobody can tell."""
    if head.origin is None or head.origin.url is None or head.pack is Pack.TAR:
        return True
    if shard.role is Role.CATALOG:
        return True  # no origin has it
    folder = unquote(head.origin.url.rstrip("/")) + "/"
    base = unquote(url)
    if not (base.startswith(folder) or folder.startswith(base)):
        return True
    if shard.files == 1:
        return base == (folder if shard.at is None else f"{folder}{shard.at}/")
    return f"{base}{head.torrent_root}/" == folder
