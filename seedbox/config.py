"""Defaults of the user's own: a TOML file with a table for each command.

    [fetch]
    stall = "10m"
    jobs = 2

A value is taken from the first that has it: the flag, the variable SEEDBOX_<COMMAND>_<OPTION>,
the file, the command's own default. The file is `$SEEDBOX_CONFIG`, else `seedbox/config.toml` in
`$XDG_CONFIG_HOME`, else in `~/.config`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from seedbox.errors import InvalidConfigError, Problem

Value: TypeAlias = bool | str | tuple[str, ...]
"""A switch, or what would be typed on the command line: once, or once for each."""

_HINT = "Write one table for each command, and options in it by their long names."


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says, by command and option."""

    file: str
    tables: Mapping[str, Mapping[str, Value]]

    def options_of(self, command: str, known: Iterable[str]) -> Mapping[str, Value]:
        """Return what the file says for a command.

        Raises:
            InvalidConfigError: It names an option that the command does not have.
        """
        table = self.tables.get(command, {})
        unknown = sorted(set(table) - set(known))
        if unknown:
            found = problems(self.file, [f"[{command}] has no option {name!r}" for name in unknown])
            raise InvalidConfigError(self.file, found)
        return table


def place(environment: Mapping[str, str], home: Path) -> Path:
    """Return where the configuration file is, if there is one."""
    if named := environment.get("SEEDBOX_CONFIG"):
        return Path(named)
    base = environment.get("XDG_CONFIG_HOME") or home / ".config"
    return Path(base) / "seedbox" / "config.toml"


def state_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder of what is kept from run to run: pinned keys, and what was seen."""
    if named := environment.get("SEEDBOX_STATE"):
        return Path(named)
    base = environment.get("XDG_STATE_HOME") or home / ".local" / "state"
    return Path(base) / "seedbox"


def parse(data: bytes, *, file: str, commands: Iterable[str]) -> Config:
    """Read a configuration file.

    Raises:
        InvalidConfigError: It is no TOML, has a table for what is no command, or a value that no
            option takes; all problems at once.
    """
    try:
        tables = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidConfigError(file, problems(file, [f"is no TOML: {error}"])) from None
    known = set(commands)
    wrong: list[str] = []
    read: dict[str, dict[str, Value]] = {}
    for name, table in tables.items():
        if name not in known or not isinstance(table, dict):
            wrong.append(f"{name!r} is no command with options")
            continue
        read[name] = {}
        for key, said in table.items():
            value = _value(said)
            if value is None:
                wrong.append(f"[{name}] {key} is no text, no number, no switch and no list of them")
            else:
                read[name][key] = value
    if wrong:
        raise InvalidConfigError(file, problems(file, wrong))
    return Config(file, read)


def problems(file: str, messages: Iterable[str]) -> tuple[Problem, ...]:
    """Return what is wrong with a file as problems of it."""
    return tuple(Problem("config", message, _HINT, file=file) for message in messages)


def _value(said: object) -> Value | None:
    """Return a value as it would be typed; None: it could not be."""
    if isinstance(said, bool):
        return said
    if isinstance(said, list):
        texts = [_text(each) for each in said]
        return None if None in texts else tuple(text for text in texts if text is not None)
    return _text(said)


def _text(said: object) -> str | None:
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    return str(said)
