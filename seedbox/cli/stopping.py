"""Being stopped: by Ctrl-C, by SIGTERM, or by running until the user has had enough."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Coroutine
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

_terminated = False


def obey_terminate() -> None:
    """Let SIGTERM stop this process as Ctrl-C does; only the exit status differs."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    global _terminated  # noqa: PLW0603  (a signal handler has no other way to tell)
    _terminated = True
    signal.raise_signal(signal.SIGINT)


def stopped_status() -> int:
    """Return the exit status after a KeyboardInterrupt: what a shell would have seen."""
    return 128 + (signal.SIGTERM if _terminated else signal.SIGINT)


def run_until_done(work: Coroutine[None, None, T]) -> T:
    """Run `work` to its end, or until Ctrl-C or SIGTERM cancels it.

    Once is enough: another signal does not disturb its leaving everything in order.

    Raises:
        KeyboardInterrupt: It was cancelled.
    """
    import asyncio

    async def run() -> T:
        task = asyncio.create_task(work)
        _on_signals(lambda number: _stop(task, number))
        return await task

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _stop(task: asyncio.Task[T], number: int) -> None:
    global _terminated  # noqa: PLW0603  (as in _terminate)
    _terminated = _terminated or number == signal.SIGTERM
    if not task.cancelling():
        task.cancel()


def run_until_stopped(work: Callable[[asyncio.Event], Awaitable[T]]) -> tuple[T, int | None]:
    """Run `work` with an event that Ctrl-C or SIGTERM sets.

    Returns:
        What it returns, and the exit status that the signal asks for; None: it ended by itself.
    """
    import asyncio

    status: list[int] = []

    async def run() -> T:
        stop = asyncio.Event()

        def on_signal(number: int) -> None:
            status.append(128 + number)
            stop.set()

        _on_signals(on_signal)
        return await work(stop)

    result = asyncio.run(run())
    return result, status[0] if status else None


def _on_signals(obey: Callable[[int], None]) -> None:
    """Let Ctrl-C and SIGTERM call a function between two steps of the running loop."""
    import asyncio

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, obey, number)
