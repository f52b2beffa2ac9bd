"""Ctrl-C, and the signals that mean the same: what is in flight is finished first, what is begun is cleared away."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from threading import Event as Signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from reconciler.cli.output import Output


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does; what it was started to ignore, as by nohup, it does."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def stop_on_signals(output: Output) -> Iterator[Signal]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; the second one is a KeyboardInterrupt."""
    stop = Signal()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        # Where the signal came in the midst of another remark, a stream takes no second one.
        with suppress(RuntimeError):
            output.log("\ninterrupted: finishing what is in flight; once more stops at once")

    previous = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait until the block is done."""
    waiting: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    previous = {number: signal.signal(number, hold) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for held, handler in previous.items():
            signal.signal(held, handler)
        for number in waiting:
            signal.raise_signal(number)
