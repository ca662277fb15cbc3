"""What is told of keys and signatures: made, put, pinned, and who has signed what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.tables import Document, line, table

if TYPE_CHECKING:
    from seedbox.jobs.admission import Admitted
    from seedbox.jobs.sign_manifest import Signed
    from seedbox.jobs.signing import KeyFiles
    from seedbox.jobs.trust import Floor, Record
    from seedbox.manifest.keys import PublicKey


def signature_document(signed_by: PublicKey | None) -> Document:
    """Return who has signed a manifest; `checked` is false where nobody has looked."""
    name = None if signed_by is None else signed_by.name
    return {"checked": signed_by is not None, "key": name}


def with_signature(document: Document, admitted: Admitted | None) -> Document:
    """Return a document that also says who has signed its manifest, if it has one."""
    if admitted is None:
        return document
    return {**document, "signature": signature_document(admitted.signed_by)}


def with_signatures(document: Document, manifests: Sequence[Admitted]) -> Document:
    """Return a document that also says who has signed each of its manifests."""
    signed = [
        {
            "manifest": admitted.where,
            "id": admitted.source.manifest.head.id,
            "signature": signature_document(admitted.signed_by),
        }
        for admitted in manifests
    ]
    return {**document, "manifests": signed}


def signature_lines(
    view: RenderableType, *manifests: Admitted | None, below: bool = False
) -> RenderableType:
    """Return a view with a line for each manifest on who has signed it, above or below."""
    lines = [
        line(f"signature: {admitted.note}", "green" if admitted.signed_by else "yellow")
        for admitted in manifests
        if admitted is not None
    ]
    return Group(view, *lines) if below else Group(*lines, view)


# --- keys -------------------------------------------------------------------------------------


def keygen_document(made: KeyFiles) -> Document:
    """Return a key pair that was made, without the secret."""
    public = made.key.public
    files = {"secret_key": str(made.secret), "public_key": str(made.public)}
    return {**files, "key": public.name, "text": public.text}


def keygen_view(made: KeyFiles) -> RenderableType:
    """Return a key pair that was made, for people."""
    return Group(
        line(f"wrote {made.secret}: keep it secret, and a copy of it safe"),
        line(f"wrote {made.public}: key {made.key.public.name}, to give to everybody"),
        line("who has it can check your manifests, with seedbox or with minisign:"),
        line(f"  seedbox trust add ID {made.key.public.text}"),
    )


def sign_document(signed: Iterable[Signed]) -> Document:
    """Return what was signed."""
    return {
        "signed": [
            {
                "manifest": str(each.manifest),
                "signature": str(each.signature),
                "id": each.id,
                "sequence": each.sequence,
                "key": each.key.name,
            }
            for each in signed
        ]
    }


def sign_view(signed: Sequence[Signed]) -> RenderableType:
    """Return what was signed, for people."""
    words = (f"{each.id} sequence {each.sequence}, by key {each.key.name}" for each in signed)
    return Group(
        *(line(f"wrote {each.signature}: {told}") for each, told in zip(signed, words, strict=True))
    )


# --- pins -------------------------------------------------------------------------------------


def trust_document(records: Mapping[str, Record]) -> Document:
    """Return whose keys are pinned, and what was seen."""
    return {
        "trusted": [
            {
                "id": id_,
                "keys": [{"key": key.name, "text": key.text} for key in record.keys],
                "seen": {
                    kind.value: _floor_document(floor) for kind, floor in record.floors.items()
                },
            }
            for id_, record in records.items()
        ]
    }


def _floor_document(floor: Floor) -> Document:
    return {
        "sequence": floor.sequence,
        "sha256": floor.sha256.hex(),
        "when": floor.seen.isoformat(),
    }


def trust_view(records: Mapping[str, Record]) -> RenderableType:
    """Return whose keys are pinned, and what was seen, for people."""
    if not records:
        return line("no key is pinned")
    rows = table("id", "keys", "seen")
    for id_, record in records.items():
        seen = [
            f"{kind.value} {floor.sequence} on {floor.seen:%Y-%m-%d}"
            for kind, floor in record.floors.items()
        ]
        keys = ", ".join(key.name for key in record.keys) or "none"
        rows.add_row(line(id_), line(keys), line(", ".join(seen) or "nothing"))
    return rows
