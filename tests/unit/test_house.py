"""The rules of the house that no linter holds: limits, names, places and the map."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "seedbox"
JUNK_DRAWERS = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
# In pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(name).encode()
    for name in [
        ("anaconda", "org"),
        ("crates", "io"),
        ("deb", "debian", "org"),
        ("npmjs", "com"),
        ("npmjs", "org"),
        ("proxy", "golang", "org"),
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("yarnpkg", "com"),
    ]
]


def test_every_module_is_under_400_lines() -> None:
    sizes = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules()}

    assert {path: size for path, size in sizes.items() if size >= 400} == {}


def test_every_function_is_at_most_40_lines() -> None:
    assert [
        f"{name(path)}:{function.lineno} {function.name}: {size} lines"
        for path in modules()
        for function in functions(path)
        if (size := (function.end_lineno or 0) - function.lineno + 1) > 40
    ] == []


def test_no_module_is_a_junk_drawer() -> None:
    assert [
        name(path)
        for path in modules()
        if JUNK_DRAWERS & {*path.relative_to(ROOT).parent.parts, path.stem.strip("_")}
    ] == []


def test_every_unit_test_mirrors_a_module_of_seedbox() -> None:
    homeless = []
    unit = ROOT / "tests" / "unit"
    for test in sorted(unit.rglob("test_*.py")):
        mirrored = SOURCE / test.relative_to(unit).parent / test.stem.removeprefix("test_")
        if not (mirrored.with_suffix(".py").is_file() or (mirrored / "__init__.py").is_file()):
            homeless.append(name(test))

    assert homeless == ["tests/unit/test_house.py"]


def test_the_map_names_every_top_level_module_and_nothing_else() -> None:
    docstring = ast.get_docstring(parse(SOURCE / "__init__.py")) or ""
    chart = docstring.split("```")[1]
    places = {path.parent.name + "/" for path in SOURCE.glob("*/__init__.py")}
    places |= {path.stem for path in SOURCE.glob("*.py") if not path.stem.startswith("__")}

    assert set(re.findall(r"^(\w+/?) ", chart, re.MULTILINE)) == places


def test_packages_whose_modules_lie_in_several_layers_import_nothing_themselves() -> None:
    packages = [SOURCE / "__init__.py", SOURCE / "engine" / "__init__.py"]

    assert [
        f"{name(path)}:{node.lineno}"
        for path in packages
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_the_pins_satisfy_every_direct_requirement() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = config["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["demo"],
        *config["dependency-groups"]["dev"],
        *config["build-system"]["requires"],
    ]
    lines = (ROOT / "requirements" / "dev.txt").read_text("utf-8").splitlines()
    pins = dict(line.split()[0].split("==") for line in lines if "==" in line)

    assert [
        text
        for text in wanted
        if (pin := pins.get(canonicalize_name(Requirement(text).name))) is None
        or not Requirement(text).specifier.contains(pin)
    ] == []


def test_no_file_names_a_package_registry() -> None:
    found = []
    for path in files():
        content = path.read_bytes().lower()
        found += [f"{name(path)}: {host.decode()}" for host in REGISTRIES if host in content]

    assert found == []


def modules() -> list[Path]:
    folders = [SOURCE, ROOT / "tests", ROOT / "benchmarks", ROOT / "manifests"]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def files() -> list[Path]:
    """What git has or would add; without git, all but what the tools made."""
    git = shutil.which("git")
    command = [git or "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = git and subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed and listed.returncode == 0:
        paths = [ROOT / path for path in listed.stdout.decode().split("\0") if path]
    else:
        made = re.compile(r"(^|/)(\.(?!ci/|gitignore$)|build/|dist/|__pycache__/|\w+\.egg-info/)")
        paths = [path for path in ROOT.rglob("*") if not made.search(name(path))]
    return sorted(path for path in paths if path.is_file())


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
