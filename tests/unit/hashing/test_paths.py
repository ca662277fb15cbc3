import sys

import pytest

from seedbox.errors import UsageError
from seedbox.hashing import available, chosen, paths
from seedbox.hashing.extension import lanes


@pytest.fixture
def no_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an installation without a compiler."""
    monkeypatch.delenv("SEEDBOX_HASH", raising=False)
    monkeypatch.setitem(sys.modules, "seedbox.hashing._lanes", None)


def test_hashlib_is_there_on_every_machine_and_named_last() -> None:
    assert available()[-1] == "hashlib"
    assert set(available()) <= {"avx512", "avx2", "sha-ni", "armv8", "portable", "hashlib"}


def test_the_fastest_paths_are_taken_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEDBOX_HASH", raising=False)

    path = chosen()

    assert path.name in {"auto", "hashlib"}
    assert {path.sha1, path.sha256} <= set(available())


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEDBOX_HASH", raising=False)
    usual = chosen()
    monkeypatch.setenv("SEEDBOX_HASH", "")

    assert chosen() == usual


@pytest.mark.parametrize("name", available())
def test_the_variable_forces_any_path_that_the_machine_has(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SEEDBOX_HASH", name)

    path = chosen()

    assert (path.name, path.sha1, path.sha256) == (name, name, name)
    assert path.why == "SEEDBOX_HASH asks for it"


@pytest.mark.parametrize("name", ["abacus", "AVX2", "auto "])
def test_an_unknown_path_is_refused_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SEEDBOX_HASH", name)

    with pytest.raises(UsageError) as caught:
        chosen()

    assert caught.value.message == f"SEEDBOX_HASH={name} is no path of this machine"
    assert caught.value.hint == f"Set it to one of {', '.join(available())}, or unset it."


@pytest.mark.usefixtures("no_extension")
def test_without_the_extension_hashlib_hashes() -> None:
    path = chosen()

    assert lanes() is None
    assert available() == ("hashlib",)
    assert (path.name, path.sha1, path.sha256) == ("hashlib", "hashlib", "hashlib")
    assert path.why == "the C extension was not built"
    assert not paths.built()


@pytest.mark.usefixtures("no_extension")
def test_without_the_extension_its_paths_cannot_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBOX_HASH", "avx2")

    with pytest.raises(UsageError) as caught:
        chosen()

    assert caught.value.hint == "Set it to one of hashlib, or unset it."
