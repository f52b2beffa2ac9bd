"""Patience with reads that lag behind writes: a channel that does not show a write yet is read again, a few times."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Before each further read, in seconds: about eight in all.
PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
# After so many waits in a row without effect, a service is taken for one whose reads do not lag.
SHORTEN_AFTER = 3

_Found = TypeVar("_Found")


class Patience:
    """How often, and at which intervals, a read that does not show a write yet is repeated; for any number of threads.

    A service that loses writes by the thousand would make a run wait for each of them. So after a few waits
    without effect the next ones are short, until one of them has an effect. A wait is never short if the write was
    certainly done. `sleep` stands in for time in tests.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pauses = tuple(pauses)
        self._sleep = sleep
        # Of two threads one may count for both: that costs one more wait, and no lock.
        self._without_effect = 0

    def read_on(
        self,
        found: _Found,
        read: Callable[[_Found], _Found],
        is_late: Callable[[_Found], bool],
        *,
        is_certain: bool,
    ) -> _Found:
        """What was `found`, or what `read` makes of it once that is not late any more, or time is up.

        `is_certain` says that what is looked for was done, as far as the service says. Raises what `read` raises.
        """
        if not is_late(found):
            return found
        is_short = self._without_effect >= SHORTEN_AFTER and not is_certain
        for pause in self._pauses[:1] if is_short else self._pauses:
            self._sleep(pause)
            found = read(found)
            if not is_late(found):
                self._without_effect = 0
                return found
        self._without_effect += 1
        return found
