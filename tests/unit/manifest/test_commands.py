"""Commands as they are shown to people."""

from seedbox.manifest.commands import shown


def test_a_command_is_one_line_and_odd_arguments_stand_in_quotes() -> None:
    assert shown(("a", "-b", "{in}")) == "a -b {in}"
    assert shown(("a", "", "b c", "d'e", "f\ng")) == "a '' 'b c' \"d'e\" 'f\\ng'"
