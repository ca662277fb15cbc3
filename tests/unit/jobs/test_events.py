import threading

import pytest

from seedbox.jobs.events import Event, Note, StoppedError, ignore, until


def test_events_pass_until_the_stop_and_then_end_whoever_speaks() -> None:
    stop, heard = threading.Event(), list[Event]()
    relay = until(stop, heard.append)

    relay(Note("before"))
    stop.set()

    with pytest.raises(StoppedError):
        relay(Note("after"))
    assert heard == [Note("before")]


def test_nobody_need_listen() -> None:
    ignore(Note("anything"))
