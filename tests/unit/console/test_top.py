"""`top` on a terminal, look by look."""

import io

from rich.console import Console as Terminal

from seedbox.console.top import Look, top_view, watch
from seedbox.daemon.api.documents import SHARD, STATUS
from seedbox.daemon.api.summing import summary
from support.fake_daemon import missing, shard, view


def look(count: int) -> Look:
    seen = view(count, missing(99), shard(100, listed=None, verified=None, announced=None))
    return Look(
        STATUS.document(summary(seen)), [SHARD.document(each) for each in reversed(seen.shards)]
    )


def test_each_look_is_drawn_and_as_many_shards_as_there_are_lines() -> None:
    text = io.StringIO()
    terminal = Terminal(file=text, force_terminal=True, width=100, height=20, color_system=None)

    watch(iter([look(30), look(31)]), every=0.0, terminal=terminal)

    drawn = text.getvalue()
    assert "31 listed > " in drawn
    assert "32 listed > " in drawn
    assert drawn.count("set-00099") == 2
    assert "set-00001" not in drawn
    assert drawn.startswith("\x1b[?1049h")  # the other screen
    assert "\x1b[?1049l" in drawn  # and back


def test_a_shard_has_its_last_state_and_what_keeps_it() -> None:
    text = io.StringIO()
    Terminal(file=text, width=200, color_system=None).print(top_view(look(1), rows=10))

    rows = [line.split() for line in text.getvalue().splitlines()[5:]]
    assert [row[:2] for row in rows] == [
        ["set-00100", "reachable"],
        ["set-00099", "listed"],
        ["set-00001", "verified"],
    ]
    assert rows[1][-5:] == ["missing:", "/srv/data/set/a.csv", "is", "not", "there"]
