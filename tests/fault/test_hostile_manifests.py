"""Manifests that somebody wrote by mistake or to do harm: refused with exactly what is wrong.

The tables are in `support`: `hostile_manifests` and `hostile_rules` change one thing in a right
manifest, `hostile_yaml` has files that are wrong as YAML or that are made to cost a lot.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import Problem
from seedbox.manifest.lint import check
from support.cli import DEADLINE, command, environment, run, run_process, snapshot
from support.hostile_manifests import GOOD, RULES_OF_TEXT, Case
from support.hostile_rules import RULES
from support.hostile_yaml import YAML
from support.publisher import Publisher, publisher
from support.torrents import changed

CASES = [*RULES_OF_TEXT, *RULES, *YAML]
MiB = 1024 * 1024


def cases(chosen: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", chosen, ids=[case.id for case in chosen])


def test_the_manifest_that_the_cases_change_is_right() -> None:
    assert check(GOOD.encode(), file="m.yaml") == []


def test_there_are_two_cases_of_every_rule_at_least() -> None:
    rules = Counter(
        "license" if rule.startswith("license-") else rule
        for case in CASES
        for rule in {rule for rule, _ in case.expected}
    )

    assert len(CASES) >= 120
    assert len({case.id for case in CASES}) == len(CASES)
    assert {rule for rule, count in rules.items() if count < 2} == set()
    assert len(rules) >= 40


@cases(CASES)
@pytest.mark.timeout(30)
def test_what_is_wrong_is_found_with_its_line_and_nothing_else_is(case: Case) -> None:
    problems = check(case.make(), file="m.yaml")

    assert tuple((problem.rule, problem.line) for problem in problems) == case.expected
    assert all(is_fit_to_be_shown(problem) for problem in problems)


def is_fit_to_be_shown(problem: Problem) -> bool:
    """One line without control codes, with the file's name and with a sentence that helps."""
    shown = f"{problem}{problem.hint}"
    return (
        shown.isprintable()
        and len(shown) < 2000
        and problem.file == "m.yaml"
        and problem.hint.endswith(".")
    )


# --- as a process -----------------------------------------------------------------------------

# Of the process alone: what a child takes over from pytest itself would count too.
MEASURED = """\
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([done.returncode, done.stdout, done.stderr, peak * unit]))
"""
NAMED = {case.name: case for case in CASES}
COSTLY = [
    "30 MiB of handles of tags",
    "64 MiB of '[' in a line",
    "64 MiB of '\N{GRINNING FACE}' in a line",
    "64 MiB of text in a block",
    "64 MiB of faces",
    "64 MiB of items in a list",
    "a bad byte at the end",
    "64 MiB of shards that are text",
]


@cases([NAMED[name] for name in COSTLY])
@pytest.mark.timeout(60)
def test_the_costliest_files_are_refused_in_200_mib(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(case.make())

    measuring = [sys.executable, "-c", MEASURED, *command("lint", path, "--json")]
    ran = subprocess.run(
        measuring, capture_output=True, check=True, env=environment(), timeout=DEADLINE
    )

    status, out, err, peak = json.loads(ran.stdout)
    assert (status, found(json.loads(out)), err) == (1, case.expected, "")
    assert peak < 200 * MiB


def found(document: dict[str, Any]) -> tuple[tuple[str, int | None], ...]:
    (manifest,) = document["manifests"]
    return tuple((problem["rule"], problem["line"]) for problem in manifest["problems"])


@cases(
    [
        NAMED[name]
        for name in (
            "tag that runs a program",
            "tag that makes an object",
            "a billion laughs",
            "path ../wiki.torrent",
            "path /etc/passwd",
            "tracker without a scheme",
            "encoding utf-16",
            "999 kB of levels",
            "program",
        )
    ]
)
def test_a_process_says_the_same_and_does_nothing_else(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(case.make().replace(b"{canary}", str(tmp_path / "canary").encode()))
    before = snapshot(tmp_path)

    ran = run_process("lint", path, "--json", cwd=tmp_path)

    assert (ran.status, found(ran.document), ran.err) == (1, case.expected, "")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "arguments",
    [
        "show {}/m.yaml",
        "verify {0}/m.yaml {0}",
        "seed {0}/m.yaml --data {0}",
        "fetch {0}/m.yaml --out {0}/new",
    ],
)
def test_every_command_that_reads_a_manifest_refuses_it_alike(
    arguments: str, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_bytes(NAMED["999 kB of levels"].make())
    before = snapshot(tmp_path)

    words = arguments.format(tmp_path).split()
    ran = run(*words, "--json", env={"SEEDBOX_STATE": str(tmp_path / "state")})

    assert ran.error[:2] == (4, "invalid-manifest")
    assert "nested deeper than 32 levels" in ran.error[2]
    assert snapshot(tmp_path) == before


# --- rules 6 and 8: the torrents beside it ----------------------------------------------------


def lint_of(made: Publisher) -> tuple[int, list[tuple[str, str]]]:
    ran = run("lint", made.manifest, "--json")
    (manifest,) = ran.document["manifests"]
    return ran.status, [(problem["rule"], problem["path"]) for problem in manifest["problems"]]


def test_a_torrent_that_is_another_ones_disagrees_in_all_that_tells_them_apart(
    tmp_path: Path,
) -> None:
    made = publisher(tmp_path)
    made.build()
    made.torrent(2).write_bytes(made.torrent(1).read_bytes())

    keys = ["torrent.sha256", "info_hash.v1", "info_hash.v2", "size"]
    assert lint_of(made)[0] == 1
    assert [path for _, path in lint_of(made)[1]][:4] == [f"shards[1].{key}" for key in keys]


def climb(document: dict[bytes, Any]) -> None:
    document[b"info"][b"name"] = b"../../etc"


def use_a_device(document: dict[bytes, Any]) -> None:
    document[b"info"][b"name"] = b"nul"


def add_a_comment(document: dict[bytes, Any]) -> None:
    document[b"comment"] = b"changed"


@pytest.mark.parametrize(
    ("change", "path"),
    [(climb, "set-0001"), (use_a_device, "set-0001"), (add_a_comment, "shards[0].torrent.sha256")],
)
def test_a_torrent_that_was_changed_is_found(
    change: Callable[[dict[bytes, Any]], object], path: str, tmp_path: Path
) -> None:
    made = publisher(tmp_path)
    made.build()
    made.torrent(1).write_bytes(changed(made.torrent(1).read_bytes(), change))

    assert lint_of(made) == (1, [("torrent", path)])
