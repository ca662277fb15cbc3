"""Servers of manifests that fail, lie or forget; the clock is an argument."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.errors import SeedboxError
from seedbox.jobs.shards import Source
from support.content import contents
from support.datasets import published
from support.origin import Fault, origin
from support.signing import key
from support.site import NOW, Site, asking, believed, problem, refusal, sequence, site

QUARTER, HOUR, DAY = 900.0, 3600.0, 86_400.0
FILES = contents({"x/lone.bin": 120_000, "a": 60_000, "b/c": 10})
ONE, TWO = "set-0001", "set-0002"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return published(tmp_path / "publisher", FILES, values={"x/lone.bin": 9, "a": 5, "b/c": 5})


@pytest.fixture
def server(source: Source) -> Iterator[Site]:
    with origin({}) as made:
        yield site(made, source)


# --- servers that fail ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(status=500), "answers 500 Internal Server Error"),
        (Fault(status=404), "answers that there is no such file"),
        (Fault(breaks=100), "broke off"),
        (Fault(stalls=100), "did not answer in full within 0.3 seconds"),
        (Fault(headers={"Content-Length": "99999999999"}), "is 99,999,999,999 bytes long"),
        (Fault(status=302, headers={"Location": "ftp://x/"}), "redirects to the scheme 'ftp'"),
        (Fault(status=304), "answers 304"),
    ],
)
def test_a_failure_is_told_and_what_is_here_holds(
    server: Site, tmp_path: Path, fault: Fault, words: str
) -> None:
    manifest = asking(server, tmp_path, timeout=0.3)
    believed(manifest.turn(NOW))
    server.release(2)
    manifest.seen = replace(manifest.seen, validators={})
    server.origin.faults["manifest.yaml"] = [fault]

    assert words in problem(manifest.turn(manifest.due))
    assert sequence(manifest) == 1
    assert believed(manifest.turn(manifest.due)).source.manifest.head.sequence == 2


def test_each_failure_doubles_the_pause_and_success_ends_it(server: Site, tmp_path: Path) -> None:
    manifest, pauses = asking(server, tmp_path), []
    manifest.turn(NOW)
    server.origin.faults["manifest.yaml"] = [Fault(status=500)] * 9
    for _ in range(9):
        now = manifest.due
        manifest.turn(now)
        pauses.append(manifest.due - now)

    assert QUARTER / 2 <= pauses[0] <= QUARTER
    assert 8 * QUARTER / 2 <= pauses[3] <= 8 * QUARTER
    assert DAY / 2 <= pauses[8] <= DAY
    now = manifest.due
    assert problem(manifest.turn(now)) == ""
    assert manifest.due - now <= 1.1 * HOUR


def test_retry_after_is_honoured_also_after_a_restart(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    wait = {"Retry-After": str(5 * 3600)}
    server.origin.faults["manifest.yaml"] = [Fault(status=503, headers=wait)]
    now = manifest.due
    manifest.turn(now)

    assert manifest.due == now + 5 * HOUR
    assert asking(server, tmp_path).due == now + 5 * HOUR


def test_a_mirror_is_asked_when_the_first_does_not_answer(server: Site, tmp_path: Path) -> None:
    with origin({}) as mirror:
        manifest = asking(server, tmp_path)
        server.release(2, mirrors=(f"{mirror.url}manifest.yaml",))
        manifest.turn(NOW)
        server.release(3, mirrors=(f"{mirror.url}manifest.yaml",))
        mirror.files.update(server.origin.files)
        server.origin.faults["manifest.yaml"] = [Fault(status=500)]

        assert believed(manifest.turn(manifest.due)).source.manifest.head.sequence == 3


def test_a_mirror_that_is_out_of_date_changes_nothing(server: Site, tmp_path: Path) -> None:
    with origin({}) as mirror:
        mirror.files.update(server.origin.files)
        manifest = asking(server, tmp_path)
        server.release(2, mirrors=(f"{mirror.url}manifest.yaml",))
        manifest.turn(NOW)
        server.origin.faults["manifest.yaml"] = [Fault(status=500)]

        assert "answers 500" in problem(manifest.turn(manifest.due))
        assert sequence(manifest) == 2


# --- what is not believed ---------------------------------------------------------------------


def test_without_a_known_key_nothing_is_taken_from_the_web(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    manifest.place = replace(manifest.place, trust=replace(manifest.place.trust, keys=()))

    with pytest.raises(SeedboxError) as refused:
        manifest.check(NOW)

    assert (refused.value.code, refused.value.exit_status) == ("unvouched", 7)
    assert server.url in refused.value.message
    assert "seedbox trust add org.example/set KEY" in (refused.value.hint or "")
    assert manifest.path is None


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("unsigned", "unsigned"),
        ("rollback", "rollback"),
        ("equivocation", "equivocation"),
        ("forged", "wrong-key"),
        ("changed", "wrong-signature"),
        ("not followed", "broken-chain"),
        ("other id", "other-dataset"),
        ("nonsense", "manifest"),
    ],
)
def test_a_refused_version_is_shown_and_the_last_good_one_holds(
    server: Site, tmp_path: Path, what: str, code: str
) -> None:
    manifest = asking(server, tmp_path)
    server.release(2)
    manifest.turn(NOW)
    match what:
        case "unsigned":
            server.release(3, signed=False)
        case "rollback":
            server.latest = b""
            server.release(1)
        case "equivocation":
            server.latest = b""
            server.release(2, title="Another")
        case "forged":
            server.signer = key(2)
            server.release(3)
        case "changed":
            server.origin.files["manifest.yaml"] = server.release(3) + b"# more\n"
        case "not followed":
            server.release(3, previous=bytes(32))
        case "other id":
            server.release(3, id="org.example/other")
        case _:
            server.origin.files["manifest.yaml"] = b"<html>Sign in</html>"

    error = refusal(manifest.turn(manifest.due))

    assert error.code.startswith(code) or code in error.code
    assert server.origin.url in error.message
    assert str(tmp_path) not in error.message
    assert sequence(manifest) == 2


def test_a_version_with_a_wrong_torrent_is_not_taken_on(server: Site, tmp_path: Path) -> None:
    path = server.source.manifest.shards[1].torrent.path
    right, server.origin.files[path] = server.origin.files[path], b"d4:spam4:eggse"
    manifest = asking(server, tmp_path)

    assert refusal(manifest.turn(NOW)).code == "wrong-digest"
    assert manifest.path is None
    server.asked()
    server.origin.files[path] = right
    believed(manifest.turn(manifest.due))
    assert [each for each in server.asked() if "torrents" in each] == [path]


def test_torrents_that_are_missing_do_not_keep_the_others_from_coming(
    server: Site, tmp_path: Path
) -> None:
    first = server.source.manifest.shards[0].torrent.path
    server.origin.faults[first] = [Fault(status=500)]
    manifest = asking(server, tmp_path)

    assert "answers 500" in problem(manifest.turn(NOW))
    server.asked()
    believed(manifest.turn(manifest.due))
    assert [each for each in server.asked() if "torrents" in each] == [first]
