"""The cache of manifests: what is kept, for how long, and that no file's name leaks."""

from pathlib import Path

import pytest

from seedbox.errors import InvalidManifestError
from seedbox.manifest.cache import ManifestCache
from seedbox.manifest.lint import read_manifest

EXAMPLE = Path(__file__).with_name("example.yaml").read_bytes()
BAD = EXAMPLE.replace(b"0.280975", b"0.3", 1)


def version(number: int) -> bytes:
    """Return the example, changed in nothing that has a length."""
    return EXAMPLE.replace(b"sequence: 7", b"sequence: %d" % number)


def test_what_is_read_is_what_the_reader_reads() -> None:
    cache = ManifestCache()

    assert cache.read(EXAMPLE, file="a.yaml") == read_manifest(EXAMPLE, file="a.yaml")


def test_the_same_bytes_are_read_once_whatever_their_file_is_called() -> None:
    cache = ManifestCache()

    first = cache.read(EXAMPLE, file="a.yaml")

    assert cache.read(bytes(bytearray(EXAMPLE)), file="b.yaml") is first
    assert len(cache) == 1


def test_other_bytes_are_another_manifest() -> None:
    cache = ManifestCache()

    one, two = (cache.read(version(number), file="a.yaml") for number in (2, 3))

    assert (one.head.sequence, two.head.sequence) == (2, 3)
    assert len(cache) == 2


def test_a_wrong_manifest_is_not_kept_and_its_problems_name_the_file_at_hand() -> None:
    cache = ManifestCache()

    for file in ("a.yaml", "b.yaml"):
        with pytest.raises(InvalidManifestError) as caught:
            cache.read(BAD, file=file)
        assert {problem.file for problem in caught.value.problems} == {file}

    assert len(cache) == 0


def test_the_one_that_was_wanted_longest_ago_goes_first() -> None:
    cache = ManifestCache(most=2)
    one, two = (cache.read(version(number), file="m.yaml") for number in (2, 3))

    cache.read(version(2), file="m.yaml")
    cache.read(version(4), file="m.yaml")

    assert len(cache) == 2
    assert cache.read(version(2), file="m.yaml") is one
    assert cache.read(version(3), file="m.yaml") is not two


def test_as_many_are_kept_as_their_files_may_have_bytes() -> None:
    cache = ManifestCache(most_bytes=2 * len(EXAMPLE))

    for number in (2, 3, 4):
        kept = cache.read(version(number), file="m.yaml")

    assert len(cache) == 2
    assert cache.read(version(4), file="m.yaml") is kept


def test_one_that_is_larger_than_all_that_may_be_kept_pushes_nothing_out() -> None:
    cache = ManifestCache(most_bytes=len(EXAMPLE))
    kept = cache.read(EXAMPLE, file="m.yaml")

    cache.read(EXAMPLE + b"# more\n", file="m.yaml")

    assert cache.read(EXAMPLE, file="m.yaml") is kept
    assert len(cache) == 1
