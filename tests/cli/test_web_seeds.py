"""Web seeds that are asked by `build` and `lint`: real servers on 127.0.0.1, good and bad."""

import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedbox.jobs.shards import read_manifest
from support.cli import Process, run
from support.publisher import HEAD, Publisher, publisher
from support.web import files_over_http

ODD = {
    "a b/c#d.bin": 20_000,
    "e?f.bin": 20_000,
    "g%20h.bin": 20_000,
    "i+j&k.bin": 20_000,
    "ü/ö.bin": 20_000,
    "n/o/p/q.bin": 60_000,
    "r.bin": 200_000,
}


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def odd(tmp_path: Path) -> Publisher:
    """A dataset in one shard, with names that a URL has to escape."""
    return publisher(tmp_path / "odd", ODD, table="path,value\nr.bin,1\n")


def served(servers: ExitStack, source: Path, *, below: str = "set", ranges: bool = True) -> str:
    """Serve a folder as `below`; gives the base URL of a web seed."""
    www = source.parent / f"www-{below.replace('/', '-')}"
    www.joinpath(below).parent.mkdir(parents=True, exist_ok=True)
    if not www.joinpath(below).exists():
        www.joinpath(below).symlink_to(source)
    url, _ = servers.enter_context(files_over_http(www, ranges=ranges))
    return url


def flipped(source: Path, path: str) -> Path:
    """A copy of a folder with one bit of one file flipped, far inside."""
    copy = source.parent / "flipped"
    shutil.copytree(source, copy)
    data = bytearray((copy / path).read_bytes())
    data[70_000] ^= 1
    (copy / path).write_bytes(data)
    return copy


def dead() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


# --- build ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["v1", "v2", "hybrid"])
def test_a_build_records_when_web_seeds_were_proved_and_by_how_many_pieces(
    dataset: Publisher, servers: ExitStack, form: str
) -> None:
    url = served(servers, dataset.source)
    before = datetime.now(UTC).replace(microsecond=0)

    ran = dataset.build("--web-seed", url, "--prove-web-seeds", "--prove-pieces", 9, format=form)

    assert ran.out.splitlines()[-2] == "proved 3 web seeds by 27 pieces"
    seeds = [seed for shard in read_manifest(dataset.manifest).shards for seed in shard.web_seeds]
    assert [seed.url for seed in seeds] == [f"{url}set/b/", f"{url}set/", url]
    assert [seed.pieces for seed in seeds] == [9, 9, 9]
    for seed in seeds:
        assert seed.checked is not None
        assert before <= seed.checked <= datetime.now(UTC)
    assert re.search(r"checked: 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, pieces: 9", _text(dataset))
    assert run("lint", dataset.manifest).status == 0


def _text(dataset: Publisher) -> str:
    return dataset.manifest.read_text("utf-8")


def test_json_has_each_web_seed_that_was_proved(dataset: Publisher, servers: ExitStack) -> None:
    url = served(servers, dataset.source)

    document = dataset.build("--web-seed", url, "--prove-web-seeds", "--json").document

    assert [(seed["shard"], seed["url"], seed["pieces"]) for seed in document["web_seeds"]] == [
        ("set-0001", f"{url}set/b/", 13),  # all that it has
        ("set-0002", f"{url}set/", 19),
        ("set-0003", url, 21),
    ]


def test_without_the_flag_no_server_is_asked_and_nothing_is_recorded(dataset: Publisher) -> None:
    document = dataset.build("--web-seed", dead(), "--json").document

    assert "web_seeds" not in document
    assert "checked" not in _text(dataset)


def test_a_dry_run_asks_nobody(dataset: Publisher) -> None:
    dataset.build("--web-seed", dead(), "--prove-web-seeds", "--dry-run")


def test_names_that_urls_escape_are_asked_for_escaped(odd: Publisher, servers: ExitStack) -> None:
    url = served(servers, odd.source)

    ran = odd.build("--web-seed", url, "--prove-web-seeds", "--prove-pieces", 99, shard_size=None)

    assert "proved 1 web seed by 27 pieces" in ran.out


def test_wrong_bytes_are_status_4_and_name_shard_url_and_range(
    dataset: Publisher, servers: ExitStack
) -> None:
    url = served(servers, flipped(dataset.source, "a.bin"))

    ran = run(*dataset.arguments(), "--web-seed", url, "--prove-web-seeds", "--json")

    status, code, message, hint = ran.error
    assert (status, code) == (4, "web-seed-wrong")
    assert message.startswith(
        f"web seed of set-0002: piece 4, bytes 65536-81919 of {url}set/a.bin: SHA-1 "
    )
    assert ", in the torrent " in message
    assert hint
    assert not dataset.manifest.exists()


def test_a_server_that_is_not_there_is_status_6_and_every_url_of_it_is_named(
    dataset: Publisher,
) -> None:
    url = dead()

    ran = run(*dataset.arguments(), "--web-seed", url, "--prove-web-seeds", "--json")

    status, code, message, _ = ran.error
    lines = message.splitlines()
    assert (status, code, lines[0]) == (6, "web-seed-unproven", "3 web seeds are not proved:")
    reason = "cannot be reached: Connection refused"
    assert lines[1] == f"  set-0001: piece 0, bytes 0-16383 of {url}set/b/c.bin: {reason}"
    host = url.split("/")[2]
    assert lines[2:] == [
        f"  set-0002: {url}set/a.bin was not asked: {host} {reason}",
        f"  set-0003: {url}set/b/d.bin was not asked: {host} {reason}",
    ]
    assert not dataset.manifest.exists()


def test_a_build_that_could_not_prove_goes_on_where_it_was(
    dataset: Publisher, servers: ExitStack
) -> None:
    run(*dataset.arguments(), "--web-seed", dead(), "--prove-web-seeds")
    url = served(servers, dataset.source)

    document = dataset.build("--web-seed", url, "--prove-web-seeds", "--json").document

    assert document["hashed"] == 0
    assert len(document["web_seeds"]) == 3


def test_wrong_bytes_weigh_more_than_a_server_that_is_not_there(
    dataset: Publisher, servers: ExitStack
) -> None:
    bad = served(servers, flipped(dataset.source, "a.bin"))

    ran = run(
        *dataset.arguments(),
        *("--web-seed", dead(), "--web-seed", bad, "--prove-web-seeds", "--json"),
    )

    assert ran.error[:2] == (4, "web-seed-wrong")
    assert ran.error[2].splitlines()[0] == "4 web seeds are not proved:"


def test_a_folder_one_level_too_deep_shows_the_url_that_a_client_asks_for(
    dataset: Publisher, servers: ExitStack
) -> None:
    url = served(servers, dataset.source, below="deep/set")

    ran = run(*dataset.arguments(), "--web-seed", url, "--prove-web-seeds", "--json")

    assert ran.error[0] == 6
    line = ran.error[2].splitlines()[1]
    assert line == f"  set-0001: piece 0, bytes 0-16383 of {url}set/b/c.bin: answers 404 Not Found"


def test_a_server_without_range_will_do_for_small_files_and_no_others(
    dataset: Publisher, servers: ExitStack, tmp_path: Path
) -> None:
    url = served(servers, dataset.source, ranges=False)
    large = publisher(tmp_path / "large", {"a.bin": 1_100_000}, table="path,value\na.bin,1\n")
    large_url = served(servers, large.source, ranges=False)

    dataset.build("--web-seed", url, "--prove-web-seeds")
    ran = run(
        *large.arguments(shard_size=None), "--web-seed", large_url, "--prove-web-seeds", "--json"
    )

    assert ran.error[0] == 6
    assert "ignores Range and answers 200 with the whole file" in ran.error[2]


def test_a_url_that_cannot_work_is_not_asked_and_shows_what_a_client_would_ask_for(
    dataset: Publisher, servers: ExitStack
) -> None:
    url, asked = servers.enter_context(files_over_http(dataset.source))
    dataset.head.write_text(HEAD + f"origin: {{url: {url}set}}\n")

    ran = run(*dataset.arguments(), "--web-seed", f"{url}set/", "--prove-web-seeds", "--json")

    assert ran.error[:2] == (4, "invalid-manifest")
    assert f"a client asks for {url}set/set/…, the origin is {url}set" in ran.error[2]
    assert asked == []


def test_without_web_seeds_there_is_nothing_to_prove(dataset: Publisher) -> None:
    ran = run(*dataset.arguments(), "--prove-web-seeds", "--json")

    assert ran.error[:3] == (2, "usage", "there are no web seeds to prove")
    assert not dataset.out.exists()


# --- lint -------------------------------------------------------------------------------------


def test_lint_reports_what_it_proved_and_changes_nothing(
    dataset: Publisher, servers: ExitStack
) -> None:
    url = served(servers, dataset.source)
    dataset.build("--web-seed", url)
    before = dataset.manifest.read_bytes()

    ran = run("lint", dataset.manifest, "--web-seeds", "--pieces", 4)
    document = run("lint", dataset.manifest, "--web-seeds", "--pieces", 4, "--json").document

    assert ran.status == 0
    assert ran.out.endswith("3 torrents at hand, 3 of 3 web seeds proved)\n")
    (manifest,) = document["manifests"]
    assert [set(seed) for seed in manifest["web_seeds"]] == [
        {"shard", "url", "pieces", "checked"}
    ] * 3
    assert [seed["pieces"] for seed in manifest["web_seeds"]] == [4, 4, 4]
    assert dataset.manifest.read_bytes() == before


def test_lint_asks_for_the_same_pieces_again_and_for_others_with_another_seed(
    dataset: Publisher, servers: ExitStack
) -> None:
    url, paths = servers.enter_context(files_over_http(dataset.folder))
    dataset.source.rename(dataset.folder / "set")
    dataset.build("--web-seed", url, source=dataset.folder / "set")
    asked = []

    for number in (None, 1, 1, 2):  # the manifest's sequence is 1
        more = [] if number is None else ["--sample-seed", number]
        run("lint", dataset.manifest, "--web-seeds", "--pieces", 9, *more)
        asked.append(sorted(paths))
        paths.clear()

    assert asked[0] == asked[1] == asked[2] != asked[3]
    assert [len(each) for each in asked] == [27] * 4


def test_lint_names_each_problem_with_its_line(dataset: Publisher, servers: ExitStack) -> None:
    bad = served(servers, flipped(dataset.source, "a.bin"))
    dataset.build("--web-seed", bad)
    lines = _text(dataset).splitlines()
    line = [number for number, text in enumerate(lines, 1) if "web_seeds" in text][1]

    ran = run("lint", dataset.manifest, "--web-seeds", "--pieces", 99)

    assert ran.status == 1
    first = ran.out.splitlines()[0]
    place = f"{dataset.manifest}:{line}: shards[1].web_seeds[0].url: "
    assert first.startswith(f"{place}piece 4, bytes 65536-81919 of {bad}set/a.bin: SHA-1 ")
    assert first.endswith("[web-seed]")
    assert "2 of 3 web seeds proved" in ran.out


def test_lint_says_what_was_not_asked_for_want_of_a_torrent(
    dataset: Publisher, servers: ExitStack
) -> None:
    dataset.build("--web-seed", served(servers, dataset.source))
    dataset.torrent(2).unlink()

    ran = run("lint", dataset.manifest, "--web-seeds", "--json")

    (problem,) = ran.document["manifests"][0]["problems"]
    assert (ran.status, problem["rule"]) == (1, "web-seed")
    assert "set/… was not asked: its .torrent cannot be used: " in problem["message"]


def test_lint_tells_a_url_that_cannot_work_once(dataset: Publisher, servers: ExitStack) -> None:
    url = served(servers, dataset.source)
    dataset.build("--web-seed", url)
    dataset.manifest.write_text(_text(dataset).replace(f"{url}set/b/", f"{url}set/"))

    ran = run("lint", dataset.manifest, "--web-seeds", "--json")

    (problem,) = ran.document["manifests"][0]["problems"]
    assert problem["message"] == (
        f"a client asks for {url}set/…, the shard's file is in the folder b/"
    )


def test_a_password_in_a_web_seed_is_not_shown(dataset: Publisher, servers: ExitStack) -> None:
    url = served(servers, dataset.source)
    dataset.build("--web-seed", url)
    secret = url.replace("://", "://me:secret@")
    dataset.manifest.write_text(_text(dataset).replace(f"url: {url}", f"url: {secret}"))

    ran = run("lint", dataset.manifest, "--web-seeds", "--json")

    assert "comes with a name or password in it" in ran.out
    assert "secret" not in ran.out + ran.err


# --- being stopped ----------------------------------------------------------------------------


def test_ctrl_c_ends_a_proof_that_waits_for_a_silent_server(dataset: Publisher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        dataset.build("--web-seed", f"http://127.0.0.1:{port}/")
        with Process("lint", dataset.manifest, "--web-seeds") as process:
            process.until("started", task="prove set-0001")
            ran = process.end(signal.SIGINT)

    assert ran.status == 130
    assert "Traceback" not in ran.err
