"""Problems are collected with their place, up to a limit, and are safe to show."""

import pytest

from seedbox.manifest.problems import Problems, TooManyProblemsError, one_line, place_of, shorten


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ([], ""),
        (["title"], "title"),
        (["shards", 3, "info_hash", "v1"], "shards[3].info_hash.v1"),
        (["trackers", 0, 1], "trackers[0][1]"),
        ([0, "a"], "[0].a"),
        (["a\nb"], r"a\nb"),
    ],
)
def test_a_place_is_written_as_people_write_it(path: list[str | int], shown: str) -> None:
    assert place_of(path) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Straße 東京", "Straße 東京"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\u202eb", r"a\u202eb"),
        ("x" * 61, "x" * 60 + "…"),
    ],
)
def test_what_was_read_is_cut_and_cannot_act_on_a_terminal(text: str, shown: str) -> None:
    assert shorten(text) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a is not b", "a is not b"),
        ("a\nb is 'c'", r"a\nb is 'c'"),
        ("x" * 400, "x" * 400),
        ("x" * 401, "x" * 400 + "…"),
    ],
)
def test_a_message_is_one_line_whatever_was_read(message: str, shown: str) -> None:
    assert one_line(message) == shown


def test_a_problem_has_the_place_that_is_being_read() -> None:
    problems = Problems("m.yaml")
    problems.path += ["shards", 3]

    problems.add("rule", 7, "it is wrong", "Mend it.")

    (problem,) = problems.found
    assert (problem.file, problem.line, problem.path) == ("m.yaml", 7, "shards[3]")
    assert str(problem) == "m.yaml:7: shards[3]: it is wrong"


def test_the_hundredth_problem_is_the_last_and_says_so() -> None:
    problems = Problems("m.yaml")
    for line in range(1, 100):
        problems.add("rule", line, "it is wrong", "Mend it.")

    with pytest.raises(TooManyProblemsError):
        problems.add("rule", 100, "it is wrong", "Mend it.")

    assert len(problems.found) == 101
    assert problems.found[-1].rule == "too-many-problems"
