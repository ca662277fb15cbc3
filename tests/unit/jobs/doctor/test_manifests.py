import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedbox.jobs.admission import Trust
from seedbox.jobs.doctor import Verdict
from seedbox.jobs.doctor.manifests import (
    Seen,
    key,
    look_at_file,
    look_at_url,
    read,
    servers,
    trackers,
)
from support.publisher import Publisher, publisher
from support.signed import Signed, signed
from support.web import files_over_http

TRACKERS = ("udp://tracker.example.org:6969/announce", "https://tracker.example.org/announce")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of pinned keys; nobody's own is ever touched."""
    monkeypatch.setenv("SEEDBOX_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def built(tmp_path: Path) -> Publisher:
    made = publisher(tmp_path / "publisher")
    made.build("--tracker", TRACKERS[0], "--tracker", TRACKERS[1])
    return made


@pytest.fixture
def release(built: Publisher) -> Signed:
    return signed(built)


def look(release: Signed | Publisher, state: Path) -> Seen:
    return look_at_file(release.manifest, Trust(state), now=time.time())


def verdicts(seen: Seen) -> dict[str, str]:
    return {finding.point: str(finding.verdict) for finding in seen.findings}


def test_a_manifest_whose_key_is_pinned_passes(release: Signed, state: Path) -> None:
    release.pin()
    before = (state / "trust.json").read_bytes()
    seen = look(release, state)

    assert verdicts(seen) == {"manifest": "PASS", "key": "PASS"}
    assert seen.findings[0].found == "org.example/set, sequence 1, 3 shards"
    assert (state / "trust.json").read_bytes() == before  # nothing is remembered


def test_a_manifest_that_was_changed_after_signing_fails(release: Signed, state: Path) -> None:
    release.pin()
    release.manifest.write_text(release.manifest.read_text().replace("A set", "B set"))

    assert verdicts(look(release, state)) == {"key": "FAIL"}


def test_a_manifest_that_is_not_there_fails(state: Path, tmp_path: Path) -> None:
    seen = look_at_file(tmp_path / "absent.yaml", Trust(state), now=0.0)

    assert (verdicts(seen), seen.manifest) == ({"manifest": "FAIL"}, None)


def test_one_that_has_expired_warns(built: Publisher, state: Path) -> None:
    manifest = look(built, state).manifest
    assert manifest is not None
    at = datetime(2026, 1, 2, tzinfo=UTC)
    found = read(replace(manifest.head, expires=at), 3, now=at, about="m")

    assert found.verdict is Verdict.WARN
    assert found.found.endswith("expired since 2026-01-02 00:00 UTC")


@pytest.mark.parametrize(("remote", "verdict"), [(False, Verdict.WARN), (True, Verdict.FAIL)])
def test_without_a_key_a_file_is_used_unchecked_and_a_url_is_not_used(
    remote: bool, verdict: Verdict
) -> None:
    assert key("a/b", None, about="m", remote=remote).verdict is verdict
    assert key("a/b", "0123", about="m", remote=remote).verdict is Verdict.PASS


def test_a_manifest_by_url_is_looked_at_with_its_signature(release: Signed, state: Path) -> None:
    release.pin()
    with files_over_http(release.of.out) as (url, asked):
        seen = look_at_url(f"{url}manifest.yaml?v=1", Trust(state), now=time.time())
        gone = look_at_url(f"{url}absent.yaml", Trust(state), now=time.time())

    assert verdicts(seen) == {"manifest": "PASS", "key": "PASS"}
    assert {finding.about for finding in seen.findings} == {f"{url}manifest.yaml?v=1"}
    assert asked == ["/manifest.yaml", "/manifest.yaml.minisig", "/absent.yaml"]
    assert verdicts(gone) == {"manifest": "FAIL"}
    assert "404" in gone.findings[0].found


def test_a_url_without_a_signature_is_named_and_no_path_of_a_copy(
    release: Signed, state: Path
) -> None:
    release.pin()
    (release.of.out / "manifest.yaml.minisig").unlink()
    with files_over_http(release.of.out) as (url, _):
        seen = look_at_url(f"{url}manifest.yaml", Trust(state), now=time.time())

    (found,) = seen.findings
    assert (found.point, found.verdict) == ("key", Verdict.FAIL)
    assert f"{url}manifest.yaml" in found.found
    assert "seedbox-doctor-" not in f"{found.found} {found.hint}"


def test_what_they_name_is_collected_once(built: Publisher, state: Path) -> None:
    manifest = look(built, state).manifest
    assert manifest is not None

    assert trackers([manifest, manifest]) == dict.fromkeys(
        TRACKERS, manifest.shards[0].info_hash.v1
    )
    assert servers([manifest, manifest]) == (TRACKERS[1],)
