"""The documentation says what the program does: help, statuses, errors, JSON, options, links."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import click
import pytest

import seedbox
from seedbox import errors
from seedbox.cli import COMMANDS
from seedbox.jobs.events import Event
from seedbox.manifest import model, schedule
from support.cli import COMMANDS as VERBS
from support.cli import run
from support.publisher import Publisher

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
CLI = (ROOT / "docs" / "cli.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
ABSTRACT = {
    errors.SeedboxError,
    errors.InvalidFileError,
    errors.RefusedFileError,
}  # never raised themselves
PARTS = [
    model.Head,
    model.Shard,
    model.License,
    model.Evidence,
    model.Origin,
    model.Popularity,
    model.Creator,
    model.Publisher,
    model.TorrentRef,
    model.WebSeed,
    schedule.Schedule,
    schedule.HeadRule,
    schedule.TailRule,
]


def test_every_command_and_subcommand_is_tested() -> None:
    found = []
    for name in COMMANDS:
        command = command_of(name)
        subcommands = list(command.commands) if isinstance(command, click.Group) else [""]
        found += [f"{name} {each}".strip() for each in subcommands]

    assert found == VERBS


@pytest.mark.parametrize("verb", dict.fromkeys(["", *COMMANDS, *VERBS]))
def test_the_page_has_the_help_as_it_is_printed(verb: str) -> None:
    printed = run(*verb.split(), "--help", env={"COLUMNS": "80"}).out

    assert f"```text\n{printed}```\n" in section(f"seedbox {verb}".strip())


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_worked_examples_and_stands_in_the_readme(verb: str) -> None:
    example = f"seedbox {verb} "

    assert verb == "demo" or example in section(f"seedbox {verb}").split("```\n", 1)[1]
    assert f"seedbox {verb}" in README


def test_the_list_of_commands_has_each_on_one_line() -> None:
    listed = section("seedbox").partition("Commands:\n")[2].partition("```")[0]

    assert [line.split(maxsplit=1) for line in listed.splitlines()] == [
        [verb, line] for verb, line in COMMANDS.items()
    ]


def test_every_exit_status_is_explained() -> None:
    listed = {int(n) for row in table("Exit statuses") for n in row[0].split(", ")}
    raised = {kind.exit_status for kind in concrete_errors()}

    assert raised | {0, 1, 2, 128 + 2, 128 + 15, 128 + 13} | {3, 6} == listed


def test_every_error_is_listed_with_its_status_and_nothing_else_is() -> None:
    listed = [(code.strip("`"), int(status)) for code, status, _ in table("Errors")]

    assert sorted(listed) == sorted((e.code, e.exit_status) for e in concrete_errors())


def test_every_event_is_listed_with_its_fields() -> None:
    listed = {name: names(row[1]) for row in table("JSON", 1) for name in names(row[0])}

    told = {kind.__name__.lower(): {f.name for f in fields(kind)} for kind in get_args(Event)}
    assert listed == {**told, "error": {"code", "message", "hint", "data"}}


@pytest.mark.parametrize(
    ("row", "arguments"),
    [
        ("`init`", ["init", "{source}", "--out", "{folder}/new.yaml"]),
        ("`build`", ["build", "{head}", "--source", "{source}", "--out", "{folder}/o"]),
        (
            "`build --dry-run`",
            ["build", "{head}", "--source", "{source}", "--out", "{folder}/o", "--dry-run"],
        ),
        ("`torrent`", ["torrent", "{source}", "-o", "{folder}/x.torrent"]),
        ("`lint`", ["lint", "{manifest}"]),
        ("`diff`", ["diff", "{manifest}", "{manifest}"]),
        ("`export croissant`", ["export", "croissant", "{manifest}", "-o", "{folder}/x.json"]),
        ("`show` MANIFEST", ["show", "{manifest}"]),
        ("`show` TORRENT", ["show", "{out}/torrents/set-0001.torrent"]),
        ("`show` MAGNET", ["show", f"magnet:?xt=urn:btih:{'0a' * 20}"]),
        ("`verify`", ["verify", "{manifest}", "{source}"]),
        ("`license`", ["license", "MIT OR (ISC AND JSON)"]),
        (
            "`adopt --dry-run`",
            ["adopt", "{source}", "{manifest}", "--data", "{folder}/m", "--dry-run"],
        ),
        ("`adopt`", ["adopt", "{source}", "{manifest}", "--data", "{folder}/m"]),
        ("`doctor`", ["doctor"]),
        ("`fetch --dry-run`", ["fetch", "{manifest}", "--out", "{folder}/m", "--dry-run"]),
        ("`fetch`", ["fetch", "{manifest}", "--out", "{folder}/m", "--stall", "1s"]),
        (
            "`seed`, once stopped",
            ["seed", "{manifest}", "--data", "{out}", "--listen", "127.0.0.1:0"],
        ),
    ],
)
def test_json_has_the_keys_that_the_page_lists(
    row: str, arguments: list[str], built: Publisher
) -> None:
    places = {
        "folder": built.folder,
        "source": built.source,
        "head": built.head,
        "out": built.out,
        "manifest": built.manifest,
    }
    (listed,) = [names(cells[1]) for cells in table("JSON") if cells[0] == row]

    document = run(*(text.format(**places) for text in arguments), "--json").document

    assert set(keys(document)) <= listed


@pytest.mark.parametrize("part", PARTS)
def test_the_page_on_manifests_explains_every_field(part: type[Any]) -> None:
    page = (ROOT / "docs" / "manifest.md").read_text("utf-8")

    assert {field.name for field in fields(part)} - {"extra"} <= names(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_and_variable_exists(page: Path) -> None:
    text = re.sub(r"^dask .*$", "", page.read_text("utf-8"), flags=re.MULTILINE)  # has its own
    options, variables = known()

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= options
    assert set(re.findall(r"\bSEEDBOX_[A-Z_]*[A-Z]\b", text)) <= variables


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8"))

    assert [link for link in links if not leads_somewhere(page, link)] == []


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert headings[0] == seedbox.__version__


# --- what the pages say -----------------------------------------------------------------------


def section(heading: str) -> str:
    """The text below a heading of docs/cli.md."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", CLI, re.DOTALL | re.MULTILINE)
    assert found, f"docs/cli.md has no section {heading!r}"
    return found[1]


def table(heading: str, number: int = 0) -> list[list[str]]:
    """The cells of a table below a heading of docs/cli.md, without its first row."""
    tables = re.findall(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", section(heading), re.MULTILINE)
    rows = tables[number].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def names(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def leads_somewhere(page: Path, link: str) -> bool:
    """Tell whether a link is one to the web, or to a file and heading of this project."""
    if link.startswith("https://"):
        return True
    path, _, anchor = link.partition("#")
    target = page.parent / unquote(path) if path else page
    return target.is_file() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The names that a page's headings have as links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


# --- what the program has ---------------------------------------------------------------------


def concrete_errors() -> list[type[errors.SeedboxError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [k for k in kinds if issubclass(k, errors.SeedboxError) and k not in ABSTRACT]


def known() -> tuple[set[str], set[str]]:
    """Every option, and every variable that stands for one."""
    options, variables = (
        {"--version", "--help"},
        {"SEEDBOX_CONFIG", "SEEDBOX_HASH", "SEEDBOX_STATE"},
    )
    for verb in COMMANDS:
        command = command_of(verb)
        whole = command.commands.values() if isinstance(command, click.Group) else [command]
        params = [param for each in whole for param in each.params]
        longs = [name for param in params for name in param.opts if name.startswith("--")]
        options.update(longs, *(param.secondary_opts for param in params))  # --no-…
        variables.update(f"SEEDBOX_{verb}_{n[2:]}".upper().replace("-", "_") for n in longs)
    return options, variables


def command_of(verb: str) -> click.Command:
    command: click.Command = importlib.import_module(f"seedbox.cli.{verb}").command
    return command


def keys(document: object) -> Iterator[str]:
    """Every key of a JSON document, however deep."""
    inner: list[Any] = []
    if isinstance(document, dict):
        yield from document
        inner = list(document.values())
    elif isinstance(document, list):
        inner = document
    for value in inner:
        yield from keys(value)
