"""Servers that fail while a dataset is built from them: it is built all the same, or named."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.errors import OriginChangedError, SourceChangedError, WebError, WrongDigestError
from seedbox.torrent.info_hash import Format
from support.content import content, contents
from support.origin import Fault, Origin, origin
from support.remote import Waits, build_local, build_remote, made, manners

FORMS = [Format.V1, Format.V2, Format.HYBRID]
FILES = contents({"a": 300_000, "b c/d+e.bin": 200_001, "b c/empty": 0, "long": 1_200_000, "z": 1})
BROKEN = [100_000, 0, 262_144, 1, 500_000]  # bytes after which a connection breaks


@pytest.fixture
def server() -> Iterator[Origin]:
    listed = "".join(f"{sha256(data).hexdigest()}  {path}\n" for path, data in FILES.items())
    served = {f"set/{path}": data for path, data in FILES.items()}
    with origin({**served, "set/SHA256SUMS": listed.encode()}) as made:
        yield made


def plain(server: Origin, files: Mapping[str, bytes] = FILES) -> str:
    """The URL of a list without digests."""
    lines = [path.replace(" ", "%20") for path in files]
    server.files["set/list.txt"] = "\n".join(lines).encode()
    return f"{server.url}set/list.txt"


def sums(server: Origin) -> str:
    return f"{server.url}set/SHA256SUMS"


def local(server: Origin, folder: Path, form: Format = Format.HYBRID) -> dict[str, bytes]:
    return build_local(FILES, folder, f"{server.url}set/", form)


# --- what is built all the same ---------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("listed", [plain, sums])
def test_a_build_from_a_server_makes_the_bytes_of_one_from_a_copy(
    server: Origin, tmp_path: Path, form: Format, listed: object
) -> None:
    where = plain(server) if listed is plain else sums(server)

    report = build_remote(where, tmp_path / "out", form=form)

    assert made(tmp_path / "out") == local(server, tmp_path, form)
    assert report.hashed == report.size == 1_700_002
    assert server.most <= 4
    origin_url = report.manifest.head.origin.url if report.manifest.head.origin else None
    assert origin_url == f"{server.url}set"
    assert report.manifest.head.torrent_root == "set"


@pytest.mark.parametrize(
    ("form", "ranges", "validators"),
    [
        *((form, True, ("ETag",)) for form in FORMS),
        (Format.HYBRID, True, ("Last-Modified",)),
        (Format.HYBRID, False, ("ETag",)),
        (Format.V1, True, ()),
        (Format.HYBRID, False, ()),
    ],
)
def test_connections_that_break_cost_nothing_but_time(
    server: Origin, tmp_path: Path, form: Format, ranges: bool, validators: tuple[str, ...]
) -> None:
    server.ranges, server.validators = ranges, validators
    server.faults["set/long"] = [Fault(breaks=count) for count in BROKEN]
    server.faults["set/a"] = [Fault(breaks=299_999)]

    build_remote(plain(server), tmp_path / "out", form=form)

    assert made(tmp_path / "out") == local(server, tmp_path, form)


def test_what_has_come_is_not_asked_for_again(server: Origin, tmp_path: Path) -> None:
    server.faults["set/long"] = [Fault(breaks=count) for count in BROKEN]

    build_remote(plain(server), tmp_path / "out")

    starts = [0, 100_000, 100_000, 362_144, 362_145, 862_145]
    ranges = [None, *(f"bytes={start}-1199999" for start in starts[1:])]
    assert server.ranges_of("set/long") == ranges
    resumed = [each for each in server.asked if each.range]
    assert all(each.if_range and each.if_range.startswith('"') for each in resumed)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503),
        Fault(status=500),
        Fault(status=429, headers={"Retry-After": "7"}),
        Fault(headers={"Content-Length": "1200000"}, breaks=1000),
        Fault(stalls=70_000),
        Fault(trickles=True, breaks=0),
    ],
    ids=["503", "500", "429", "truncated", "stalls", "slow-loris"],
)
def test_failures_that_pass_are_waited_for(server: Origin, tmp_path: Path, fault: Fault) -> None:
    server.faults["set/long"] = [fault]
    waits = Waits()

    build_remote(plain(server), tmp_path / "out", how=manners(waits, silence=0.3))

    assert made(tmp_path / "out") == local(server, tmp_path)
    assert len(waits.seconds) == 1
    least, most = (7, 7) if fault.status == 429 else (0.25, 0.5)
    assert least <= waits.seconds[0] <= most


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(
    server: Origin, tmp_path: Path
) -> None:
    moment = {
        "Retry-After": "Sun, 01 Mar 2099 00:01:30 GMT",
        "Date": "Sun, 01 Mar 2099 00:00:00 GMT",
    }
    server.faults["set/a"] = [Fault(status=503, headers=moment)]
    waits = Waits()

    with pytest.raises(WebError, match="503"):
        build_remote(plain(server), tmp_path / "out", how=manners(waits, obeyed=60.0))

    assert waits.seconds == []


def test_pauses_grow_and_end(server: Origin, tmp_path: Path) -> None:
    server.faults["set/a"] = [Fault(status=503)] * 20
    waits = Waits()

    with pytest.raises(WebError) as caught:
        build_remote(plain(server), tmp_path / "out", how=manners(waits, tries=5))

    assert caught.value.message == f"{server.url}set/a answers 503 Service Unavailable"
    assert len(waits.seconds) == 4
    for number, seconds in enumerate(waits.seconds):
        assert 0.25 * 2**number <= seconds <= 0.5 * 2**number


def test_servers_without_head_are_asked_for_one_byte(server: Origin, tmp_path: Path) -> None:
    server.head = False

    build_remote(plain(server), tmp_path / "out")

    assert made(tmp_path / "out") == local(server, tmp_path)
    assert server.ranges_of("set/a") == ["bytes=0-0", None]


def test_redirects_to_another_host_are_followed(server: Origin, tmp_path: Path) -> None:
    served = {f"set/{path}": data for path, data in FILES.items()}
    with origin(served, host="127.0.0.2") as elsewhere:
        there = Fault(status=302, headers={"Location": f"{elsewhere.url}set/long"})
        server.faults["set/long"] = [there, there]
        elsewhere.faults["set/long"] = [Fault(breaks=500_000)]

        report = build_remote(plain(server), tmp_path / "out")

    assert made(tmp_path / "out") == local(server, tmp_path)
    seeds = {seed.url for shard in report.manifest.shards for seed in shard.web_seeds}
    assert all(seed.startswith(server.url) for seed in seeds)
    assert elsewhere.ranges_of("set/long") == [None, "bytes=500000-1199999"]


def test_files_are_asked_for_where_a_client_of_bittorrent_would(
    server: Origin, tmp_path: Path
) -> None:
    build_remote(plain(server), tmp_path / "out")

    assert {each.path for each in server.asked} >= {"set/b c/d+e.bin", "set/long"}


# --- what is refused, and named ---------------------------------------------------------------

OTHER = content("other", 1_200_000)


CHANGES: list[tuple[str, tuple[str, ...], list[Fault]]] = [
    ("before", ("ETag",), [Fault(becomes=OTHER)]),
    *(
        (name, validators, faults)
        for validators in [("ETag",), ()]
        for name, faults in {
            "between": [Fault(breaks=300_000), Fault(becomes=OTHER)],
            "shorter": [Fault(breaks=300_000), Fault(becomes=OTHER[:1_000_000])],
            "short": [Fault(becomes=OTHER[:1000])],
            "wrong-length": [Fault(headers={"Content-Length": "1300000"})],
            "shorter-than-what-came": [Fault(breaks=300_000), Fault(becomes=OTHER[:100_000])],
        }.items()
    ),
]


@pytest.mark.parametrize(("name", "validators", "faults"), CHANGES)
def test_files_that_change_are_named(
    server: Origin, tmp_path: Path, name: str, validators: tuple[str, ...], faults: list[Fault]
) -> None:
    del name
    server.validators = validators
    server.faults["set/long"] = list(faults)

    with pytest.raises(OriginChangedError) as caught:
        build_remote(plain(server), tmp_path / "out")

    assert isinstance(caught.value, SourceChangedError)
    assert caught.value.message.startswith(f"{server.url}set/long changed while it was read: ")
    assert "manifest.yaml" not in made(tmp_path / "out")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content-Encoding": "gzip"}, "sends Content-Encoding 'gzip', not asked for"),
        ({"Content-Length": ""}, "does not say how long it is"),
        ({"Content-Length": "many"}, "sends Content-Length 'many'"),
    ],
)
def test_answers_of_no_use_are_named(
    server: Origin, tmp_path: Path, headers: Mapping[str, str], reason: str
) -> None:
    server.headers["set/long"] = headers
    server.ranges = False

    with pytest.raises(WebError) as caught:
        build_remote(plain(server), tmp_path / "out")

    assert caught.value.message == f"{server.url}set/long {reason}"


def test_a_file_that_is_not_there_is_named(server: Origin, tmp_path: Path) -> None:
    del server.files["set/z"]

    with pytest.raises(WebError, match=r"set/z answers 404 Not Found"):
        build_remote(plain(server), tmp_path / "out")


def test_bytes_that_are_not_those_of_the_checksum_file_are_named(
    server: Origin, tmp_path: Path
) -> None:
    server.files["set/long"] = OTHER

    with pytest.raises(WrongDigestError) as caught:
        build_remote(sums(server), tmp_path / "out")

    found, said = sha256(OTHER).hexdigest(), sha256(FILES["long"]).hexdigest()
    what = f"{server.url}set/long has SHA-256 {found}, the list says {said}"
    assert caught.value.message == what
    assert "manifest.yaml" not in made(tmp_path / "out")
    assert not any("long" in path for path in made(tmp_path / "out"))


@pytest.mark.parametrize("name", ["Repr-Digest", "Digest"])
def test_digests_that_a_server_sends_are_checked(server: Origin, tmp_path: Path, name: str) -> None:
    wrong = "sha-256=:" + "A" * 43 + "=:" if name == "Repr-Digest" else "SHA-256=" + "A" * 43 + "="
    server.headers["set/a"] = {name: wrong}

    with pytest.raises(WrongDigestError, match=f"the server says {'0' * 64}"):
        build_remote(plain(server), tmp_path / "out")
