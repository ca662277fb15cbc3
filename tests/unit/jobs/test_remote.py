from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest

from seedbox import web
from seedbox.errors import InvalidListError, SourceError, UsageError, WebError
from seedbox.jobs.events import Note, ignore
from seedbox.jobs.remote import Patience, RemoteListing, survey
from seedbox.manifest.model import Head
from seedbox.manifest.model import Origin as HeadOrigin
from seedbox.web import State
from support.datasets import head
from support.origin import Fault, Origin, origin
from support.remote import Waits, manners

FILES = {"set/a": b"aaa", "set/b/c": b"cc", "set/empty": b""}
HEAD = head(root=None)


@pytest.fixture
def server() -> Iterator[Origin]:
    with origin(FILES) as made:
        yield made


def listed(server: Origin, text: str, of: Head = HEAD, waits: Waits | None = None) -> RemoteListing:
    server.files["set/list"] = text.encode()
    how = manners(waits)
    return survey(f"{server.url}set/list", of, on_event=ignore, manners=how)


def refused(server: Origin, text: str) -> list[str]:
    with pytest.raises(InvalidListError) as caught:
        listed(server, text)
    return [problem.message for problem in caught.value.problems]


def test_every_file_gets_its_size_and_what_names_its_state(server: Origin) -> None:
    found = listed(server, "b/c\na\nempty\n")

    assert [(file.parts, file.size) for file in found.files] == [
        (("a",), 3),
        (("b", "c"), 2),
        (("empty",), 0),
    ]
    assert found.root == f"{server.url}set/"
    assert all(file.identity == file.state.etag for file in found.files)
    assert {each.method for each in server.asked} == {"GET", "HEAD"}


def test_files_whose_size_and_digest_are_listed_are_not_asked_for(server: Origin) -> None:
    digest = sha256(b"aaa").digest()

    found = listed(server, f"a 3 sha256:{digest.hex()}\nb/c 2\n")

    assert [each.path for each in server.asked] == ["set/list", "set/b/c"]
    assert found.files[0].state == State(3)
    assert found.files[0].identity == digest.hex()
    assert not found.files[0].held.partly


def test_a_list_on_this_machine_is_seen_from_the_origin(server: Origin, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("b/c\na\n")
    said = head(root=None, origin=HeadOrigin(url=f"{server.url}set"))
    notes: list[object] = []

    found = survey(str(path), said, on_event=notes.append)

    assert [file.url for file in found.files] == [f"{server.url}set/a", f"{server.url}set/b/c"]
    assert notes == [Note(f"asking {server.url[7:-1]} for 2 files")]


def test_sizes_that_differ_from_the_list_are_refused_all_at_once(server: Origin) -> None:
    assert refused(server, "a 4\nb/c 3\nempty 0\n") == [
        f"{server.url}set/a has 3 bytes, the list says 4",
        f"{server.url}set/b/c has 2 bytes, the list says 3",
    ]


def test_digests_of_the_server_that_differ_from_the_list_are_refused(server: Origin) -> None:
    server.headers["set/a"] = {"Repr-Digest": "sha-256=:" + "A" * 43 + "=:"}
    known = sha256(b"aaa").hexdigest()

    (message,) = refused(server, f"{known}  a\n")

    told = f"{server.url}set/a has SHA-256 {'00' * 32} by its server, the list says {known}"
    assert message == told


def test_the_list_itself_is_asked_for_again(server: Origin) -> None:
    server.faults["set/list"] = [Fault(status=503, headers={"Retry-After": "3"})]
    waits = Waits()

    assert len(listed(server, "a\n", waits=waits).files) == 1

    assert waits.seconds == [3.0]


def test_more_files_than_are_asked_for_ahead_stay_in_order(server: Origin) -> None:
    names = [f"n{number:03}" for number in range(100)]
    server.files |= {f"set/{name}": name.encode() * index for index, name in enumerate(names)}

    found = listed(server, "\n".join(names))

    assert [file.size for file in found.files] == [4 * index for index in range(100)]
    assert server.most <= 4


def test_a_list_that_is_not_there_is_named(server: Origin, tmp_path: Path) -> None:
    with pytest.raises(WebError, match=r"set/gone answers 404"):
        survey(f"{server.url}set/gone", HEAD, on_event=ignore)
    with pytest.raises(SourceError, match="does not exist"):
        survey(str(tmp_path / "gone"), HEAD, on_event=ignore)


@pytest.mark.parametrize("purl", ["pkg:cargo/a@1", "PKG:cargo/a@1"])
def test_packages_of_other_registries_are_not_fetched(purl: str) -> None:
    with pytest.raises(UsageError, match=f"{purl} names a package"):
        survey(purl, HEAD, on_event=ignore)


def test_nobody_waits_for_what_is_not_wanted_any_more() -> None:
    stopped = Event()
    stopped.set()
    patience = Patience("http://a.example/", manners(Event.wait), stopped)

    with pytest.raises(web.CancelledError):
        patience.failed(WebError("http://a.example/", "broke off", "Try again.", passing=True))
