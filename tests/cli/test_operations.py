"""What operators are given: unit, container, alerts, dashboard; each names only what there is."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from seedbox.daemon import metrics, resources
from seedbox.daemon.record import Trouble
from seedbox.plan.caps import parse_hours
from support.cli import run
from support.fake_daemon import view
from support.promql import Query

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "operations"
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
UNIT = (FOLDER / "seedbox.service").read_text("utf-8")
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")
ALERTS = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
BOARD = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
DURATION = re.compile(r"[1-9][0-9]*[smhdwy]")


# --- what is measured -------------------------------------------------------------------------


def measured() -> dict[str, set[str]]:
    """The labels of each metric, by name."""
    page = metrics.exposition(view(3), per_shard=True) + resources.exposition()
    found: dict[str, set[str]] = {"up": {"job", "instance"}}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = {*sample.labels, "job", "instance"}  # Prometheus adds two
            found.setdefault(sample.name, set()).update(labels)
    return found


METRICS = measured()


def unknown(query: str) -> list[str]:
    """What a query names and nothing measures."""
    return [
        f"{name}{sorted(labels - METRICS.get(name, set()))}"
        for name, labels in Query(query).metrics
        if not labels <= METRICS.get(name, set()) or name not in METRICS
    ]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a b",
        "sum(a",
        "rate(a[5m)",
        "a{b}",
        'a{b="c}',
        "a >",
        "a and",
        "sum by () (a)",
        "a) + b",
    ],
)
def test_what_is_no_query_is_not_taken_for_one(query: str) -> None:
    with pytest.raises(ValueError, match=r"is none of|cannot be read|is left of"):
        Query(query)


def test_a_metric_or_label_that_does_not_exist_is_found() -> None:
    assert unknown('seedbox_shards{state="served"} > seedbox_shardz') == ["seedbox_shardz[]"]
    assert unknown('sum(rate(seedbox_shards{trouble="a"}[5m]))') == ["seedbox_shards['trouble']"]


# --- alerts -----------------------------------------------------------------------------------


def test_alerts_have_the_form_that_prometheus_reads() -> None:
    assert set(ALERTS) == {"groups"}
    assert [set(group) for group in ALERTS["groups"]] == [{"name", "rules"}]
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_is_whole_and_names_what_is_measured(rule: dict[str, Any]) -> None:
    assert {"alert", "expr", "labels", "annotations"} <= set(rule)
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Seedbox[A-Za-z]+", rule["alert"])
    assert DURATION.fullmatch(rule.get("for", "1s"))
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"]["summary"].isprintable()
    assert (
        re.sub(
            r"\{\{ \$(labels\.\w+|value)( \| \w+)? \}\}", "", rule["annotations"]["summary"]
        ).count("{")
        == 0
    )
    assert unknown(rule["expr"]) == []


def test_an_alert_for_each_trouble_that_needs_somebody() -> None:
    told = {word for rule in RULES for word in re.findall(r'trouble=~?"([a-z|]+)"', rule["expr"])}
    named = {trouble for words in told for trouble in words.split("|")}

    assert named == {"missing", "unreadable", "corrupt", "changed", "refused", "withdrawn"}
    assert named <= set(Trouble)


def test_promtool_agrees() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")

    subprocess.run([promtool, "check", "rules", FOLDER / "alerts.yaml"], check=True)


# --- the dashboard ----------------------------------------------------------------------------


def queries(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_a_panel_says_what_it_shows_and_names_what_is_measured(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert [unknown(query) for query in queries(panel)] == [[] for _ in panel["targets"]]
    assert queries(panel)


def test_panels_have_their_own_ids_and_places() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_choices_of_the_dashboard_are_made_of_what_is_measured() -> None:
    choices = {each["name"]: each for each in BOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(PANELS)))

    assert used == {"datasource", "instance", "dataset"} == set(choices)
    for name in ("instance", "dataset"):
        inner = choices[name]["definition"]
        metric, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", inner).groups()  # type: ignore[union-attr]
        assert (label, label in METRICS[metric]) == (name, True)
    assert [unknown(each["expr"]) for each in BOARD["annotations"]["list"]] == [[]]


# --- the page ---------------------------------------------------------------------------------


def test_the_page_names_every_metric_and_no_other() -> None:
    named = set(re.findall(r"`((?:seedbox|process)_\w+)`", PAGE))

    assert named == set(METRICS) - {"up"}


def rows(heading: str) -> list[str]:
    """The first cells of the table below a heading of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_the_page_says_what_to_do_about_each_alert_and_trouble() -> None:
    assert rows("Alerts, and what to do") == [rule["alert"] for rule in RULES]
    assert rows("Troubles") == [str(trouble) for trouble in Trouble]


def test_the_page_links_every_file_of_the_folder() -> None:
    linked = set(re.findall(r"\]\(operations/([^)]+)\)", PAGE))

    assert linked == {path.name for path in FOLDER.iterdir()}


# --- configuration, unit and container --------------------------------------------------------


def test_the_configuration_is_one_that_seedbox_takes(tmp_path: Path) -> None:
    file = FOLDER / "config.toml"

    ran = run("seed", tmp_path / "no.yaml", "--json", env={"SEEDBOX_CONFIG": str(file)})

    assert ran.error[1] == "source"  # that is: all options have been read
    assert parse_hours(tomllib.loads(file.read_text("utf-8"))["seed"]["hours"])


def settings(unit: str) -> dict[str, list[str]]:
    """All values of each key of a unit."""
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_is_ready_when_told_and_takes_a_stop_for_success() -> None:
    found = settings(UNIT)

    assert found["Type"] == ["notify"]
    assert {"130", "143"} <= set(found["SuccessExitStatus"][0].split())
    assert found["RestartPreventExitStatus"] == ["2 3 4 7"]
    assert int(found["TimeoutStopSec"][0]) > 10
    assert found["ProtectSystem"] == ["strict"]
    assert found["StateDirectory"] == ["seedbox"]
    assert found["Environment"][1] == "SEEDBOX_STATE=/var/lib/seedbox"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that this machine has."""
    path = tmp_path / "seedbox.service"
    path.write_text(UNIT.replace("/usr/bin/seedbox", str(shutil.which("true"))), "utf-8")
    return path


def test_systemd_takes_the_unit(unit: Path) -> None:
    ran = analyzed("verify", unit)

    assert (ran.returncode, ran.stderr) == (0, "")


def test_systemd_finds_little_that_the_unit_could_do_without(unit: Path) -> None:
    ran = analyzed("security", "--offline=true", "--threshold=20", "--no-pager", unit)

    assert ran.returncode == 0, ran.stdout


def analyzed(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    command = [program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_container_is_nobody_special_and_is_stopped_and_asked_as_the_daemon_wants() -> None:
    joined = DOCKERFILE.replace("\\\n", " ")
    last = joined[joined.rindex("\nFROM ") :]
    steps = re.findall(r"^([A-Z]+) (.*)$", last, re.MULTILINE)
    told = {key: value for key, value in steps if key != "RUN"}

    assert told["USER"] == "6881:6881"
    assert told["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(told["ENTRYPOINT"]) == ["seedbox"]
    assert json.loads(told["CMD"])[0] == "seed"
    asked = json.loads(told["HEALTHCHECK"].partition("CMD ")[2])
    assert run(*asked[1:], env={"SEEDBOX_STATE": "/nowhere"}).status == 3  # no daemon is running


def test_the_container_is_run_without_rights() -> None:
    composed = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    service = composed["services"]["seedbox"]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (FOLDER / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert all(volume.endswith(":ro") for volume in service["volumes"] if volume[0] == "/")


@pytest.mark.parametrize("file", ["seedbox.service", "Dockerfile", "compose.yaml"])
def test_every_option_and_variable_of_seedbox_exists(file: str) -> None:
    text = (FOLDER / file).read_text("utf-8")
    options = set(re.findall(r"(?<=seedbox seed )[^\n]*|(?<=CMD )[^\n]*", text))
    printed = run("seed", "--help").out + run("status", "--help").out

    used = {word for line in options for word in re.findall(r"--[a-z][a-z-]*", line)}
    assert {word for word in used if word not in printed} - {"--interval", "--timeout"} == set()
    named = set(re.findall(r"\bSEEDBOX_SEED_([A-Z_]+)", text))
    assert {f"--{name.lower().replace('_', '-')}" for name in named} <= set(printed.split())
