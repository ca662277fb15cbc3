"""What somebody may try who can change what mirrors download: each is refused by its own code."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from support.cli import Ran, run, snapshot
from support.publisher import Publisher
from support.signing import key, key_files, legacy, sign_beside, signature_of

Attack = Callable[[Publisher], None]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def seen(built: Publisher, keys: Path) -> Publisher:
    """A signed manifest, sequence 2, whose key is pinned; a mirror has seen it."""
    release(built, 2, previous=b"the first")
    run("trust", "add", "org.example/set", f"{key_files(keys)}.pub")
    first = seed(built)
    assert (first.status, first.document["seeded"]) == (1, []), first
    return built


def release(
    built: Publisher, sequence: int, *, previous: bytes | None, expires: str | None = None
) -> None:
    """Turn the manifest into a release that its publisher signs."""
    lines = built.manifest.read_text().splitlines()
    kept = [line for line in lines if line.split(":")[0] not in {"sequence", "previous", "expires"}]
    new = [f"sequence: {sequence}"]
    if previous is not None:
        new.append(f"previous: sha256:{sha256(previous).hexdigest()}")
    if expires is not None:
        new.append(f"expires: {expires}")
    built.manifest.write_text("\n".join([*kept[:2], *new, *kept[2:]]) + "\n")
    sign_beside(built.manifest, key(), sequence=sequence)


def seed(built: Publisher, *more: object) -> Ran:
    empty = built.folder / "nothing"
    listen = ("--listen", "127.0.0.1:0")
    return run("seed", built.manifest, "--data", empty, *listen, *more, "--json")


def fetch(built: Publisher, *more: object) -> Ran:
    return run("fetch", built.manifest, "--out", built.folder / "out", *more, "--json")


# --- the attacks ------------------------------------------------------------------------------


def wrong_key(built: Publisher) -> None:
    sign_beside(built.manifest, key(2), sequence=2)


def key_with_the_same_id(built: Publisher) -> None:
    forged = type(key()).make(key_id=key().key_id, seed=bytes(32))
    sign_beside(built.manifest, forged, sequence=2)


def unsigned_copy_of_a_pinned_id(built: Publisher) -> None:
    signature_of(built.manifest).unlink()


def truncated_signature(built: Publisher) -> None:
    signature = signature_of(built.manifest)
    signature.write_bytes(signature.read_bytes()[:-9])


def empty_signature(built: Publisher) -> None:
    signature_of(built.manifest).write_bytes(b"")


def huge_signature(built: Publisher) -> None:
    signature = signature_of(built.manifest)
    signature.write_bytes(signature.read_bytes() + b"x" * 8192)


def symlinked_signature(built: Publisher) -> None:
    signature = signature_of(built.manifest)
    signature.symlink_to(signature.rename(built.folder / "elsewhere"))


def changed_manifest(built: Publisher) -> None:
    built.manifest.write_text(built.manifest.read_text().replace("A set", "My set"))


def signature_of_another_id(built: Publisher) -> None:
    other = built.folder / "other.yaml"
    other.write_text("of the same publisher")
    made = sign_beside(other, key(), sequence=2, id="org.example/other")
    made.rename(signature_of(built.manifest))


def signed_as_another_id(built: Publisher) -> None:
    sign_beside(built.manifest, key(), sequence=2, id="org.example/other")


def signed_as_another_sequence(built: Publisher) -> None:
    sign_beside(built.manifest, key(), sequence=3)


def signature_of_another_file_of_the_same_id(built: Publisher) -> None:
    withdrawals = built.folder / "other.yaml"
    withdrawals.write_text("seedbox-withdrawals: 1\n")
    sign_beside(withdrawals, key(), sequence=2).rename(signature_of(built.manifest))


def comment_tampering(built: Publisher) -> None:
    signature = signature_of(built.manifest)
    signature.write_text(signature.read_text().replace("sequence:2", "sequence:9"))


def legacy_signature_with_altered_comment(built: Publisher) -> None:
    data = built.manifest.read_bytes()
    comment = f"id:org.example/set sequence:2 sha256:{sha256(data).hexdigest()}"
    altered = legacy(data, key(), comment).replace(b"sequence:2", b"sequence:9")
    signature_of(built.manifest).write_bytes(altered)


def signature_without_a_claim(built: Publisher) -> None:
    old = legacy(built.manifest.read_bytes(), key(), "timestamp:1795352753\tfile:manifest.yaml")
    signature_of(built.manifest).write_bytes(old)


def rollback(built: Publisher) -> None:
    release(built, 1, previous=None)


def equivocation(built: Publisher) -> None:
    release(built, 2, previous=b"another first")


def broken_chain(built: Publisher) -> None:
    release(built, 3, previous=b"another second")


def chain_without_an_end(built: Publisher) -> None:
    release(built, 3, previous=None)


ATTACKS: list[tuple[Attack, str, str]] = [
    (wrong_key, "wrong-key", "by key 0202020202020202, wanted is key 0101010101010101"),
    (key_with_the_same_id, "wrong-signature", "key 0101010101010101 signed something else"),
    (unsigned_copy_of_a_pinned_id, "unsigned", "manifest.yaml.minisig is missing"),
    (truncated_signature, "broken-signature", "the base64 of line 4 holds 60 bytes, not 64"),
    (empty_signature, "broken-signature", "it has 1 lines, not 4"),
    (huge_signature, "huge-signature", "a signature has at most 8,192"),
    (symlinked_signature, "linked-signature", "manifest.yaml.minisig is a symbolic link"),
    (changed_manifest, "wrong-signature", "key 0101010101010101 signed "),
    (signature_of_another_id, "other-id", "id:org.example/other sequence:2 sha256:"),
    (signed_as_another_id, "other-id", "id:org.example/other sequence:2 sha256:"),
    (signed_as_another_sequence, "other-id", "id:org.example/set sequence:3 sha256:"),
    (signature_of_another_file_of_the_same_id, "wrong-signature", "it has SHA-256 "),
    (comment_tampering, "tampered-comment", "id:org.example/set sequence:9 sha256:"),
    (legacy_signature_with_altered_comment, "tampered-comment", "sequence:9 sha256:"),
    (signature_without_a_claim, "unbound-signature", "'timestamp:1795352753\\tfile:"),
    (rollback, "rollback", "has sequence 1, but 2 was seen on "),
    (equivocation, "equivocation", "has sequence 2 and SHA-256 "),
    (broken_chain, "broken-chain", "but the one seen with sequence 2 has SHA-256 "),
    (chain_without_an_end, "broken-chain", "replaces nothing, but "),
]


@pytest.mark.parametrize(
    ("attack", "code", "words"), ATTACKS, ids=[attack.__name__ for attack, _, _ in ATTACKS]
)
def test_an_attack_is_refused_and_nothing_is_written(
    seen: Publisher, attack: Attack, code: str, words: str
) -> None:
    attack(seen)
    before = written(seen.folder.parent)

    show = run("show", seen.manifest, "--json")
    verify = run("verify", seen.manifest, seen.source, "--json")
    for ran in (fetch(seen), seed(seen), show, verify):
        status, found, message, hint = ran.error
        assert (status, found) == (7, code)
        assert message.startswith(f"{seen.manifest} of org.example/set ")
        assert words in message
        assert hint
        assert ran.err == ""
    lint = run("lint", seen.manifest, "--json")
    problems = lint.document["manifests"][0]["problems"]
    assert lint.status == 1
    assert [found["rule"] for found in problems if words in found["message"]] == [code]
    assert written(seen.folder.parent) == before


def written(folder: Path) -> dict[str, tuple[str, int]]:
    """What lies in a folder; a daemon that looks at its database touches the folder of it."""
    found = snapshot(folder)
    return {
        path: what for path, what in found.items() if what[0] != "folder" or "daemon-" not in path
    }


def test_freeze_takes_nothing_on_and_goes_on_seeding(seen: Publisher, state: Path) -> None:
    latest = seen.manifest.read_bytes()
    release(seen, 3, previous=latest, expires="2026-02-01T00:00:00Z")
    before = snapshot(state)

    status, code, message, _ = fetch(seen).error

    assert (status, code) == (7, "expired")
    assert "of org.example/set expired on 2026-02-01 00:00 UTC, now it is " in message
    assert snapshot(state) == before
    assert seed(seen).status == 1  # nothing is here to serve; it is not refused


def test_a_key_from_the_same_host_proves_nothing(built: Publisher, keys: Path) -> None:
    beside = key_files(built.out)
    sign_beside(built.manifest, key())
    keys.mkdir()
    link, linked = keys / "linked.pub", built.out / "linked.pub"
    link.symlink_to(f"{beside}.pub")
    linked.symlink_to(f"{key_files(keys)}.pub")
    before = snapshot(built.folder.parent)

    for given in (f"{beside}.pub", link, linked):
        for ran in (fetch(built, "--key", given), seed(built, "--key", given)):
            status, code, message, _ = ran.error
            assert (status, code) == (7, "key-from-channel")
            assert f"with {given}, a key from the same folder" in message
    assert run("lint", built.manifest, "--key", f"{beside}.pub").status == 1
    assert snapshot(built.folder.parent) == before


def test_the_true_one_is_taken_after_each_attack(seen: Publisher) -> None:
    true, signed = seen.manifest.read_bytes(), signature_of(seen.manifest).read_bytes()
    comment_tampering(seen)
    assert fetch(seen).status == 7

    seen.manifest.write_bytes(true)
    signature_of(seen.manifest).write_bytes(signed)

    ran = seed(seen)
    (told,) = ran.document["manifests"]
    assert told["signature"] == {"checked": True, "key": "0101010101010101"}


def test_the_next_release_is_taken_and_then_none_before_it(seen: Publisher) -> None:
    second = seen.manifest.read_bytes()
    release(seen, 3, previous=second)
    assert seed(seen).status == 1

    seen.manifest.write_bytes(second)
    sign_beside(seen.manifest, key(), sequence=2)

    assert seed(seen).error[:2] == (7, "rollback")


def test_a_release_after_some_that_were_missed_is_taken(seen: Publisher) -> None:
    release(seen, 9, previous=b"the eighth, which nobody here has seen")

    assert seed(seen).status == 1


def test_a_rehearsal_remembers_nothing(seen: Publisher, state: Path) -> None:
    release(seen, 3, previous=seen.manifest.read_bytes())
    before = snapshot(state)

    assert fetch(seen, "--dry-run").document["signature"]["checked"] is True

    assert snapshot(state) == before
