"""What servers say of files, and what is made of it."""

import base64
from hashlib import sha256

import pytest

from seedbox.errors import OriginChangedError, UnreachableError, WebError
from seedbox.web import State, look, stream
from support.raw_web import Reply, head, moved, ok, partial, raw_server

BODY = bytes(range(200))
KNOWN = State(200)
ETAG = 'ETag: "a"'
DATE = "Date: Sun, 01 Mar 2026 00:00:00 GMT"
EARLIER = "Sat, 28 Feb 2026 00:00:00 GMT"
DIGEST = base64.b64encode(sha256(BODY).digest()).decode()


def looked(*replies: Reply) -> State:
    with raw_server(replies) as server:
        return look(server.url("/file"))


def look_refused(*replies: Reply) -> str:
    with raw_server(replies) as server, pytest.raises(WebError) as caught:
        look(server.url("/file"))
    return caught.value.reason


def streamed(
    reply: Reply, state: State = KNOWN, span: tuple[int, int] = (0, 200)
) -> tuple[int, bytes, State]:
    with raw_server([reply]) as server, stream(server.url("/file"), state, span) as found:
        return found.start, b"".join(found.chunks()), found.state


def stream_refused(
    reply: Reply, state: State = KNOWN, span: tuple[int, int] = (0, 200)
) -> WebError:
    with (
        raw_server([reply]) as server,
        pytest.raises(WebError) as caught,
        stream(server.url("/file"), state, span) as found,
    ):
        list(found.chunks())
    return caught.value


# --- looking ----------------------------------------------------------------------------------


def test_the_head_of_a_file_tells_its_size_state_and_digest() -> None:
    headers = ["Content-Length: 200", ETAG, DATE, f"Last-Modified: {EARLIER}"]

    found = looked(head("200 OK", *headers, f"Repr-Digest: sha-512=:AA==:, sha-256=:{DIGEST}:"))

    assert found == State(200, '"a"', EARLIER, sha256(BODY).digest())
    assert found.validator == '"a"'


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        (['ETag: W/"a"', DATE, f"Last-Modified: {EARLIER}"], EARLIER),
        (["ETag: a"], None),
        ([DATE, DATE.replace("Date", "Last-Modified")], None),
        ([], None),
    ],
    ids=["weak", "no-etag", "just-changed", "nothing"],
)
def test_what_could_be_the_same_after_a_change_is_not_relied_on(
    headers: list[str], validator: str | None
) -> None:
    assert looked(head("200 OK", "Content-Length: 200", *headers)).validator == validator


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"Digest: SHA-256={DIGEST}", sha256(BODY).digest()),
        (f"Digest: md5=AAAA,sha-256={DIGEST}", sha256(BODY).digest()),
        (f"Repr-Digest: sha-256={DIGEST}:", None),
        ("Repr-Digest: sha-256=:AAAA:", None),
        (f"Content-Digest: sha-256=:{DIGEST}:", None),
    ],
)
def test_digests_of_the_whole_file_are_known_and_others_are_not(
    header: str, found: bytes | None
) -> None:
    assert looked(head("200 OK", "Content-Length: 200", header)).sha256 == found


@pytest.mark.parametrize(
    ("reply", "size"),
    [
        (partial(b"a", "bytes 0-0/7"), 7),
        (head("416 No", "Content-Range: bytes */0", "Content-Length: 0"), 0),
        (ok(BODY), 200),
    ],
)
@pytest.mark.parametrize("first", [head("405 No"), head("200 OK"), head("403 No")])
def test_where_head_says_too_little_one_byte_is_asked_for(
    first: bytes, reply: bytes, size: int
) -> None:
    with raw_server([first, reply]) as server:
        assert look(server.url("/file")).size == size

    assert server.requests[0].startswith(b"HEAD /file ")
    assert b"\r\nRange: bytes=0-0\r\n" in server.requests[1]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (head("200 OK", "Transfer-Encoding: chunked"), "does not say how long it is"),
        (partial(b"a", "bytes 0-0/*"), "does not say how long it is"),
        (head("416 No", "Content-Range: bytes */9"), "does not say how long it is"),
        (head("404 Not Found"), "answers 404 Not Found"),
        (head("503 Busy", "Retry-After: 9"), "answers 503 Busy, and to come back after 9 seconds"),
    ],
)
def test_files_of_no_known_size_are_refused(reply: bytes, reason: str) -> None:
    assert look_refused(head("405 No"), reply) == reason


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        (["Retry-After: 9"], 9.0),
        (["Retry-After: Sun, 01 Mar 2026 00:01:00 GMT", DATE], 60.0),
        (["Retry-After: Sat, 28 Feb 2026 00:00:00 GMT", DATE], 0.0),
        (["Retry-After: Sun, 01 Mar 2026 00:01:00 GMT"], None),
        (["Retry-After: soon"], None),
        ([], None),
    ],
)
def test_a_busy_server_says_when_to_come_back(headers: list[str], after: float | None) -> None:
    busy = head("503 Busy", *headers)

    with raw_server([busy]) as server, pytest.raises(WebError) as caught:
        look(server.url("/file"))

    assert (caught.value.passing, caught.value.after) == (True, after)


@pytest.mark.parametrize(
    ("reply", "passing"),
    [
        (head("500 Broken"), True),
        (head("429 Slower"), True),
        (head("404 Not Found"), False),
        (head("403 Forbidden"), False),
        (moved("ftp://a.example/b"), False),
        (b"", True),
        (b"nonsense\r\n\r\n", False),
    ],
)
def test_some_failures_may_pass_and_others_stay(reply: bytes, passing: bool) -> None:
    with raw_server([reply]) as server, pytest.raises(WebError) as caught:
        look(server.url("/file"))

    assert caught.value.passing is passing


def test_names_that_nobody_knows_stay_unknown() -> None:
    with pytest.raises(UnreachableError) as caught:
        look("http://nobody.invalid/file")

    assert caught.value.passing is False


# --- streaming --------------------------------------------------------------------------------


def test_a_whole_file_comes_without_asking_for_a_range() -> None:
    with (
        raw_server([ok(BODY, ETAG)]) as server,
        stream(server.url("/f"), State(200), (0, 200)) as found,
    ):
        assert (found.start, b"".join(found.chunks())) == (0, BODY)

    assert found.state == State(200, '"a"')
    assert b"Range" not in server.requests[0]


def test_a_long_file_comes_in_many_chunks() -> None:
    body = BODY * 5000

    assert streamed(ok(body), State(1_000_000), (0, 1_000_000))[1] == body


def test_a_part_is_asked_for_by_what_names_the_state() -> None:
    reply = partial(BODY[10:], "bytes 10-199/200", ETAG)
    with (
        raw_server([reply]) as server,
        stream(server.url("/f"), State(200, '"a"'), (10, 200)) as found,
    ):
        assert (found.start, b"".join(found.chunks())) == (10, BODY[10:])

    assert b"\r\nRange: bytes=10-199\r\n" in server.requests[0]
    assert b'\r\nIf-Range: "a"\r\n' in server.requests[0]


def test_a_server_without_ranges_sends_the_whole_file_up_to_the_end_asked_for() -> None:
    assert streamed(ok(BODY), span=(10, 20)) == (0, BODY[:20], State(200))


def test_chunked_bodies_come_too() -> None:
    body = b"64\r\n" + BODY[:100] + b"\r\n64\r\n" + BODY[100:] + b"\r\n0\r\n\r\n"

    assert streamed(head("200 OK", "Transfer-Encoding: chunked") + body) == (0, BODY, State(200))


@pytest.mark.parametrize(
    ("reply", "was", "now"),
    [
        (ok(BODY, 'ETag: "b"'), '"a"', '"b"'),
        (ok(BODY[:9]), "200 bytes", "9 bytes"),
        (partial(BODY[10:], "bytes 10-199/300"), "200 bytes", "300 bytes"),
        (partial(BODY[10:], "bytes 10-199/200", 'ETag: "b"'), '"a"', '"b"'),
        (head("416 No", "Content-Range: bytes */9"), "200 bytes", "9 bytes"),
    ],
)
def test_another_state_is_a_change(reply: bytes, was: str, now: str) -> None:
    with (
        raw_server([reply]) as server,
        pytest.raises(OriginChangedError) as caught,
        stream(server.url("/file"), State(200, '"a"'), (10, 200)),
    ):
        raise AssertionError

    url = server.url("/file")
    assert caught.value.message == f"{url} changed while it was read: {was}, now {now}"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("reply", "reason", "passing"),
    [
        (partial(BODY[9:], "bytes 9-199/200"), "asked for 10-199", False),
        (partial(BODY[10:], "none"), "answers 206 with 'none'", False),
        (head("206 Partial"), "answers 206 with 'no Content-Range'", False),
        (partial(BODY[:5], "bytes 10-199/200"), "sends another length than 190 bytes", False),
        (head("416 No", "Content-Range: bytes */200"), "answers 416", False),
        (ok(BODY[:50]).replace(b"50", b"200"), "broke off after 50 of 200 bytes", True),
        (head("410 Gone"), "answers 410 Gone", False),
        (ok(BODY, "Content-Encoding: br"), "sends Content-Encoding 'br'", False),
    ],
)
def test_other_answers_are_refused(reply: bytes, reason: str, passing: bool) -> None:
    error = stream_refused(reply, span=(10, 200))

    assert reason in error.reason
    assert error.passing is passing


def test_two_states_are_joined_where_one_says_nothing() -> None:
    one, other = State(7, '"a"'), State(7, None, EARLIER, bytes(32))

    assert one.joined(other) == State(7, '"a"', EARLIER, bytes(32))
    assert one.differs(other) is None
    assert other.differs(State(7, sha256=b"\1" * 32)) == ("00" * 32, "01" * 32)
