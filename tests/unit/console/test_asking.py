import io
from collections.abc import Callable

import pytest

from seedbox.console.asking import ask_new_password, ask_password
from seedbox.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Somebody at a terminal who types some lines; what they were asked is returned."""

    def at_terminal(*lines: str) -> list[str]:
        asked: list[str] = []
        left = list(lines)

        def getpass(prompt: str) -> str:
            asked.append(prompt)
            return left.pop(0)

        monkeypatch.setattr("sys.stdin", Terminal())
        monkeypatch.setattr("getpass.getpass", getpass)
        return asked

    return at_terminal


def test_a_password_is_asked_for_once_and_a_new_one_twice(
    types: Callable[..., list[str]],
) -> None:
    asked = types("open")
    assert ask_password("my.key", otherwise="") == "open"
    assert asked == ["Password of my.key: "]

    asked = types("open", "open")
    assert ask_new_password("my.key", otherwise="") == "open"
    assert asked == ["Password of my.key: ", "Password of my.key, again: "]


@pytest.mark.parametrize(
    ("lines", "message"),
    [(("",), "an empty password protects nothing"), (("a", "b"), "the two passwords differ")],
)
def test_a_new_password_has_to_be_one(
    types: Callable[..., list[str]], lines: tuple[str, ...], message: str
) -> None:
    types(*lines)

    with pytest.raises(UsageError, match=message):
        ask_new_password("my.key", otherwise="")


@pytest.mark.parametrize("stdin", [None, io.StringIO("open\n")])
def test_what_is_no_terminal_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)

    with pytest.raises(UsageError) as caught:
        ask_password("my.key", otherwise="Pass --password-file.")
    assert caught.value.hint == "Pass --password-file."
