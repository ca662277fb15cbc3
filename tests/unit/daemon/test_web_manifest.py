"""Manifests by URL, from a server that fails on purpose; the clock is an argument."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.daemon.feeds import Told
from seedbox.daemon.library import Believed
from seedbox.errors import WebError
from seedbox.jobs.shards import Source
from seedbox.manifest.withdrawals import Target
from support.content import contents
from support.datasets import published
from support.origin import Fault, origin
from support.site import NOW, Site, asking, believed, only, problem, refusal, sequence, site

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


# --- what goes well ---------------------------------------------------------------------------


def test_the_whole_release_is_copied_before_it_is_given(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)

    found = believed(manifest.turn(NOW))

    assert found.where == server.url
    assert found.admitted.signed_by == server.signer.public
    folder = found.source.path.parent
    assert folder.is_relative_to(tmp_path / "daemon" / "manifests")
    names = {each.parts[0] for each in disk.scan(folder).files}
    assert names == {"manifest.yaml", "manifest.yaml.minisig", "torrents"}
    assert len(list((folder / "torrents").iterdir())) == 2
    assert HOUR <= manifest.due - NOW <= 1.1 * HOUR


def test_what_is_new_is_seen_at_once_without_its_torrents(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)

    admitted = manifest.check(NOW)

    assert admitted.signed_by == server.signer.public
    assert not any("torrents" in path for path in server.asked())
    assert believed(manifest.turn(NOW)).id == "org.example/set"
    assert "manifest.yaml" not in server.asked()


def test_what_has_not_changed_is_not_sent_again(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    first = believed(manifest.turn(NOW))
    assert first.asked is not None
    server.asked()

    assert manifest.turn(NOW + 60) == []
    told = only(manifest.turn(manifest.due))

    assert isinstance(told, Told)
    assert told.problem is None
    assert told.asked.etag == first.asked.etag
    assert server.asked() == ["manifest.yaml", "withdrawals.yaml"]
    assert server.origin.unchanged == ["manifest.yaml"]


def test_who_is_in_a_hurry_need_not_wait(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)

    assert problem(manifest.turn(NOW + 1, hurry=True)) == ""


@pytest.mark.parametrize(("age", "least", "most"), [(0, 1, 1.1), (7200, 8, 8.8), (10**9, 21, 24)])
def test_the_server_says_when_to_come_again_within_bounds(
    server: Site, tmp_path: Path, age: int, least: float, most: float
) -> None:
    server.origin.headers["manifest.yaml"] = {"Cache-Control": f"public, max-age={age}"}
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)

    assert least * QUARTER <= manifest.due - NOW <= most * QUARTER


def test_a_new_release_costs_only_its_new_torrents(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    before = manifest.path
    server.asked()
    server.release(2)

    found = believed(manifest.turn(manifest.due))

    assert found.source.manifest.head.sequence == 2
    assert not any("torrents" in path for path in server.asked())
    assert before is not None
    assert before.exists()


def test_of_the_versions_the_last_two_are_kept(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    for number in range(1, 5):
        server.release(number) if number > 1 else None
        believed(manifest.turn(NOW, hurry=True))

    folders = [each for each in manifest.copy.folder.iterdir() if each.is_dir()]
    assert len(folders) == 2


def test_a_restart_goes_on_from_the_copy(server: Site, tmp_path: Path) -> None:
    first = asking(server, tmp_path)
    first.turn(NOW)
    server.asked()

    again = asking(server, tmp_path)

    assert again.due == first.due
    assert again.held(NOW).where == server.url
    assert server.asked() == []
    assert problem(again.turn(again.due)) == ""
    assert server.origin.unchanged == ["manifest.yaml"]


def test_a_redirect_is_followed_since_the_signature_holds(server: Site, tmp_path: Path) -> None:
    with origin(dict(server.origin.files)) as elsewhere:
        moved = Fault(status=302, headers={"Location": f"{elsewhere.url}manifest.yaml"})
        server.origin.faults["manifest.yaml"] = [moved]

        assert believed(asking(server, tmp_path).turn(NOW)).id == "org.example/set"


# --- withdrawals ------------------------------------------------------------------------------


def test_withdrawals_alone_make_a_new_version(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    server.take_back(1, Target(shard=TWO))

    found = believed(manifest.turn(manifest.due))

    assert [order.shard for order in found.orders] == [TWO]
    blocked = [claim.shard.name for claim in found.claims if claim.blocked is not None]
    assert blocked == [TWO]
    assert problem(manifest.turn(manifest.due)) == ""
    assert server.origin.unchanged.count("withdrawals.yaml") == 1


def test_withdrawals_lie_where_the_manifest_says(server: Site, tmp_path: Path) -> None:
    server.release(2, withdrawals=f"{server.origin.url}gone/list.yaml")
    server.take_back(1, Target(shard=TWO))
    for end in ("", ".minisig"):
        server.origin.files[f"gone/list.yaml{end}"] = server.origin.files.pop(
            f"withdrawals.yaml{end}"
        )

    assert len(believed(asking(server, tmp_path).turn(NOW)).orders) == 1


def test_nothing_begins_while_nobody_says_what_was_taken_back(server: Site, tmp_path: Path) -> None:
    server.origin.files["withdrawals.yaml"] = b""
    server.origin.faults["withdrawals.yaml"] = [Fault(status=500)]

    with pytest.raises(WebError, match="answers 500"):
        asking(server, tmp_path).check(NOW)


def test_withdrawals_that_cannot_be_had_stay_as_they_are_and_are_told(
    server: Site, tmp_path: Path
) -> None:
    server.take_back(1, Target(shard=TWO))
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    server.release(2)
    server.origin.faults["withdrawals.yaml"] = [Fault(status=500)]

    found, told = manifest.turn(manifest.due)

    assert isinstance(found, Believed)
    assert len(found.orders) == 1
    assert isinstance(told, Told)
    assert "answers 500" in (told.problem or "")


@pytest.mark.parametrize(
    ("what", "code"), [("unsigned", "unsigned"), ("shrunk", "shrunk"), ("gone", "missing")]
)
def test_withdrawals_that_are_not_believed_change_nothing(
    server: Site, tmp_path: Path, what: str, code: str
) -> None:
    manifest = asking(server, tmp_path)
    server.take_back(1, Target(shard=TWO))
    manifest.turn(NOW)
    if what == "gone":
        del server.origin.files["withdrawals.yaml"]
    else:
        targets = [Target(shard=TWO)] if what == "unsigned" else []
        server.take_back(2, *targets, signed=what != "unsigned")

    assert code in refusal(manifest.turn(manifest.due)).code
    assert len(manifest.held(NOW).orders) == 1


def test_the_torrent_of_what_was_taken_back_may_be_gone(server: Site, tmp_path: Path) -> None:
    server.take_back(1, Target(shard=TWO))
    del server.origin.files[server.source.manifest.shards[1].torrent.path]

    assert len(believed(asking(server, tmp_path).turn(NOW)).claims) == 2


# --- crashes and damage -----------------------------------------------------------------------


def test_a_version_that_a_crash_left_bad_gives_way_to_the_one_before(
    server: Site, tmp_path: Path
) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    good = manifest.seen
    bad = manifest.copy.prepare({"manifest.yaml": b"seedbox: 1\n"})
    manifest.copy.write(replace(good, version=bad, previous=good.version))

    again = asking(server, tmp_path)

    assert again.held(NOW).source.manifest.head.sequence == 1
    assert asking(server, tmp_path).seen.version == good.version


def test_a_damaged_copy_is_asked_for_in_full(server: Site, tmp_path: Path) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    assert manifest.path is not None
    manifest.path.write_bytes(b"")

    again = asking(server, tmp_path)
    again.turn(again.due)

    assert server.origin.unchanged == []
    assert sequence(again) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"seedbox-copy": 2}', "\x00" * 100])
def test_a_damaged_record_is_as_none(server: Site, tmp_path: Path, text: str) -> None:
    manifest = asking(server, tmp_path)
    manifest.turn(NOW)
    (manifest.copy.folder / "seen.json").write_text(text)

    again = asking(server, tmp_path)

    assert again.path is None
    assert believed(again.turn(NOW)).id == "org.example/set"
