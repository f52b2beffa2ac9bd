"""Requests with retries, their counts, deprecations, and the threads that send several requests at a time."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from reconciler.energycap.responses import RetryLater, check_status, decode, escape_unprintable
from reconciler.energycap.transport import ConnectionBlocked, NotSent, Transport
from reconciler.errors import Unreachable
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from reconciler.energycap.endpoints import Request
    from reconciler.energycap.responses import Response
    from reconciler.model.findings import Finding


# Four threads read a list in 0.54 s instead of 0.93 s, at 50 ms a request; more save little and burden the service.
_THREADS = 4


@contextmanager
def open_threads(
    count: int = _THREADS, abandoned_after: tuple[type[BaseException], ...] = (KeyboardInterrupt,)
) -> Iterator[Executor]:
    """So many threads for the length of the block; at its end, tasks that have not begun are dropped.

    Tasks that have begun are waited for, but not after one of these exceptions: a response may take a minute.
    """
    threads = ThreadPoolExecutor(count, thread_name_prefix="energycap")
    is_patient = True
    try:
        yield threads
    except abandoned_after:
        is_patient = False
        raise
    finally:
        threads.shutdown(is_patient, cancel_futures=True)


# If the service asks for a longer pause, the user should know instead of waiting.
MAX_RETRY_DELAY = 60.0

_logger = logging.getLogger(__name__)
_retry = stamina.RetryingCaller(
    attempts=5, timeout=120.0, wait_initial=0.25, wait_max=10.0, wait_jitter=0.5, wait_exp_base=2
)


def _check_nothing() -> None:
    pass


class Session:
    """Sends requests over one transport, from any number of threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._findings: dict[str, Finding] = {}
        self._refusals = 0

    @property
    def throttled_count(self) -> int:
        """How often the service has answered that it is too busy: 429 or 503."""
        with self._lock:
            return self._refusals

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, including repeated ones: `{"GET /api/v202406/esachannel/{id}": 3}`."""
        with self._lock:
            return self._requests.copy()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the service has said about its endpoints, each once."""
        with self._lock:
            return tuple(sorted(self._findings.values(), key=lambda finding: finding.order))

    def request(self, request: Request, check: Callable[[], None] = _check_nothing) -> Response:
        """The successful response to `request`, which is repeated if that can do no harm.

        A read is repeated after no response, 408, 429 and 5xx. A write is repeated only if it was certainly not done:
        after no connection, or 429. If a repeat cannot help, as with an untrusted certificate, there is none. A pause
        that the service asks for is kept. `check` is called before each repeat, after the pause, and ends the repeats
        if it raises. Raises any ServiceError.
        """
        checks = chain([_check_nothing], repeat(check))

        def send_once() -> Response:
            next(checks)()
            return self._send_once(request)

        return _retry(_retry_delay_for_read if request.endpoint.is_read else _retry_delay_for_write, send_once)

    def read(self, request: Request, check: Callable[[], None] = _check_nothing) -> object:
        """The JSON document in the response to `request`. Raises as `request`, and BadResponse if there is none."""
        return decode(request, self.request(request, check))

    def _send_once(self, request: Request) -> Response:
        with self._lock:
            self._requests[str(request.endpoint)] += 1
        response = self._transport.exchange(request)
        if response.status in {429, 503}:
            with self._lock:
                self._refusals += 1
        if "eci-deprecated" in response.headers:
            self._note_deprecation(str(request.endpoint), response)
        check_status(request, response)
        return response

    def _note_deprecation(self, call: str, response: Response) -> None:
        text = escape_unprintable(response.headers["eci-deprecated"])
        message = f"EnergyCAP has deprecated a call of this tool: {call}: {text}"
        with self._lock:
            self._findings.setdefault(message, make_finding("ESA701", message, detail=_deprecation_detail(response)))


def _deprecation_detail(response: Response) -> tuple[str, ...]:
    """When the service said so, by its own clock, and how long the endpoint will still work.

    Source: developer site, "Versioning".
    """
    try:
        moment = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return ()
    return (f"said on {moment:%Y-%m-%d}; the old version of a call works for 3 to 6 months beside the new one",)


def _retry_delay_for_read(error: Exception) -> bool | float:
    return _requested_delay(error) if isinstance(error, RetryLater) else _is_retryable(error, Unreachable)


def _retry_delay_for_write(error: Exception) -> bool | float:
    # A 503 may come from a gateway after the service has done the write.
    if isinstance(error, RetryLater) and error.status == 429:
        return _requested_delay(error)
    return _is_retryable(error, NotSent)


def _is_retryable(error: Exception, kind: type[Unreachable]) -> bool:
    return isinstance(error, kind) and not isinstance(error, ConnectionBlocked)


def _requested_delay(error: RetryLater) -> bool | float:
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= MAX_RETRY_DELAY else False


def _log_retry(details: RetryDetails) -> None:
    _logger.info("again in %.1f s: %s", details.wait_for, details.caused_by)


# In place of stamina's own, which would write a bare "stamina.retry_scheduled" to stderr.
set_on_retry_hooks([_log_retry])
