"""Which URLs are asked for, what is sent of them, and what is shown."""

import pytest

from seedbox.errors import WebError
from seedbox.web.urls import follow, parse


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("http://a.example", "a.example", 80, "a.example", "/"),
        ("https://A.example:8443/x", "a.example", 8443, "A.example:8443", "/x"),
        ("https://a.example/x?y=1&z#part", "a.example", 443, "a.example", "/x?y=1&z"),
        ("http://[::1]:81/a%20b/", "::1", 81, "[::1]:81", "/a%20b/"),
        ("http://192.0.2.1?q", "192.0.2.1", 80, "192.0.2.1", "/?q"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, authority: str, target: str) -> None:
    place = parse(url)

    assert (place.host, place.port) == (host, port)
    assert (place.authority, place.target) == (authority, target)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://a.example/", "'ftp://a.example/' has the scheme ftp, not https or http"),
        ("a/b", "'a/b' is not an absolute URL"),
        ("http://a.example/a b", "'http://a.example/a b' is not an absolute URL"),
        ("http://a.example/\r\nX: y", "'http://a.example/\\r\\nX: y' is not an absolute URL"),
        ("http:///x", "'http:///x' names no host"),
        ("http://a.example:0/", "'http://a.example:0/' names port 0"),
        ("http://[::1/", "'http://[::1/' is not a URL: Invalid IPv6 URL"),
        ("ftp://me:secret@a.example/", "'ftp://a.example/' has the scheme ftp, not https or http"),
    ],
)
def test_what_is_no_url_of_the_web_is_refused(url: str, message: str) -> None:
    with pytest.raises(WebError) as caught:
        parse(url)

    assert caught.value.message == message


def test_a_very_long_url_is_refused_and_not_shown_whole() -> None:
    with pytest.raises(WebError, match=r"has 9,017 characters, at most 8,192") as caught:
        parse("http://a.example/" + "x" * 9000)

    assert len(caught.value.message) < 300


def test_a_url_with_a_password_is_refused_and_the_password_not_shown() -> None:
    with pytest.raises(WebError) as caught:
        parse("https://me:secret@a.example/x?y")

    assert caught.value.message == ("https://a.example/x?y comes with a name or password in it")


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("/b", "http://a.example/b"),
        ("b?c=d", "http://a.example/x/b?c=d"),
        ("//b.example/", "http://b.example/"),
        ("https://b.example/%2f", "https://b.example/%2f"),
        (" /b ", "http://a.example/b"),
        ("/b c", "http://a.example/b%20c"),
        ("/b\r\n c", "http://a.example/b%0D%0A%20c"),
        ("", "http://a.example/x/y"),
    ],
)
def test_a_redirect_leads_on_from_where_it_came(location: str, to: str) -> None:
    assert follow(parse("http://a.example/x/y"), location).text == to


@pytest.mark.parametrize(
    ("url", "location", "reason"),
    [
        ("https://a.example/", "http://a.example/", "redirects from https to http"),
        ("http://a.example/", "file:///etc/passwd", "redirects to the scheme 'file'"),
        ("http://a.example/", "http://[x/", "redirects to what is no URL"),
        ("http://a.example/", "http://me:pw@b.example/", "comes with a name or password"),
    ],
)
def test_some_redirects_are_not_followed(url: str, location: str, reason: str) -> None:
    with pytest.raises(WebError, match=reason) as caught:
        follow(parse(url), location)

    assert "pw" not in caught.value.message


def test_a_query_that_a_server_gave_is_not_shown_and_one_of_ours_is() -> None:
    first = parse("https://a.example/f?id=3")

    assert first.shown == "https://a.example/f?id=3"
    assert follow(first, "https://cdn.example/f?sig=1").shown == "https://cdn.example/f?…"
