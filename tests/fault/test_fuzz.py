"""Whatever bytes come, readers give a value or their own error: never anything else.

Random bytes are refused at the door, so good documents are spoilt too: bits flipped, parts cut
out, repeated, exchanged with another document's. FUZZ_EXAMPLES=100000 looks for longer than the
suite does.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedbox.errors import InvalidManifestError, SeedboxError
from seedbox.manifest.keys import PublicKey, SecretKey, read_secret_key, write_secret_key
from seedbox.manifest.lint import check, read_manifest
from seedbox.manifest.parse import parse_head, parse_manifest
from seedbox.manifest.signature import check as check_signature
from seedbox.manifest.signature import parse_signature, sign
from seedbox.manifest.withdrawals import parse_withdrawals, write_withdrawals
from seedbox.manifest.write import write_head, write_manifest
from seedbox.torrent import bencode
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support.content import contents
from support.torrents import make

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "120"))
ROOT = Path(__file__).parents[1]
MANIFEST = (ROOT / "unit" / "manifest" / "example.yaml").read_bytes()
HEAD = MANIFEST.partition(b"\nshards:")[0] + b"\n"
STAGED = HEAD + b"release: {head: {coverage: 80%, after: 7d}, tail: {shards: 9, every: month}}\n"
WITHDRAWALS = b"""\
seedbox-withdrawals: 1
id: org.example/wiki-graph
sequence: 3
entries:
- target: {shard: wiki-graph-0088}
  reason: privacy
  action: stop-and-delete
  issued: 2026-10-12T00:00:00Z
  effective_by: 2026-10-19T00:00:00Z
  notice: https://example.org/notices/3
- target: {items: [a, "b c", "12"]}
  reason: license
  action: stop-seeding
  issued: 2026-10-12T00:00:00Z
  effective_by: 2026-10-19T00:00:00Z
"""
KEY = SecretKey.make(key_id=bytes(range(8)), seed=bytes(range(32)))
SIGNATURE = sign(MANIFEST, KEY, "id:org.example/wiki-graph sequence:7 sha256:" + "a" * 64)
EXTRAS = Extras(
    trackers=(("http://a/announce",), ("udp://b:80",)), web_seeds=("http://c/",), comment="d"
)
FILES = contents({"a": 40_000, "b/c": 0, "b/d": 100})
TORRENTS = [make(FILES, form, extras=EXTRAS).raw for form in Format]
# What means something to some reader, put in anywhere.
WORDS = [
    *(b"&a ", b"*a", b"<<: ", b"!!str ", b"---\n", b"...\n", b"%YAML 1.1\n", b"? ", b"- ", b": "),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b"'",
        b'"',
        b"|\n",
        b">-\n",
        b"#",
        b"\n",
        b"\r\n",
        b"\t",
        b"\0",
    ),
    *(b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xe2\x80\xa8", b'"\\ud800"', b'"\\0"'),
    *(b"~", b"no", b"1e999", b"-1", b"012", b".inf", b"9" * 40, b"0001-01-01T00:00:00+23:59"),
    *(b"9999-12-31T23:59:59-23:59", b"../", b"/", b"https://[", b"https://a:99999", b"x-a: "),
    *(b"i-0e", b"i0e", b"le", b"de", b"0:", b"99999999:", b"d4:info", b"e", b"l", b"9" * 20 + b":"),
    *(b"RW", b"==", b"trusted comment: ", b"untrusted comment: "),
]


def mutated(documents: list[bytes]) -> st.SearchStrategy[bytes]:
    """Spoil one of some documents in up to four places."""
    place = st.integers(0, 2**16)
    edit = st.one_of(
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("cut"), place, st.integers(1, 60)),
        st.tuples(st.just("end"), place, st.just(0)),
        st.tuples(st.just("repeat"), place, st.integers(1, 60)),
        st.tuples(st.just("splice"), place, place),
        st.tuples(st.just("put"), place, st.sampled_from(WORDS) | st.binary(max_size=4)),
        st.tuples(st.just("over"), place, st.sampled_from(WORDS) | st.binary(max_size=4)),
    )
    edits = st.lists(edit, min_size=1, max_size=4)
    return st.builds(_apply, st.sampled_from(documents), edits, st.sampled_from(documents))


def _apply(data: bytes, edits: list[tuple[str, int, int | bytes]], other: bytes) -> bytes:
    for what, place, how in edits:
        at = place % (len(data) + 1)
        before, after = data[:at], data[at:]
        match what, how:
            case "flip", int() if after:
                data = before + bytes([after[0] ^ 1 << how]) + after[1:]
            case "cut", int():
                data = before + after[how:]
            case "end", _:
                data = before
            case "repeat", int():
                data = before + after[:how] * (1 + how % 5) + after
            case "splice", int():
                start = how % len(other)
                data = before + other[start : start + 200] + after
            case "put", bytes():
                data = before + how + after
            case "over", bytes():
                data = before + how + after[len(how) :]
            case _:  # a flip behind the end
                pass
    return data


@dataclass(frozen=True)
class Reader:
    """What is fed, with what it reads well, and with what has to hold of what it reads."""

    name: str
    read: Callable[[bytes], object]
    documents: list[bytes]


def read_and_write(data: bytes) -> None:
    """Read a manifest; what is read can be written, and is the same again."""
    manifest = parse_manifest(data, file="m.yaml")
    assert parse_manifest(write_manifest(manifest), file="m.yaml") == manifest


def read_and_write_head(data: bytes) -> None:
    head = parse_head(data, file="dataset.yaml")
    assert parse_head(write_head(head), file="dataset.yaml") == head


def read_and_write_withdrawals(data: bytes) -> None:
    withdrawals = parse_withdrawals(data, file="w.yaml")
    assert parse_withdrawals(write_withdrawals(withdrawals), file="w.yaml") == withdrawals


def lint(data: bytes) -> None:
    """Check a manifest; it has problems exactly if it cannot be read, but for its licenses."""
    problems = check(data, file="m.yaml")
    assert all(problem.hint and str(problem).isprintable() for problem in problems)
    if not all(problem.rule.startswith("license-") for problem in problems):
        with pytest.raises(InvalidManifestError):
            read_manifest(data, file="m.yaml")
    else:
        read_manifest(data, file="m.yaml")


def verify(data: bytes) -> None:
    """Check a signature; one that was changed where it counts is none."""
    signature = parse_signature(data, file="m.yaml")
    check_signature(MANIFEST, signature, [KEY.public], file="m.yaml")
    lines = [data.split(b"\n")[1:4] for data in (data, SIGNATURE)]
    assert lines[0] == lines[1]


def read_public_key(data: bytes) -> None:
    """Read a key, as text from a command line or a file."""
    key = PublicKey.parse(data.decode("utf-8", "surrogateescape"))
    assert PublicKey.parse(key.text) == key


def spoil_inside(data: bytes) -> None:
    """Read a secret key whose base64 is whole, whatever is in it."""
    read_secret_key(b"untrusted comment: a\n" + b64encode(data) + b"\n", None)


SECRET = write_secret_key(KEY, None, salt=bytes(32))
READERS = [
    Reader("check", lint, [MANIFEST, HEAD]),
    Reader("manifest", read_and_write, [MANIFEST, HEAD]),
    Reader("head", read_and_write_head, [HEAD, STAGED, MANIFEST]),
    Reader("withdrawals", read_and_write_withdrawals, [WITHDRAWALS]),
    Reader("signature", verify, [SIGNATURE]),
    Reader("public key", read_public_key, [KEY.public.text.encode(), b"RW"]),
    Reader("secret key", lambda data: read_secret_key(data, None), [SECRET]),
    Reader("secret key inside", spoil_inside, [b64decode(SECRET.split(b"\n")[1])]),
    Reader("bencode", bencode.decode, TORRENTS),
    Reader("torrent", Metainfo.parse, TORRENTS),
]
FUZZED = pytest.mark.parametrize("reader", READERS, ids=[each.name for each in READERS])
LOOK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def feed(reader: Reader, data: bytes) -> None:
    refusal: SeedboxError | None = None
    try:
        reader.read(data)
    except SeedboxError as error:
        refusal = error
    assert refusal is None or (refusal.message and refusal.exit_status in {4, 7})


@FUZZED
def test_a_good_document_is_read(reader: Reader) -> None:
    reader.read(reader.documents[0])


@FUZZED
@LOOK
@given(st.data())
def test_a_spoilt_document_is_read_or_refused(reader: Reader, data: st.DataObject) -> None:
    feed(reader, data.draw(mutated(reader.documents)))


@FUZZED
@settings(LOOK, max_examples=max(20, EXAMPLES // 4))
@given(st.binary(max_size=400) | st.lists(st.sampled_from(WORDS), max_size=30).map(b"".join))
def test_any_bytes_are_read_or_refused(reader: Reader, data: bytes) -> None:
    feed(reader, data)
