"""Ctrl-C, SIGTERM and SIGHUP: requests in flight are finished first, temporary files are removed."""

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
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, unless it was started to ignore them, as by nohup."""
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
        # A stream refuses a second write if the signal interrupts one.
        with suppress(RuntimeError):
            output.log("\ninterrupted: finishing requests in flight; press Ctrl-C again to stop now")

    previous = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Delay Ctrl-C, SIGTERM and SIGHUP until the end of the block."""
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
