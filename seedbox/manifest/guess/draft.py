"""A dataset.yaml from a guess: every guessed value marked, every gap shown.

Pure. What could not be guessed stands there as a comment or as a value that `build` refuses, so
that nothing is published that nobody has looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seedbox.manifest.guess import Guess, Mark
from seedbox.manifest.guess.facts import line
from seedbox.manifest.model import Head, License
from seedbox.manifest.write import write_head

PUBLISHER = "PUBLISHER"  # no id has capitals, so `build` refuses it until it is replaced

_SHOWN = 80  # characters of what another source says
_FIRST_VERSION = "1.0.0"
_TOP = """\
Written by `seedbox init`. Look at each line under "guessed from"; docs/manifest.md explains them.
"""
_GAPS = """\
Fill in what stands under "TO FILL IN"; until then `seedbox build` refuses this file.
"""
_ID = """\
TO FILL IN: who publishes, in place of PUBLISHER, as in org.example/wiki-graph; never changes."""
_LICENSE = """\
TO FILL IN: the license that the owner of the data has given it. None was found here that seedbox
knows, and data without an open license is not shared. Remove the # before these lines:
license:
  spdx: an SPDX expression, see https://spdx.org/licenses/
  attribution: the line that users have to show"""
_ATTRIBUTION = "If users have to show a line, add it below spdx, as attribution."
_TABLE = """\
TO FILL IN: what the values in {table} count. Pass the table with
seedbox build --popularity {table}
popularity:
  metric: page views"""
_NO_TABLE = """\
With a table of how much each file is used (CSV: path,value), for build --popularity:
popularity:
  metric: page views"""
_OPTIONAL = {
    "publisher": "publisher: {name: who answers for this, contact: mailto:data@example.org}\n\n",
    "origin": "origin: {url: where the data was first published}",
    "personal_data": "Whether there is data about people in it: none, contains or unknown.",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A dataset.yaml to be looked at."""

    head: Head
    text: bytes
    missing: tuple[str, ...]  # keys to fill in before `build` takes it


def draft(guess: Guess, *, dataset_id: str | None, issued: datetime) -> Draft:
    """Return the dataset.yaml of a guess.

    Args:
        guess: What the dataset seems to be.
        dataset_id: `publisher/dataset`; None: left to be filled in.
        issued: Now; cut to the second.
    """
    head = Head(
        id=dataset_id or f"{PUBLISHER}/{guess.slug}",
        sequence=1,
        version=guess.version or _FIRST_VERSION,
        issued=issued.replace(microsecond=0),
        title=guess.title,
        description=guess.description,
        homepage=guess.homepage,
        doi=guess.doi,
        keywords=guess.keywords,
        creators=guess.creators,
        cite_as=guess.cite_as,
        license=None if guess.license is None else License(guess.license),
    )
    missing = _missing(guess, dataset_id)
    comments = {"": _TOP + _GAPS if missing else _TOP, **_OPTIONAL}
    comments |= {mark.field: _remark(mark) for mark in guess.marks}
    comments["popularity"] = (
        _TABLE.format(table=guess.popularity) if guess.popularity else _NO_TABLE
    )
    if dataset_id is None:
        comments["id"] = _ID
    if guess.license is None:
        said = [f"{each.source} says: {_short(each.words)}" for each in guess.unclear]
        comments["license"] = "\n".join((*said, _LICENSE))
    else:
        comments["license"] += f"\n{_ATTRIBUTION}"
    return Draft(head, write_head(head, comments), missing)


def _missing(guess: Guess, dataset_id: str | None) -> tuple[str, ...]:
    gaps = {
        "id": dataset_id is None,
        "license": guess.license is None,
        "popularity": guess.popularity is not None,  # what it counts stands nowhere
    }
    return tuple(key for key, gap in gaps.items() if gap)


def _remark(mark: Mark) -> str:
    others = (f"{each.source} says: {_short(each.words)}" for each in mark.others)
    return "\n".join((f"guessed from {mark.said.source}", *others))


def _short(words: str) -> str:
    return line(words, _SHOWN) or ""
