"""A reader that can also send readings, and look what became of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.energycap.answers import decode
from reconciler.energycap.calls import CREATE_ESA_READINGS, CREATE_READINGS, LIST_READINGS, SENDS
from reconciler.energycap.client import Reader, open_session
from reconciler.energycap.receipts import is_receipt, kept_from_response, receipt_from_response
from reconciler.energycap.threads import open_threads
from reconciler.errors import BadResponse, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.energycap.connection import Wire
    from reconciler.energycap.receipts import KeptReading, Receipt


@contextmanager
def open_sender(url: str, key: str, wire: Wire | None = None) -> Iterator[Sender]:
    """A reader of the service at `url` that can also send readings, and edit nothing. Raises as `open_reader`."""
    with open_session(url, key, SENDS, wire) as session, open_threads() as executor:
        yield Sender(session, executor)


class Sender(Reader):
    """Reads the service, and sends readings to it."""

    def send_readings(self, groups: Sequence[Mapping[str, object]]) -> Receipt:
        """What became of `groups`, which are sent once, and again only where they certainly did not arrive.

        Where that cannot be known, Unreachable or Unavailable is raised, and whoever sent them has to look.
        Source: POST /api/v3/reading.
        """
        request = CREATE_READINGS.to(body=groups)
        try:
            return receipt_from_response(self._session.read(request))
        except BadResponse as error:
            raise Unreachable(f"whether {request} was done is not known: {error.message}", error.fix) from error

    def send_esa_readings(self, groups: Sequence[Mapping[str, object]]) -> Receipt | None:
        """What became of `groups`, which are sent again where no answer comes, for a repeat leaves the same readings.

        None where the service says nothing but that it was done: what it answers to a success is not documented.
        Source: POST /api/v202407/esaReading, "existing readings at the same time on the channel are overwritten".
        """
        request = CREATE_ESA_READINGS.to(body=groups)
        answer = self._session.ask(request)
        document = decode(request, answer) if answer.body.strip() else None
        return receipt_from_response(document) if is_receipt(document) else None

    def read_readings(self, channel_id: int, begin: str, end: str) -> tuple[KeptReading, ...]:
        """The readings that a channel has between two local times. Source: GET /api/v3/channel/{id}/reading."""
        query = {"beginDate": begin, "endDate": end}
        return kept_from_response(self._session.read(LIST_READINGS.to(channel_id, query=query)))
