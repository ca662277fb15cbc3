"""The command line: one file per command, loaded when it is asked for.

Each command parses, plans, runs and shows. This is where an engine is picked, and where errors
become exit statuses; docs/cli.md lists them.
"""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from seedbox import __version__
from seedbox.cli import stopping
from seedbox.errors import BugError, SeedboxError, UsageError

if TYPE_CHECKING:
    from seedbox.console import Console

COMMANDS = {
    "init": "Write a dataset.yaml beside the data, with guesses to check.",
    "build": "Turn a folder into shards, torrents and a manifest.",
    "torrent": "Make one torrent from one file or folder.",
    "lint": "Check manifests against every rule, all problems at once.",
    "diff": "Say what a new manifest changes, and what a mirror has to move.",
    "export": "Describe a manifest in the formats of data catalogs.",
    "keygen": "Make a key to sign manifests with.",
    "sign": "Sign manifests, so that others can tell who wrote them.",
    "withdraw": "Take back shards or single items, and sign it.",
    "trust": "Pin publishers' keys, each for one id.",
    "show": "Say what a manifest, a torrent or a magnet link is.",
    "verify": "Check data on disk against a manifest or a torrent.",
    "search": "Find items in a catalog, and the shard that holds each.",
    "license": "Say whether a license is open, and which rule says so.",
    "adopt": "Find data that lies on this disk already, and seed it.",
    "seed": "Serve the shards that are on this disk.",
    "status": "Say what the running daemon holds, announces and serves.",
    "top": "Show what the running daemon does, live.",
    "why": "Say why a shard is served, or why not.",
    "pause": "Stop serving shards until they are resumed.",
    "resume": "Serve shards again that were paused.",
    "reload": "Let the running daemon look at every manifest now.",
    "fetch": "Get a dataset, or the part that covers most of its use.",
    "doctor": "Say what this installation can do, and what a daemon lacks.",
    "demo": "Go the whole way on real open data, on this machine alone.",
}

# Torrents and manifests become a million values without cycles; looking for cycles after each 700
# of them, as Python does, takes a fifth of the time of reading them.
_ALLOCATIONS = 10_000


class _Commands(click.Group):
    """Loads a command's module only when the command is run or asked for its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        from seedbox.cli.defaults import take_defaults

        module = importlib.import_module(f"seedbox.cli.{cmd_name}")
        command: click.Command = module.command
        take_defaults(cmd_name, command, COMMANDS)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seedbox")
def group() -> None:
    """Publish, mirror and fetch openly licensed datasets over BitTorrent.

    An option that is not given is taken from the variable SEEDBOX_<COMMAND>_<OPTION>, then from
    the table of its command in ~/.config/seedbox/config.toml.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    gc.set_threshold(_ALLOCATIONS)
    stopping.obey_terminate()
    raise SystemExit(_run(arguments))


def _run(arguments: list[str]) -> int:
    """Run a command; `options.output` has shown its errors, here are those of all else."""
    try:
        status = group.main(arguments, prog_name="seedbox", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        return _failed(arguments, _in_our_words(error, arguments))
    except SeedboxError as error:
        return _failed(arguments, error)
    except (KeyboardInterrupt, click.Abort):
        return stopping.stopped_status()
    except Exception as error:  # noqa: BLE001  (the last one to see a bug must report it)
        return _failed(arguments, _bug(error))
    return status if isinstance(status, int) else 0


def _failed(arguments: list[str], error: SeedboxError) -> int:
    _console(arguments).show_error(error)
    return error.exit_status


def _bug(error: Exception) -> BugError:
    """Return what is told of an exception that nobody raised on purpose."""
    bug = BugError(
        message=f"seedbox {__version__} has a bug: {type(error).__name__}: {error}",
        hint="Report it with the lines above, and with the command that you ran.",
    )
    bug.__cause__ = error
    return bug


def _console(arguments: list[str]) -> Console:
    """Return a console for errors in the arguments themselves, which nobody has parsed."""
    from seedbox.console import Console

    given = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return Console(
        as_json="--json" in given, json_events="--json-events" in given, debug="--debug" in given
    )


def _in_our_words(error: click.UsageError, arguments: list[str]) -> UsageError:
    """Return what click found wrong as an error like all others."""
    message = error.format_message()
    if isinstance(error, click.BadParameter) and error.ctx and error.param and error.param.name:
        source = error.ctx.get_parameter_source(error.param.name)
        if source is click.core.ParameterSource.ENVIRONMENT:
            message = f"Variable {error.param.envvar}: {error.message}"
    verb = next((word for word in arguments if word in COMMANDS), None)
    path = error.ctx.command_path if error.ctx else " ".join(filter(None, ("seedbox", verb)))
    return UsageError(message[:1].lower() + message[1:].rstrip("."), f"Run `{path} --help`.")
