"""Reading no faster than asked, for work beside a seeding daemon."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from seedbox.hashing.units import Shape, Unit

_TURN = 0.25  # seconds of reading handed out at once, so that the disk is never taken for longer
_NEVER = threading.Event()  # never set: waiting for it is waiting that Ctrl-C can end


class Pace:
    """Hands units out at a rate of bytes a second; without a rate, as they come."""

    def __init__(
        self,
        rate: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = _NEVER.wait,
    ) -> None:
        """Begin now.

        Args:
            rate: Bytes/s, at least 1; None: no limit.
            clock: Tells the time, in seconds.
            wait: Waits so many seconds.
        """
        self._rate = rate
        self._clock = clock
        self._wait = wait

    def shape(self, shape: Shape, piece_length: int) -> Shape:
        """Return units that are small enough for the rate."""
        if self._rate is None:
            return shape
        turn = max(1, int(self._rate * _TURN) // piece_length)
        return Shape(min(shape.pieces, turn), shape.files)

    def hold(self, work: Iterator[Unit]) -> Iterator[Unit]:
        """Yield units, each once the time has come for its bytes.

        It ends once the time of the last one is over: another torrent may come next.
        """
        due = self._clock()
        for unit in work:
            if self._rate is not None:
                due = self._reached(due) + unit.size / self._rate
            yield unit
        if self._rate is not None:
            self._reached(due)

    def _reached(self, due: float) -> float:
        """Wait until a time, and return it, or now if that is later."""
        now = self._clock()
        self._wait(max(0.0, due - now))
        return max(due, now)
