"""Options that were not typed: from variables, then from the user's configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from seedbox import config
from seedbox.errors import InvalidConfigError

_MAX_BYTES = 1 << 20


def take_defaults(verb: str, command: click.Command, verbs: Iterable[str]) -> None:
    """Let a command's options be given by variables and by the configuration file.

    Raises:
        InvalidConfigError: The file is wrong; all problems at once.
        DiskError: It cannot be read.
    """
    named: dict[str, click.Option] = {}
    for option in command.params:
        long = next((name for name in option.opts if name.startswith("--")), None)
        if isinstance(option, click.Option) and long:
            named[long[2:]] = option
            option.envvar = f"SEEDBOX_{verb}_{long[2:]}".upper().replace("-", "_")
    said = _read(verbs)
    values = {} if said is None else _checked(verb, command, named, said)
    command.context_settings["default_map"] = values


def _read(verbs: Iterable[str]) -> config.Config | None:
    """Return what the file says; None: there is none, and none was asked for."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (Path.home fails for users without one)
    file = config.place(os.environ, home)
    if not file.exists() and not os.environ.get("SEEDBOX_CONFIG"):
        return None
    from seedbox import disk

    with disk.attempt("read the configuration", file), file.open("rb") as stream:
        data = stream.read(_MAX_BYTES)
    return config.parse(data, file=str(file), commands=verbs)


def _checked(
    verb: str, command: click.Command, named: dict[str, click.Option], said: config.Config
) -> dict[str, config.Value]:
    """Return the values by the names that click has for them; each has been read once."""
    values: dict[str, config.Value] = {}
    wrong: list[str] = []
    ctx = click.Context(command)
    for name, value in said.options_of(verb, named).items():
        option = named[name]
        fitted = (value,) if option.multiple and isinstance(value, str) else value
        try:
            _fits(option, fitted)
            option.type_cast_value(ctx, fitted)
        except click.BadParameter as error:
            wrong.append(f"[{verb}] {name}: {error.message}")
        values[str(option.name)] = fitted
    if wrong:
        raise InvalidConfigError(said.file, config.problems(said.file, wrong))
    return values


def _fits(option: click.Option, value: config.Value) -> None:
    """Refuse a value of another kind than the option's.

    Raises:
        BadParameter: It is.
    """
    if option.is_flag != isinstance(value, bool):
        kind = "true or false" if option.is_flag else "a value, not true or false"
        raise click.BadParameter(f"takes {kind}")
    if isinstance(value, tuple) and not option.multiple:
        raise click.BadParameter("takes one value, not a list")
