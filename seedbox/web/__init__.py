"""Asking web servers: documents and byte ranges by HTTP, each bounded in time and size."""

from seedbox.web.client import Page, fetch, fetch_range
from seedbox.web.polled import Polled, Validators, poll
from seedbox.web.streams import State, Stream, look, stream
from seedbox.web.wire import CancelledError, never

__all__ = [
    "CancelledError",
    "Page",
    "Polled",
    "State",
    "Stream",
    "Validators",
    "fetch",
    "fetch_range",
    "look",
    "never",
    "poll",
    "stream",
]
