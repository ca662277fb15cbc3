"""Asking people: passwords, on a terminal, without showing what is typed."""

from __future__ import annotations

import getpass
import sys

from seedbox.errors import UsageError


def ask_password(what: str, *, otherwise: str) -> str:
    """Return a password that is typed.

    Args:
        what: What it is for.
        otherwise: What to do without a terminal, one sentence.

    Raises:
        UsageError: There is no terminal to ask on.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"the password of {what} cannot be asked for: no terminal", otherwise)
    return getpass.getpass(f"Password of {what}: ")


def ask_new_password(what: str, *, otherwise: str) -> str:
    """Return a password that is typed twice.

    Raises:
        UsageError: There is no terminal, nothing was typed, or not the same twice.
    """
    typed = ask_password(what, otherwise=otherwise)
    if not typed:
        raise UsageError("an empty password protects nothing", otherwise)
    if ask_password(f"{what}, again", otherwise=otherwise) != typed:
        raise UsageError("the two passwords differ", "Run the same command again.")
    return typed
