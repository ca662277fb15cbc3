"""What a server may do, and what is made of it."""

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seedbox import __version__
from seedbox.errors import UnreachableError, WebError
from seedbox.web import fetch, fetch_range
from support.raw_web import head, moved, ok, partial, raw_server

BODY = bytes(range(200))


def refused(reply: bytes, *, limit: int = 1000) -> WebError:
    with raw_server([reply]) as server, pytest.raises(WebError) as caught:
        fetch(server.url("/page"), limit=limit)
    assert caught.value.exit_status == 6
    assert caught.value.message.startswith(f"http://127.0.0.1:{server.port}/page ")
    assert caught.value.hint
    return caught.value


def range_refused(reply: bytes, start: int = 10, stop: int = 20) -> str:
    with raw_server([reply]) as server, pytest.raises(WebError) as caught:
        fetch_range(server.url("/file"), start, stop)
    return caught.value.reason


# --- documents --------------------------------------------------------------------------------


def test_a_document_comes_with_its_type_and_its_last_url() -> None:
    with raw_server([moved("/there?k=secret"), ok(BODY, "Content-Type: text/html")]) as server:
        page = fetch(server.url("/a%20b?q=1#part"), limit=200)

    assert (page.body, page.type) == (BODY, "text/html")
    assert page.url == server.url("/there?…")
    assert server.targets == ["/a%20b?q=1", "/there?k=secret"]


def test_a_request_says_who_asks_and_wants_nothing_compressed() -> None:
    with raw_server([ok(b"")]) as server:
        fetch(server.url(""), limit=1)

    (request,) = server.requests
    first, *headers = request.decode().split("\r\n")
    assert first == "GET / HTTP/1.1"
    assert set(headers) >= {
        f"Host: 127.0.0.1:{server.port}",
        f"User-Agent: seedbox/{__version__}",
        "Accept-Encoding: identity",
        "Connection: close",
    }


@pytest.mark.parametrize(
    "reply",
    [
        head("200 OK", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        head("200 OK", "transfer-encoding: Chunked") + b"5\r\nabcde\r\n0\r\nTrailer: 1\r\n\r\n",
        head("200 OK") + b"abcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        head("200 OK", "Content-Length: 5", "Content-Length: 5") + b"abcde",
        head("200 OK", "Content-Encoding: identity", "Content-Length: 5") + b"abcde and more",
        head("100 Continue") + head("200 OK", "Content-Length: 5") + b"abcde",
    ],
    ids=[
        "chunked",
        "trailer",
        "until-close",
        "http-1.0",
        "twice-the-same",
        "more-than-said",
        "100",
    ],
)
def test_every_honest_way_to_send_a_body_is_read(reply: bytes) -> None:
    with raw_server([reply]) as server:
        assert fetch(server.url(), limit=5).body == b"abcde"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (head("404 Not Found"), "answers 404 Not Found"),
        (head("204 No Content"), "answers 204 No Content"),
        (head("500"), "answers 500"),
        (head("503 Busy", "Retry-After: 120"), "and to come back after 120 seconds"),
        (head("429 Slow"), "answers 429 Slow"),
        (head("429 Slow", "Retry-After: Sat, 1 May 2027"), "come back after Sat, 1 May 2027"),
        (partial(b"ab", "bytes 0-1/2"), "answers 206"),
        (head("302 Found"), "redirects more than 5 times"),
        (ok(gzip.compress(b"a"), "Content-Encoding: gzip"), "sends Content-Encoding 'gzip'"),
        (head("200 OK", "Transfer-Encoding: gzip, chunked"), "sends Transfer-Encoding"),
        (head("200 OK", "Content-Length: 1001") + BODY * 6, "is 1,001 bytes long, at most 1,000"),
        (head("200 OK", "Content-Length: -5"), "sends Content-Length '-5'"),
        (head("200 OK", "Content-Length: 5", "Content-Length: 6"), "sends Content-Length twice"),
        (head("200 OK", "Content-Length: 300") + BODY, "broke off after 200 of 300 bytes"),
        (head("200 OK") + BODY * 6, "sends more than 1,000 bytes"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nab", "does not answer as HTTP has"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"-5\r\nab", "does not answer as HTTP"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"zz\r\nab", "does not answer as HTTP"),
        (b"220 ftp.example\r\n", "does not answer as HTTP has it"),
        (b"", "does not answer as HTTP has it"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "does not answer as HTTP has it"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "sends more than it may"),
    ],
)
def test_what_is_not_the_document_is_an_error_that_says_what_came(
    reply: bytes, reason: str
) -> None:
    assert reason in refused(reply).reason


# --- who cannot be asked ----------------------------------------------------------------------


def unreachable(url: str, **how: float) -> UnreachableError:
    with pytest.raises(UnreachableError) as caught:
        fetch(url, limit=1, **how)  # type: ignore[arg-type]
    return caught.value


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_server_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{closed_port()}/a"

    error = unreachable(url)

    assert error.message == f"{url} cannot be reached: Connection refused"
    assert (error.code, error.exit_status) == ("web-unreachable", 6)


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 70 + ".example", "x..y"])
def test_a_name_without_an_address_is_told(host: str) -> None:
    assert "cannot be reached: " in unreachable(f"http://{host}/", timeout=5).reason


def test_an_address_that_the_system_refuses_at_once_is_told() -> None:
    assert "cannot be reached: " in unreachable("http://255.255.255.255/").reason  # no host's


def test_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    with raw_server([ok(b"x")]) as server:
        assert fetch(server.url(), limit=1).body == b"x"


def test_an_address_of_ipv6_is_asked_by_it() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with raw_server([ok(b"six")], host="::1") as server:
        assert fetch(server.url(), limit=3).body == b"six"

    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


# --- TLS --------------------------------------------------------------------------------------


def _usage() -> x509.KeyUsage:
    allowed = {"digital_signature", "key_cert_sign"}
    names = [
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ]
    return x509.KeyUsage(**{name: name in allowed for name in names})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate of its own for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=365 * 100))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        # Python 3.13 asks for these two of whatever signs a certificate (RFC 5280).
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_is_trusted_opens_the_way(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    body = BODY * 5000  # in many records

    with raw_server([ok(body)], context=tls(certificate)) as server:
        assert fetch(server.url(), limit=len(body)).body == body


def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    with raw_server([ok(b"x")], context=tls(certificate)) as server:
        error = unreachable(server.url())

    assert "has a certificate that proves nothing: self-signed certificate" in error.reason
    assert server.requests == []


def test_a_cut_connection_does_not_pass_for_the_end_of_a_document(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with (
        raw_server([head("200 OK") + b"ab"], context=tls(certificate)) as server,
        pytest.raises(WebError, match="broke off"),
    ):
        fetch(server.url(), limit=10)


def test_https_asked_of_a_server_without_it_is_told() -> None:
    with raw_server([b"no\r\n"]) as server:
        error = unreachable(server.url().replace("http:", "https:"))

    assert "cannot be reached" in error.reason


def test_https_never_leads_to_http(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with (
        raw_server([ok(b"x")]) as plain,
        raw_server([moved(plain.url())], context=tls(certificate)) as server,
        pytest.raises(WebError, match="redirects from https to http"),
    ):
        fetch(server.url(), limit=10)

    assert plain.requests == []


# --- redirects --------------------------------------------------------------------------------


def test_five_redirects_are_followed_and_a_sixth_is_not() -> None:
    hops = [moved(f"/{number}") for number in range(6)]

    with raw_server([*hops[:5], ok(b"x")]) as server:
        assert fetch(server.url("/a"), limit=1).body == b"x"
    with raw_server(hops) as server, pytest.raises(WebError, match="more than 5 times"):
        fetch(server.url("/a"), limit=1)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://x.example/", "javascript:1", "gopher://x/"]
)
def test_no_redirect_leads_to_another_scheme(location: str) -> None:
    assert "redirects to the scheme" in refused(moved(location)).reason


def test_a_redirect_may_hold_what_a_url_may_not_and_is_escaped() -> None:
    with raw_server([moved("/ä b%20c".encode().decode("latin-1")), ok(b"x")]) as server:
        fetch(server.url(), limit=1)

    assert server.targets[1] == "/%C3%A4%20b%20c"


# --- ranges -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        partial(BODY[10:20], "bytes 10-19/200"),
        partial(BODY[10:20], "bytes 10-19/*"),
        head("206 Partial", "Content-Range: bytes 10-19/200") + BODY[10:20],
        ok(BODY),
        head("200 OK") + BODY,
    ],
)
def test_a_range_is_just_the_bytes_that_were_asked_for(reply: bytes) -> None:
    with raw_server([reply]) as server:
        assert fetch_range(server.url(), 10, 20) == BODY[10:20]

    assert b"\r\nRange: bytes=10-19\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (partial(BODY[10:20], "bytes 11-20/200"), "'bytes 11-20/200', not bytes 10-19"),
        (partial(BODY[10:19], "bytes 10-18/200"), "'bytes 10-18/200', not bytes 10-19"),
        (partial(BODY[10:20], "items 10-19/200"), "answers 206 with 'items 10-19/200'"),
        (head("206 Partial") + BODY[10:20], "answers 206 with 'no Content-Range'"),
        (partial(BODY[10:21], "bytes 10-19/200"), "is 11 bytes long, at most 10"),
        (partial(BODY[10:19], "bytes 10-19/200"), "sends 9 bytes as 'bytes 10-19/200'"),
        (
            head("206 Partial", "Content-Range: bytes 10-19/200", "Content-Length: 10") + b"abc",
            "broke off after 3 of 10 bytes",
        ),
        (
            partial(BODY[10:20], "bytes 10-19/200", "Content-Range: bytes 0-9/200"),
            "sends Content-Range twice",
        ),
        (partial(BODY[10:20], "bytes 10-19/200", "Content-Encoding: br"), "Content-Encoding 'br'"),
        (head("416 No", "Content-Range: bytes */12"), "the file is shorter (bytes */12)"),
        (head("416 No"), "the file is shorter (it does not say what it has)"),
        (ok(BODY[:15]), "has 15 bytes, too few for bytes 10-19"),
        (
            head("200 OK", "Content-Length: 1048577") + bytes(1_048_577),
            "ignores Range and answers 200 with the whole file",
        ),
        (head("200 OK") + bytes(1_048_577), "sends more than 1,048,576 bytes"),
    ],
)
def test_anything_but_the_range_is_an_error(reply: bytes, reason: str) -> None:
    assert reason in range_refused(reply)


def test_a_range_far_inside_is_not_cut_from_the_whole_file() -> None:
    far = 5 * 1024 * 1024

    assert "ignores Range" in range_refused(head("200 OK"), far, far + 10)
