"""How many people speak a language, and live in a country: from CLDR's territoryInfo.json.

CLDR says of each territory how many people live there and which share of them uses a language, in
general in its usual script (`zh`), sometimes in another one (`zh_Hant`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

_LOCALE = re.compile(  # language, script, territory or region, variant (BCP 47)
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[A-Z][a-z]{3}))?"
    r"(?:[-_](?P<territory>[A-Z]{2}|[0-9]{3}))?(?:[-_](?P<variant>[A-Za-z0-9]{5,8}))?"
)


class _Language(NamedTuple):
    language: str
    script: str


@dataclass(frozen=True)
class Speakers:
    """Who speaks what, and where."""

    population: Mapping[str, int]  # by territory
    speakers: Mapping[_Language, Mapping[str, Decimal]]  # by language and territory
    contains: Mapping[str, frozenset[str]]  # territories in regions such as 419, Latin America
    scripts: Mapping[str, str]  # the usual script of a language

    def of(self, locale: str) -> int:
        """Return how many people speak a locale's language in the places that it is for.

        A locale without a place is for all places. Variants such as `el-polyton` count as the
        locale that they vary; `und`, which is no language, has no speakers.
        """
        match = _LOCALE.fullmatch(locale)
        if match is None or match["language"] == "und":
            return 0
        language = match["language"]
        script = match["script"] or self._script(language, match["territory"])
        places = self.speakers.get(_Language(language, script), {})
        if match["territory"] is None:
            return int(sum(places.values()))
        wanted = self.contains.get(match["territory"], frozenset({match["territory"]}))
        return int(sum(count for place, count in places.items() if place in wanted))

    def _script(self, language: str, territory: str | None) -> str:
        """Return the script that a language is written in, in general or at one place."""
        return self.scripts.get(f"{language}-{territory}") or self.scripts.get(language, "")


def read_speakers(package: Path) -> Speakers:
    """Read them from the folder of cldr-core."""
    supplemental = package / "supplemental"
    territories = _section(supplemental / "territoryInfo.json", "territoryInfo")
    likely = _section(supplemental / "likelySubtags.json", "likelySubtags")
    scripts = {key: str(full).split("-")[1] for key, full in likely.items()}
    population = {key: int(territory["_population"]) for key, territory in territories.items()}
    found: dict[_Language, dict[str, Decimal]] = {}
    for place, territory in territories.items():
        for key, use in territory.get("languagePopulation", {}).items():
            language, _, script = key.partition("_")
            name = _Language(language, script or scripts.get(language, ""))
            people = population[place] * Decimal(use["_populationPercent"]) / 100
            counts = found.setdefault(name, {})
            counts[place] = counts.get(place, Decimal(0)) + people
    groups = _section(supplemental / "territoryContainment.json", "territoryContainment")
    children = {key: tuple(group.get("_contains", ())) for key, group in groups.items()}
    contains = {key: frozenset(_below(key, children)) for key in children if key.isdigit()}
    return Speakers(population, found, contains, scripts)


def _below(region: str, children: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for child in children.get(region, ()):
        if child in children:
            yield from _below(child, children)
        else:
            yield child


def _section(path: Path, name: str) -> dict[str, Any]:
    section: dict[str, Any] = json.loads(path.read_bytes())["supplemental"][name]
    return section
