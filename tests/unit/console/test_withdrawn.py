from rich.text import Text

from seedbox.console.withdrawn import left_document, left_lines
from seedbox.plan.fetch import LeftOut


def test_a_long_list_of_files_to_delete_is_cut_and_counted() -> None:
    left = LeftOut("a", "withdrawn", delete=tuple(f"/data/{n}" for n in range(23)))

    lines = [str(each) for each in left_lines("left out", [left]) if isinstance(each, Text)]

    assert lines[0] == "left out: a: withdrawn"
    assert lines[1:21] == [f"  to delete: /data/{n}" for n in range(20)]
    assert lines[21:] == ["  to delete: 3 more files"]


def test_what_was_left_out_for_another_reason_says_no_more_than_that() -> None:
    assert left_document(LeftOut("a", "why")) == {"name": "a", "reason": "why"}
