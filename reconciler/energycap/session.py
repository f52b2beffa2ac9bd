"""Asks the service: repeats what may be repeated, counts what was sent, notes what is deprecated."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from email.utils import parsedate_to_datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from reconciler.energycap.answers import Busy, check_status, decode
from reconciler.energycap.transport import Barred, Transport, Unsent
from reconciler.energycap.words import make_harmless
from reconciler.errors import Unreachable
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.energycap.answers import Answer
    from reconciler.energycap.calls import Request
    from reconciler.model.findings import Finding

# A service that asks for a longer pause is not waited for: whoever runs this should know.
LONGEST_PAUSE = 60.0

_logger = logging.getLogger(__name__)
_patiently = stamina.RetryingCaller(
    attempts=5, timeout=120.0, wait_initial=0.25, wait_max=10.0, wait_jitter=0.5, wait_exp_base=2
)


def _check_nothing() -> None:
    pass


class Session:
    """Asks the service over one transport, from any number of threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._findings: dict[str, Finding] = {}
        self._refusals = 0

    @property
    def refusals(self) -> int:
        """How often the service answered so far that it is too busy: 429 or 503."""
        with self._lock:
            return self._refusals

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, repeated ones included: `{"GET /api/v202406/esachannel/{id}": 3}`."""
        with self._lock:
            return self._requests.copy()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the service said about the calls themselves, each once."""
        with self._lock:
            return tuple(sorted(self._findings.values(), key=lambda finding: finding.order))

    def ask(self, request: Request, check: Callable[[], None] = _check_nothing) -> Answer:
        """The answer of success to `request`, which is repeated where that can do no harm.

        A read is repeated after no answer, 408, 429 and 5xx; a write only where it was certainly not done: no
        connection, or 429. What a repeat does not cure, such as a certificate that is not trusted, is asked once. A
        pause that the service asks for is kept. Before each repeat, and after its pause, `check` is called: what it
        raises ends the asking. Raises any ServiceError.
        """
        checks = chain([_check_nothing], repeat(check))

        def ask_once() -> Answer:
            next(checks)()
            return self._ask_once(request)

        return _patiently(_pause_of_read if request.call.is_read else _pause_of_write, ask_once)

    def read(self, request: Request, check: Callable[[], None] = _check_nothing) -> object:
        """The JSON document that answers `request`. Raises as `ask`, and BadAnswer where there is none."""
        return decode(request, self.ask(request, check))

    def _ask_once(self, request: Request) -> Answer:
        with self._lock:
            self._requests[str(request.call)] += 1
        answer = self._transport.exchange(request)
        if answer.status in {429, 503}:
            with self._lock:
                self._refusals += 1
        if "eci-deprecated" in answer.headers:
            self._note_deprecation(str(request.call), answer)
        check_status(request, answer)
        return answer

    def _note_deprecation(self, call: str, answer: Answer) -> None:
        text = make_harmless(answer.headers["eci-deprecated"])
        message = f"EnergyCAP has deprecated a call of this tool: {call}: {text}"
        with self._lock:
            self._findings.setdefault(message, make_finding("ESA701", message, detail=_tell_time_left(answer)))


def _tell_time_left(answer: Answer) -> tuple[str, ...]:
    """When the service said so, by its own clock, and how long a call still works then.

    Source: developer site, "Versioning".
    """
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return ()
    return (f"said on {moment:%Y-%m-%d}; the old version of a call works for 3 to 6 months beside the new one",)


def _pause_of_read(error: Exception) -> bool | float:
    return _pause_of_busy(error) if isinstance(error, Busy) else _is_curable(error, Unreachable)


def _pause_of_write(error: Exception) -> bool | float:
    # 503 may come from something between here and the service, after the service did what was asked.
    if isinstance(error, Busy) and error.status == 429:
        return _pause_of_busy(error)
    return _is_curable(error, Unsent)


def _is_curable(error: Exception, kind: type[Unreachable]) -> bool:
    return isinstance(error, kind) and not isinstance(error, Barred)


def _pause_of_busy(busy: Busy) -> bool | float:
    if busy.pause is None:
        return True
    return busy.pause if busy.pause <= LONGEST_PAUSE else False


def _log_repeat(details: RetryDetails) -> None:
    _logger.info("again in %.1f s: %s", details.wait_for, details.caused_by)


# In place of stamina's own, which would write a bare "stamina.retry_scheduled" to stderr.
set_on_retry_hooks([_log_repeat])
