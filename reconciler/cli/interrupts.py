"""Ctrl-C while something is in flight: the first finishes it, the second stops at once."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from threading import Event as Signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from reconciler.cli.screen import Screen


_STOPPING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


@contextmanager
def stop_on_signals(screen: Screen) -> Iterator[Signal]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; the second one is a KeyboardInterrupt."""
    stop = Signal()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        # Where the signal came in the midst of another remark, a stream takes no second one.
        with suppress(RuntimeError):
            screen.remark("\ninterrupted: finishing what is in flight; once more stops at once")

    previous = {number: signal.signal(number, handle) for number in _STOPPING}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
