import inspect
import pickle
from typing import Any

import pytest

from seedbox import errors
from seedbox.errors import Problem, RefusedFile, RefusedFileError, SeedboxError

PROBLEMS = (Problem("rule", "what", "hint", "file", 3, "path"), Problem("r", "w", "h"))
REFUSED = (RefusedFile("a/b", None, "why"),)
FITTING = {
    "problems": PROBLEMS,
    "items": REFUSED,
    "commands": ("run it",),
    "need": 7,
    "free": 3,
    "of": 5,
    "count": 1,
    "limit": 4,
    "since": None,
    "after": 1.5,
    "tries": 4,
    "size": 70,
    "most": 4,
}
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SeedboxError)
    if kind is not RefusedFileError  # abstract
]


def example(kind: type[SeedboxError]) -> SeedboxError:
    """Make an error of its arguments' names."""
    given: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        value = FITTING.get(name, name)
        if parameter.kind is parameter.VAR_KEYWORD:
            named |= {"message": "what", "hint": "next"}
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = value
        elif name == "wrong":
            given.append(("one", "two"))
        else:
            given.append(value)
    return kind(*given, **named)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_the_same_after_it_was_sent_to_another_process(
    kind: type[SeedboxError],
) -> None:
    error = example(kind)
    error.add_note("said by somebody")

    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)

    assert type(arrived) is kind
    assert arrived.data == error.data
    assert vars(arrived) == vars(error)
    assert arrived.args == error.args
    assert (arrived.code, arrived.exit_status) == (error.code, error.exit_status)
    try:
        said = error.message, error.hint
    except KeyError:  # it is filled in with values that this example has not
        return
    assert (arrived.message, arrived.hint) == said
