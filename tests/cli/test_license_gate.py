"""No command shares what is not openly licensed, and no option turns that off."""

import importlib
from pathlib import Path

import click
import pytest

from support.cli import Process, paths, run
from support.publisher import HEAD, Publisher

ANYWHERE = ("--listen", "127.0.0.1:0")
CLOSED = [
    # license, what the reason says
    ("CC-BY-NC-4.0", "forbids commercial use"),
    ("CC-BY-ND-4.0", "forbids changed versions"),
    ("JSON", "Good, not Evil"),
    ("NOASSERTION", "nobody has granted anything"),
    ("NONE", "nobody has granted anything"),
    ("LicenseRef-Ours", "defined by its publisher alone"),
    ("CC-BY-4.0 AND CC-BY-NC-4.0", "AND needs every part open"),
]


def relicensed(built: Publisher, spdx: str) -> None:
    text = built.manifest.read_text()
    built.manifest.write_text(text.replace("  spdx: CC-BY-4.0\n", f"  spdx: {spdx}\n"))


def with_own(built: Publisher, **licenses: str) -> None:
    """Give shards licenses of their own; `set_0001` stands for set-0001."""
    text = built.manifest.read_text()
    for shard, spdx in licenses.items():
        name = f"- name: {shard.replace('_', '-')}\n"
        assert name in text
        text = text.replace(name, f"{name}  license: {{spdx: {spdx}}}\n")
    built.manifest.write_text(text)


@pytest.mark.parametrize(("spdx", "why"), CLOSED)
def test_build_refuses_a_dataset_and_writes_nothing(
    dataset: Publisher, spdx: str, why: str
) -> None:
    dataset.head.write_text(HEAD.replace("spdx: CC-BY-4.0", f"spdx: {spdx}"))

    ran = run(*dataset.arguments(), "--json")
    planned = run(*dataset.arguments(), "--dry-run", "--json")

    assert ran.error[:2] == planned.error[:2] == (7, "license-refused")
    assert why in ran.error[2]
    assert not dataset.out.exists()


@pytest.mark.parametrize(("spdx", "why"), CLOSED)
def test_lint_names_the_rule_and_ends_with_1(built: Publisher, spdx: str, why: str) -> None:
    relicensed(built, spdx)

    ran = run("lint", built.manifest, "--json")

    problems = ran.document["manifests"][0]["problems"]
    (found,) = [problem for problem in problems if problem["path"] == "license.spdx"]
    verdict = run("license", spdx, "--json").document
    assert (ran.status, found["rule"]) == (1, f"license-{verdict['rule']}")
    assert why in found["message"]


@pytest.mark.parametrize(("spdx", "why"), CLOSED)
def test_seed_and_fetch_refuse_a_dataset(
    built: Publisher, tmp_path: Path, spdx: str, why: str
) -> None:
    relicensed(built, spdx)

    seeded = run("seed", built.manifest, "--data", built.source, *ANYWHERE, "--json")
    fetched = run("fetch", built.manifest, "--out", tmp_path / "mirror", "--json")
    dry = run("fetch", built.manifest, "--out", tmp_path / "mirror", "--dry-run", "--json")

    for ran in (seeded, fetched, dry):
        assert ran.error[:2] == (7, "license-refused")
        assert why in ran.error[2]
    assert not (tmp_path / "mirror").exists()


def test_a_dataset_whose_default_is_refused_is_not_saved_by_an_open_shard(
    built: Publisher, tmp_path: Path
) -> None:
    relicensed(built, "CC-BY-NC-4.0")
    with_own(built, set_0001="CC0-1.0")

    fetched = run("fetch", built.manifest, "--out", tmp_path / "mirror", "--json")

    assert fetched.error[:2] == (7, "license-refused")


def test_seed_leaves_refused_shards_out_by_name_and_says_why(built: Publisher) -> None:
    with_own(built, set_0001="CC-BY-NC-4.0", set_0003="LicenseRef-Ours")

    with Process("seed", built.manifest, "--data", built.source, *ANYWHERE) as seed:
        seed.until("seeding", shard="set-0002")

    told = [event["message"] for event in seed.told if event["event"] == "warned"]
    assert [message for message in told if "its license is refused" in message] == [
        (
            "set-0001 is not seeded: its license is refused: CC-BY-NC-4.0 forbids commercial use"
            " (the Open Definition rejects it)"
        ),
        (
            "set-0003 is not seeded: its license is refused: LicenseRef-Ours is defined by its"
            " publisher alone, not by SPDX"
        ),
    ]
    assert {e["shard"] for e in seed.told if e["event"] == "seeding"} == {"set-0002"}


def test_fetch_leaves_refused_shards_out_by_name_and_says_why(
    built: Publisher, tmp_path: Path
) -> None:
    with_own(built, set_0001="CC-BY-NC-4.0", set_0003="NONE")
    mirror = tmp_path / "mirror"

    ran = run("fetch", built.manifest, "--out", mirror, "--stall", "0.1s", "--json")

    assert ran.document["left_out"] == [
        {
            "name": "set-0001",
            "reason": "its license is refused: CC-BY-NC-4.0 forbids commercial use"
            " (the Open Definition rejects it)",
        },
        {
            "name": "set-0003",
            "reason": "its license is refused: NONE says that nobody has granted anything",
        },
    ]
    assert [shard["name"] for shard in ran.document["shards"]] == ["set-0002"]
    assert not any("c.bin" in path or "e.bin" in path for path in paths(mirror))


def test_fetch_refuses_a_refused_shard_that_is_asked_for(built: Publisher, tmp_path: Path) -> None:
    with_own(built, set_0002="CC-BY-ND-4.0")

    ran = run("fetch", built.manifest, "--out", tmp_path / "m", "--shard", "set-0002", "--json")

    assert ran.error[:2] == (7, "license-refused")
    assert "set-0002" in ran.error[2]


@pytest.mark.parametrize("verb", ["seed", "fetch"])
def test_a_manifest_of_which_nothing_is_open_is_refused(
    built: Publisher, tmp_path: Path, verb: str
) -> None:
    lines = built.manifest.read_text().splitlines(keepends=True)
    start = lines.index("license:\n")
    end = next(at for at in range(start + 1, len(lines)) if not lines[at].startswith(" "))
    built.manifest.write_text("".join(lines[:start] + lines[end:]))
    place = ("--data", built.source, *ANYWHERE) if verb == "seed" else ("--out", tmp_path / "m")

    ran = run(verb, built.manifest, *place, "--json")

    assert ran.error[:2] == (7, "license-refused")
    assert "no license is given" in ran.error[2]


@pytest.mark.parametrize("verb", ["build", "lint", "seed", "fetch"])
def test_no_option_lets_a_license_pass(verb: str) -> None:
    command = importlib.import_module(f"seedbox.cli.{verb}").command
    names = [
        name for each in command.params for name in each.opts if isinstance(each, click.Option)
    ]

    words = ("license", "force", "allow", "insecure", "unchecked")
    found = {name for name in names if any(word in name for word in words)}
    assert found <= {"--allow-commands"}  # of encoders: nothing to do with licenses
