"""A manifest as Croissant, the JSON-LD by which data catalogs describe datasets.

Pure. Follows Croissant 1.0 (mlcommons.org/croissant/1.0), which readers of 1.1 know too. A shard is
a .torrent (`cr:FileObject`, with its magnet link as `sameAs`) and what that contains: one file, or
a `cr:FileSet`. What only seedbox knows stands under the prefix `seedbox:`; docs/cli.md lists it.
There are no record sets, since a manifest knows files and not what is in them.

Croissant asks for more than a manifest must have. What is missing gets a stand-in: a true
statement made of what is there. Its name is kept in `seedbox:standIn`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urljoin

from seedbox.errors import LicenseRefusedError
from seedbox.manifest import licenses
from seedbox.manifest.croissant_stand_ins import StandIn, doi_url, semver, stand_ins
from seedbox.manifest.model import (
    Creator,
    Head,
    License,
    Manifest,
    Pack,
    Publisher,
    Role,
    Shard,
)
from seedbox.torrent.magnet import Magnet

Json: TypeAlias = dict[str, Any]

_CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
# A name that needs nobody's domain (RFC 9562); it never changes.
_VOCABULARY = "urn:uuid:6343f5c7-f6a0-4700-9e3d-7da420974529#"
_TORRENT = "application/x-bittorrent"
_TAR = "application/x-tar"
_ANY = "application/octet-stream"  # a manifest does not say what its files are (RFC 2046)
_ALL_FILES = "**"

# The context that Croissant 1.0 prescribes, word for word; ours is added below.
_CROISSANT_CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_EXACT = ("use", "coverage", "total")  # as text, since a JSON number would be rounded by readers
_CONTEXT: Json = {
    **_CROISSANT_CONTEXT,
    "seedbox": _VOCABULARY,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{f"seedbox:{term}": {"@id": f"seedbox:{term}", "@type": "xsd:decimal"} for term in _EXACT},
}

_ORCID = re.compile(r"(?:https?://orcid\.org/)?([0-9]{4}(?:-[0-9]{4}){2}-[0-9]{3}[0-9X])", re.ASCII)
_LISTED = re.compile(r"(?!LicenseRef-|DocumentRef-)[A-Za-z0-9.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Export:
    """A dataset as Croissant describes it."""

    document: Json
    stand_ins: tuple[StandIn, ...]

    @property
    def text(self) -> str:
        """The file: ASCII, the same for the same manifest.

        It is made to stand in web pages, so no title of a stranger may hold `</script>`.
        """
        return json.dumps(self.document, indent=2).replace("<", r"\u003c") + "\n"


def export(manifest: Manifest, names: Mapping[str, str]) -> Export:
    """Return a manifest as Croissant.

    Args:
        manifest: What has passed `lint.read_manifest`.
        names: What the only file of a torrent is called, by shard; a manifest does not have it
            unless it packs in tar. Without its name a file has no link of its own.

    Raises:
        LicenseRefusedError: It, or a shard of it, is not open.
    """
    _gate(manifest)
    missing = tuple(stand_ins(manifest))
    made: Json = {each.field: each.value for each in missing}
    if "creator" in made:
        made["creator"] = [_organization(made["creator"])]
    several = len(_expressions(manifest)) > 1
    resources = [
        node
        for rank, shard in enumerate(manifest.shards, start=1)
        for node in _resources(manifest, shard, rank, names.get(shard.name), own_terms=several)
    ]
    document = {**_about(manifest), **made, **_dataset_terms(manifest, sorted(made))}
    return Export(_filled({**document, "distribution": resources}), missing)


def _gate(manifest: Manifest) -> None:
    """Refuse a manifest of which any part may not be shared.

    Raises:
        LicenseRefusedError: There is such a part.
    """
    licenses.gate(manifest)
    if refused := licenses.refused(manifest):
        first, more = refused[0], len(refused) - 1
        what = f"{manifest.head.id}, shard {first.shard}" + (f" and {more} more" if more else "")
        given = first.expression or "none"
        raise LicenseRefusedError(what, license_expression=given, why=first.why)


def _filled(fields: Json) -> Json:
    """Return fields without those that have nothing in them."""
    return {key: value for key, value in fields.items() if value is not None and value != []}


# --- the dataset ------------------------------------------------------------------------------


def _about(manifest: Manifest) -> Json:
    """Return what stands in a manifest and in Croissant under other names."""
    head = manifest.head
    return {
        "@context": deepcopy(_CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": head.title,
        "description": head.description,
        "url": head.homepage,
        "sameAs": doi_url(head) if head.homepage else None,
        "identifier": doi_url(head),
        "license": _union(manifest),
        "creditText": _credits(manifest),
        "citeAs": head.cite_as,
        "version": semver(head.version),
        "datePublished": head.issued.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "creator": [_creator(each) for each in head.creators],
        "publisher": _publisher(head.publisher),
        "keywords": list(head.keywords),
        "isBasedOn": _origins(head),
        "isLiveDataset": False,
    }


def _creator(creator: Creator) -> Json:
    """Return a person if there is an ORCID iD, which only persons have, else an organization."""
    found = _ORCID.fullmatch(creator.orcid or "")
    if found is None:
        return _organization(creator.name)
    url = f"https://orcid.org/{found[1]}"
    return {"@type": "sc:Person", "name": creator.name, "url": url, "sameAs": url}


def _organization(name: str) -> Json:
    return {"@type": "sc:Organization", "name": name}


def _origins(head: Head) -> list[str]:
    found = (head.origin.url, head.origin.purl) if head.origin else ()
    return [origin for origin in found if origin]


def _publisher(publisher: Publisher | None) -> Json | None:
    if publisher is None:
        return None
    scheme, _, rest = (publisher.contact or "").partition(":")
    email = unquote(rest.partition("?")[0]) if scheme == "mailto" else None
    url = publisher.contact if scheme in {"http", "https"} else None
    return _filled({**_organization(publisher.name), "email": email, "url": url})


def _dataset_terms(manifest: Manifest, stand_ins: list[str]) -> Json:
    """Return what seedbox knows of the dataset as a whole."""
    head = manifest.head
    popularity = head.popularity
    expressions = _expressions(manifest)
    terms: Json = {
        "id": head.id,
        "sequence": head.sequence,
        "version": head.version,
        "license": expressions[0] if len(expressions) == 1 else None,
        "metric": popularity.metric if popularity else None,
        "metricSource": popularity.source if popularity else None,
        "total": _number(popularity.total) if popularity else None,
        "personalData": head.personal_data.value,
        "manifest": list(head.mirrors),
        "withdrawals": head.withdrawals,
        "standIn": stand_ins,
    }
    return _prefixed(terms)


def _prefixed(terms: Json) -> Json:
    return {f"seedbox:{term}": value for term, value in _filled(terms).items()}


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


# --- licenses ---------------------------------------------------------------------------------


def _expressions(manifest: Manifest) -> list[str]:
    """Return every license of a shard once, normalised, in the order of the shards."""
    found = (_expression(manifest.license_of(shard)) for shard in manifest.shards)
    return list(dict.fromkeys(expression for expression in found if expression))


def _expression(terms: License | None) -> str | None:
    return licenses.verdict(terms.spdx).expression if terms else None


def _terms(expression: str) -> list[str | Json]:
    """Return a license as URLs of SPDX; as a work of that name where no URL says all of it.

    Several values mean that all of them apply, so a choice has to stay one value.
    """
    if " OR " in expression or "(" in expression:
        return [_work(expression)]
    return [
        f"https://spdx.org/licenses/{part}.html" if _LISTED.fullmatch(part) else _work(part)
        for part in expression.split(" AND ")
    ]


def _work(expression: str) -> Json:
    return {"@type": "sc:CreativeWork", "name": expression}


def _union(manifest: Manifest) -> list[str | Json]:
    """Return every license of any shard."""
    found = [term for expression in _expressions(manifest) for term in _terms(expression)]
    return [term for at, term in enumerate(found) if term not in found[:at]]


def _credits(manifest: Manifest) -> list[str]:
    found = (manifest.license_of(shard) for shard in manifest.shards)
    return list(dict.fromkeys(each.attribution for each in found if each and each.attribution))


# --- shards -----------------------------------------------------------------------------------


def _resources(
    manifest: Manifest, shard: Shard, rank: int, name: str | None, *, own_terms: bool
) -> tuple[Json, Json]:
    """Return the .torrent of a shard and what is in it."""
    head = manifest.head
    terms = manifest.license_of(shard) if own_terms else None
    expression = _expression(terms)
    links = tuple(seed.url for seed in shard.web_seeds)
    trackers = tuple(url for tier in head.trackers for url in tier)
    torrent: Json = {
        "@type": "cr:FileObject",
        "@id": f"{shard.name}.torrent",
        "name": shard.torrent.path.rpartition("/")[2],
        "contentUrl": _torrent_url(head, shard),
        "encodingFormat": _TORRENT,
        "sha256": shard.torrent.sha256.hex(),
        "sameAs": str(Magnet(shard.info_hash, shard.name, trackers, links)),
    }
    torrent |= _shard_terms(shard, rank, expression)
    content = _content(head, shard, name)
    content["license"] = _terms(expression) if expression else None
    content["creditText"] = terms.attribution if terms else None
    return _filled(torrent), _filled(content)


def _torrent_url(head: Head, shard: Shard) -> str:
    """Return where a .torrent is: beside the manifest, whose place is known if it has a mirror."""
    relative = quote(shard.torrent.path)
    return urljoin(head.mirrors[0], relative) if head.mirrors else relative


def _shard_terms(shard: Shard, rank: int, expression: str | None) -> Json:
    """Return what seedbox knows of a shard."""
    v1, v2 = shard.info_hash.v1, shard.info_hash.v2
    return _prefixed(
        {
            "rank": rank,
            "role": shard.role.value,
            "use": _number(shard.use),
            "coverage": _number(shard.coverage),
            "items": shard.items,
            "files": shard.files,
            "size": shard.size,
            "infoHashV1": v1.hex() if v1 else None,
            "infoHashV2": v2.hex() if v2 else None,
            "webSeed": [seed.url for seed in shard.web_seeds],
            "license": expression,
        }
    )


def _content(head: Head, shard: Shard, name: str | None) -> Json:
    """Return what a torrent holds: one file, if it is known what that is called, or files."""
    inside: Json = {
        "@id": f"{shard.name}/data",
        "containedIn": {"@id": f"{shard.name}.torrent"},
        "contentSize": f"{shard.size} B",
    }
    if shard.role is Role.CATALOG:
        name = None
    elif head.pack is Pack.TAR:
        name = f"{shard.name}.tar"
    if name is None:
        files = {"name": shard.name, "encodingFormat": _ANY, "includes": _ALL_FILES}
        return {"@type": "cr:FileSet", **inside, **files}
    return {
        "@type": "cr:FileObject",
        **inside,
        "name": name,
        "contentUrl": name,  # in the container, as Croissant has it
        "encodingFormat": _TAR if head.pack is Pack.TAR else _ANY,
        # A file outside of a container would need its SHA-256, which no manifest has.
        "sameAs": [f"{seed.url}{quote(name)}" for seed in shard.web_seeds],
    }
