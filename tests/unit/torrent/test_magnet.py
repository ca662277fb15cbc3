import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidMagnetError
from seedbox.torrent.info_hash import InfoHash
from seedbox.torrent.magnet import Magnet

V1 = bytes(range(20))
V2 = bytes(range(32))
BTIH = f"xt=urn:btih:{V1.hex()}"
BTMH = f"xt=urn:btmh:1220{V2.hex()}"


def test_a_link_with_everything_is_read() -> None:
    link = (
        f"magnet:?{BTIH}&{BTMH}&dn=a%20b%2F%C3%A9+c&tr=http%3A%2F%2Fa%2Fannounce%3Fk%3D1%262"
        "&tr.1=udp%3A%2F%2Fb%3A80&ws=http%3A%2F%2Fc%2F&ws=http%3A%2F%2Fd%2F"
        "&x.pe=127.0.0.1:6881&x.pe=[::1]:6882&x.pe=host.example:1&so=0,2,4,6-8&xl=99&as=x&kt=y"
    )

    assert Magnet.parse(link) == Magnet(
        info_hash=InfoHash(V1, V2),
        name="a b/é c",
        trackers=("http://a/announce?k=1&2", "udp://b:80"),
        web_seeds=("http://c/", "http://d/"),
        peers=("127.0.0.1:6881", "[::1]:6882", "host.example:1"),
        select_only=(0, 2, 4, 6, 7, 8),
    )


def test_a_link_with_everything_is_written() -> None:
    magnet = Magnet(
        info_hash=InfoHash(V1, V2),
        name="a b/é&c=1+",
        trackers=("http://a/announce?k=1&2",),
        web_seeds=("http://c/",),
        peers=("127.0.0.1:6881", "[::1]:6882"),
        select_only=(8, 0, 6, 7, 2, 2),
    )

    assert str(magnet) == (
        f"magnet:?{BTIH}&{BTMH}&dn=a%20b%2F%C3%A9%26c%3D1%2B"
        "&tr=http:%2F%2Fa%2Fannounce%3Fk%3D1%262&ws=http:%2F%2Fc%2F"
        "&x.pe=127.0.0.1:6881&x.pe=[::1]:6882&so=0,2,6-8"
    )


@pytest.mark.parametrize(
    ("topics", "info_hash"),
    [
        (BTIH, InfoHash(v1=V1)),
        (BTMH, InfoHash(v2=V2)),
        (f"{BTIH}&{BTMH}", InfoHash(V1, V2)),
        (f"xt.1=urn:btih:{V1.hex()}&xt.2=urn:btmh:1220{V2.hex()}", InfoHash(V1, V2)),
        (f"xt=urn:btih:{V1.hex().upper()}", InfoHash(v1=V1)),
        (f"xt=URN:BTIH:{V1.hex()}", InfoHash(v1=V1)),
        (f"xt=urn%3Abtih%3A{V1.hex()}", InfoHash(v1=V1)),
        (f"{BTIH}&{BTIH}", InfoHash(v1=V1)),
        (f"xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C&{BTIH}", InfoHash(v1=V1)),
        (f"xt=urn:btih:{base64.b32encode(V1).decode()}", InfoHash(v1=V1)),
        (f"xt=urn:btih:{base64.b32encode(V1).decode().lower()}", InfoHash(v1=V1)),
    ],
)
def test_info_hashes_are_read_in_every_spelling(topics: str, info_hash: InfoHash) -> None:
    assert Magnet.parse(f"magnet:?{topics}") == Magnet(info_hash)


@pytest.mark.parametrize("prefix", ["magnet:?", "MAGNET:?"])
def test_the_scheme_may_be_in_capitals(prefix: str) -> None:
    assert Magnet.parse(prefix + BTIH).info_hash.v1 == V1


def test_empty_values_are_none() -> None:
    assert Magnet.parse(f"magnet:?{BTIH}&dn=&tr=&ws=&x.pe=&so=&&") == Magnet(InfoHash(V1))
    assert str(Magnet(InfoHash(V1), name="")) == f"magnet:?{BTIH}"


BAD = [
    ("", "does not begin with magnet:"),
    ("magnet:", "no info-hash"),
    ("magnet:?", "no info-hash"),
    ("magnet:?dn=a", "no info-hash"),
    ("magnet:?xt=", "no info-hash"),
    ("magnet:?xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C", "no info-hash"),
    (f"http://a/?{BTIH}", "does not begin with magnet:"),
    (BTIH, "does not begin with magnet:"),
    ("magnet:?xt=urn:btih:", "is no SHA-1 digest"),
    (f"magnet:?{BTIH[:-1]}", "is no SHA-1 digest"),
    (f"magnet:?{BTIH}0", "is no SHA-1 digest"),
    (f"magnet:?{BTIH[:-1]}g", "is no SHA-1 digest"),
    (f"magnet:?xt=urn:btih:{'1' * 32}", "is no SHA-1 digest"),  # base32 has no 1
    ("magnet:?xt=urn:btih:" + "\u0131" * 32, "is no SHA-1 digest"),
    (f"magnet:?xt=urn:btih:{'%20' * 40}", "is no SHA-1 digest"),
    ("magnet:?xt=urn:btih:" + "00%20" * 20, "is no SHA-1 digest"),
    (f"magnet:?xt=urn:btih:{V2.hex()}", "is no SHA-1 digest"),
    (f"magnet:?xt=urn:btih:{'٣' * 40}", "is no SHA-1 digest"),
    ("magnet:?xt=urn:btmh:", "is no SHA-256 multihash"),
    (f"magnet:?{BTMH[:-2]}", "is no SHA-256 multihash"),
    (f"magnet:?{BTMH}00", "is no SHA-256 multihash"),
    (f"magnet:?xt=urn:btmh:{V2.hex()}", "is no SHA-256 multihash"),
    (f"magnet:?xt=urn:btmh:1114{V1.hex()}", "is no SHA-256 multihash"),
    (f"magnet:?xt=urn:btmh:1220{V2.hex()[:-2]}+0", "is no SHA-256 multihash"),
    (f"magnet:?{BTIH}&xt=urn:btih:{'0' * 40}", "two different v1 info-hashes"),
    (f"magnet:?{BTMH}&xt=urn:btmh:1220{'0' * 64}", "two different v2 info-hashes"),
    (f"magnet:?{BTIH}&dn=%FF", "codec can't decode"),
    (f"magnet:?{BTIH}&so=a", "no range"),
    (f"magnet:?{BTIH}&so=1,", "no range"),
    (f"magnet:?{BTIH}&so=2-1", "no range"),
    (f"magnet:?{BTIH}&so=-1", "no range"),
    (f"magnet:?{BTIH}&so=1-2-3", "no range"),
    (f"magnet:?{BTIH}&so=1%202", "no range"),
    (f"magnet:?{BTIH}&so=٣", "no range"),
    (f"magnet:?{BTIH}&so=99999999", "no range"),
    (f"magnet:?{BTIH}&so=0-1000000", "more than 1,000,000 files"),
    (f"magnet:?{BTIH}&so=" + ",".join(["0-999999"] * 100), "more than 1,000,000 files"),
    (f"magnet:?{BTIH}&x.pe=127.0.0.1", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=:6881", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=::1:6881", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=127.0.0.1:0", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=127.0.0.1:65536", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=127.0.0.1:http", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=http://a:80", "no host:port"),
    (f"magnet:?{BTIH}&x.pe=[a%0Ab]:80", "no host:port"),
    (f"magnet:?{BTIH}&" + "&".join(["tr=a"] * 1000), "fields"),
    (f"magnet:?{BTIH}&dn=" + "a" * 65_536, "the limit is 65,536"),
]


@pytest.mark.parametrize(("link", "why"), BAD)
def test_a_link_that_names_no_torrent_or_breaks_its_format_is_refused(link: str, why: str) -> None:
    with pytest.raises(InvalidMagnetError) as caught:
        Magnet.parse(link)

    assert why in caught.value.message
    assert len(caught.value.message) < 300
    assert caught.value.exit_status == 4


hashes = st.one_of(
    st.builds(InfoHash, v1=st.binary(min_size=20, max_size=20)),
    st.builds(InfoHash, v2=st.binary(min_size=32, max_size=32)),
    st.builds(InfoHash, st.binary(min_size=20, max_size=20), st.binary(min_size=32, max_size=32)),
)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
ports = st.integers(1, 65535)
peers = st.one_of(
    st.builds("{}:{}".format, st.ip_addresses(v=4), ports),
    st.builds("[{}]:{}".format, st.ip_addresses(v=6), ports),
)


@given(
    st.builds(
        Magnet,
        info_hash=hashes,
        name=st.none() | texts,
        trackers=st.lists(texts, max_size=3).map(tuple),
        web_seeds=st.lists(texts, max_size=3).map(tuple),
        peers=st.lists(peers, max_size=3).map(tuple),
        select_only=st.sets(st.integers(0, 999_999), max_size=9).map(lambda s: tuple(sorted(s))),
    )
)
def test_what_is_written_reads_back_the_same(magnet: Magnet) -> None:
    link = str(magnet)

    assert link.isascii()
    assert not set(link) & set(" \"'<>")
    assert Magnet.parse(link) == magnet


@given(st.text() | st.text().map(lambda text: f"magnet:?{BTIH}&{text}"))
def test_any_text_is_read_or_refused_with_the_one_error(text: str) -> None:
    try:
        magnet = Magnet.parse(text)
    except InvalidMagnetError:
        return
    assert Magnet.parse(str(magnet)) == magnet
