"""Options that were not typed: from variables, then from the user's configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from seedbox import config
from seedbox.errors import InvalidConfigError

_MAX_BYTES = 1 << 20


def take_defaults(verb: str, command: click.Command, verbs: Iterable[str]) -> None:
    """Let a command's options be given by variables and by the configuration file.

    Subcommands share the variables and the table of their command.

    Raises:
        InvalidConfigError: The file is wrong; all problems at once.
        DiskError: It cannot be read.
    """
    said = _read(verbs)
    commands = command.commands.values() if isinstance(command, click.Group) else (command,)
    options = [(each, _named(verb, each)) for each in commands]
    known = {name for _, named in options for name in named}
    values = {} if said is None else said.options_of(verb, known)
    for each, named in options:
        own = {name: value for name, value in values.items() if name in named}
        checked = {} if said is None else _checked(verb, each, named, own, said.file)
        each.context_settings["default_map"] = checked


def _named(verb: str, command: click.Command) -> dict[str, click.Option]:
    """Return a command's options by their long names, each with its variable."""
    named: dict[str, click.Option] = {}
    for option in command.params:
        long = next((name for name in option.opts if name.startswith("--")), None)
        if isinstance(option, click.Option) and long:
            named[long[2:]] = option
            option.envvar = f"SEEDBOX_{verb}_{long[2:]}".upper().replace("-", "_")
    return named


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
    verb: str,
    command: click.Command,
    named: Mapping[str, click.Option],
    said: Mapping[str, config.Value],
    file: str,
) -> dict[str, config.Value]:
    """Return the values by the names that click has for them; each has been read once."""
    values: dict[str, config.Value] = {}
    wrong: list[str] = []
    ctx = click.Context(command)
    for name, value in said.items():
        option = named[name]
        fitted = (value,) if option.multiple and isinstance(value, str) else value
        try:
            _fits(option, fitted)
            option.type_cast_value(ctx, fitted)
        except click.BadParameter as error:
            wrong.append(f"[{verb}] {name}: {error.message}")
        values[str(option.name)] = fitted
    if wrong:
        raise InvalidConfigError(file, config.problems(file, wrong))
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
