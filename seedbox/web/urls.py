"""URLs that may be asked for, and how they are shown to people (RFC 3986)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from seedbox.errors import WebError
from seedbox.manifest.fields import url_problem

_SCHEMES = ("https", "http")
_PORTS = {"https": 443, "http": 80}
_LEFT_ALONE = "!#$%&'()*+,/:;=?@[]~"  # reserved in RFC 3986, or escaped already
_MAX_URL = 8192  # characters; servers take no longer ones


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, taken apart for asking."""

    text: str  # without a fragment, which no server is told
    scheme: str
    host: str  # without the brackets of IPv6
    port: int
    authority: str  # host and port, as the Host header has them (RFC 9110, 7.2)
    target: str  # path and query
    shown: str  # for messages


def parse(text: str, *, followed: bool = False) -> Place:
    """Take a URL apart.

    Args:
        text: The URL.
        followed: A server has sent us there: a query in it may be a signature that opens the file
            to whoever has it, and is not shown.

    Raises:
        WebError: It is no absolute URL of http or https, or it holds a name or a password.
    """
    if (why := url_problem(text, _SCHEMES)) or (why := _too_long(text)):
        raise WebError(_harmless(text), why, "Write an absolute URL of https or http.")
    parts = urlsplit(text)
    authority = parts.netloc.rpartition("@")[2]
    host = parts.hostname or ""
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    query = "?…" if followed and parts.query else target[len(path) :]
    shown = f"{parts.scheme}://{authority}{parts.path}{query}"
    if "@" in parts.netloc:
        hint = "Use a URL that everybody may ask for; whoever reads the manifest could read these."
        raise WebError(shown, "comes with a name or password in it", hint)
    port = parts.port or _PORTS[parts.scheme]
    plain = f"{parts.scheme}://{authority}{target}"
    return Place(plain, parts.scheme, host, port, authority, target, shown)


def _too_long(text: str) -> str | None:
    return f"has {len(text):,} characters, at most {_MAX_URL:,}" if len(text) > _MAX_URL else None


def _harmless(text: str) -> str:
    """Return as much of what is no good URL as may be shown."""
    scheme, found, rest = text.partition("://")
    hidden = rest.rpartition("@")[2] if found else scheme
    return repr(f"{scheme}://{hidden}"[:200] if found else hidden.rpartition("@")[2][:200])


def follow(place: Place, location: str) -> Place:
    """Return where a redirect leads.

    Args:
        place: What was asked for.
        location: The header, as http.client has it: a character a byte.

    Raises:
        WebError: It leads from https to http, to another scheme, or nowhere.
    """
    hint = "Ask for the URL that it leads to in the end, or have the server mended."
    escaped = quote(location.strip(), safe=_LEFT_ALONE, encoding="latin-1")
    try:
        joined = urljoin(place.text, escaped)
    except ValueError:
        raise WebError(place.shown, "redirects to what is no URL", hint) from None
    scheme = joined.partition(":")[0]
    if scheme not in _SCHEMES:
        raise WebError(place.shown, f"redirects to the scheme {scheme[:20]!r}", hint)
    if place.scheme == "https" and scheme == "http":
        raise WebError(place.shown, "redirects from https to http, which proves nothing", hint)
    return parse(joined, followed=True)
