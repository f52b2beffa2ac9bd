"""What can be asked of the service: a reader, an editor of channels, and a sender of readings."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from reconciler.energycap.access import read_address
from reconciler.energycap.endpoints import (
    CREATE_CHANNEL,
    CREATE_ESA_READINGS,
    CREATE_READINGS,
    CREATE_VERSION,
    EDIT_CHANNEL,
    EDIT_VERSION,
    LIST_OBSERVATION_TYPES,
    LIST_READINGS,
    LIST_UNITS,
    READ_CHANNEL,
    READS,
    SENDS,
    WRITES,
)
from reconciler.energycap.listing import DOCUMENTS, LIVES, Listing, UnreadRow
from reconciler.energycap.malformed_channels import check_id, live_from_row
from reconciler.energycap.mapping import (
    channel_body,
    is_import_response,
    live_from_response,
    new_channel_body,
    new_version_body,
    parse_import_response,
    parse_stored_readings,
    version_body,
)
from reconciler.energycap.reading_list import (
    PartReader,
    ReadingLister,
    list_stored,
    list_summarized,
    make_readings,
    make_summarized,
)
from reconciler.energycap.reading_streams import ReadingStreams
from reconciler.energycap.reference import (
    SNAPSHOT_FORMAT,
    check_formulas,
    read_data_points,
    read_raw,
    read_zone_codes,
    start_reference,
)
from reconciler.energycap.responses import decode
from reconciler.energycap.session import Session, open_threads
from reconciler.energycap.time_zones import DataPoints, is_dated_in_zone, needs_zone, read_dates
from reconciler.energycap.transport import Transport
from reconciler.errors import BadResponse, ProjectError, Rejected, Unavailable, Unreachable
from reconciler.model.canonical import is_same
from reconciler.model.channels import Snapshot
from reconciler.model.fields import CHANNEL_IMPORT_ID

if TYPE_CHECKING:
    import re
    from collections import Counter
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from datetime import datetime

    from reconciler.energycap.endpoints import Request
    from reconciler.energycap.mapping import ImportResponse, StoredReading
    from reconciler.energycap.transport import HttpTransport
    from reconciler.model.channels import DataPoint, Fetched, Live, ReferenceData
    from reconciler.model.findings import Finding
    from reconciler.model.formulas import FormulaVerdict
    from reconciler.model.project import ChannelEdit, VersionDates
    from reconciler.model.registers import ChannelReading, Readings, ReadingSpan, SummarizedReadings
    from reconciler.model.values import Spec


# The status of an edit that is not sent again because the channel has changed since.
_CONFLICT = 409


# Nobody needs what is still being read when the user has interrupted it, or the files turn out to have errors.
NEEDLESS_AFTER = (KeyboardInterrupt, ProjectError)


@contextmanager
def open_reader(
    url: str,
    key: str,
    http_transport: HttpTransport | None = None,
    tell: Callable[[str], None] | None = None,
    version_dates: VersionDates | None = None,
) -> Iterator[Reader]:
    """A reader of the service at `url`, whose transport cannot send anything that writes.

    Raises ProjectError if no key may be sent to `url`, and Unauthorized if `key` cannot be an API key. Tests pass an
    `http_transport` instead of the network. `tell` is called with a message about what takes longer than it should.
    `version_dates` says what the date of a version means if it comes with a zone.
    """
    with (
        open_session(url, key, READS, http_transport) as session,
        open_threads(abandoned_after=NEEDLESS_AFTER) as executor,
    ):
        yield Reader(session, executor, tell, version_dates)


@contextmanager
def open_editor(
    url: str,
    key: str,
    http_transport: HttpTransport | None = None,
    tell: Callable[[str], None] | None = None,
    version_dates: VersionDates | None = None,
) -> Iterator[Editor]:
    """A reader of the service at `url` that can also edit channels and versions. Raises as `open_reader`."""
    with open_session(url, key, WRITES, http_transport) as session, open_threads() as executor:
        yield Editor(session, executor, tell, version_dates)


@contextmanager
def open_session(
    url: str, key: str, allowed: re.Pattern[str], http_transport: HttpTransport | None
) -> Iterator[Session]:
    """A session with the service at `url` that sends only what `allowed` matches. Raises as `open_reader`."""
    transport = Transport(read_address(url), key, allowed, http_transport)
    try:
        yield Session(transport)
    finally:
        transport.close()


class Reader:
    """Reads the service, from any number of threads. Every method raises ServiceError if it cannot read."""

    def __init__(
        self,
        session: Session,
        executor: Executor,
        tell: Callable[[str], None] | None = None,
        version_dates: VersionDates | None = None,
    ) -> None:
        self._session = session
        self._executor = executor
        self._listing = Listing(session, executor, tell)
        self._version_dates = version_dates
        self._data_points = DataPoints(session, executor)
        self._stored = PartReader(list_stored(session, executor), self._data_points, version_dates)
        self._summarized = PartReader(list_summarized(session, executor), self._data_points, version_dates)

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, including repeated ones: `{"GET /api/v202406/esachannel/{id}": 3}`."""
        return self._session.requests

    @property
    def reading_rows(self) -> int:
        """How many rows of readings came, those outside of what was asked for included."""
        return self._stored.source.count + self._summarized.source.count

    @property
    def throttled_count(self) -> int:
        """How often the service has answered that it is too busy, even if a repeat succeeded."""
        return self._session.throttled_count

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the service has said about the calls of this tool: ESA701, each once."""
        return self._session.findings

    def list_channels(self, data_point_id: int | None = None, only: Container[int] | None = None) -> tuple[Live, ...]:
        """All channels, or those of one data point, ordered by id; proved complete, and each with all its values.

        If `only` is given, channels with an id in it: no requests are spent on values that the rows of others leave
        out. A channel whose response is not as documented is included, with its flaw. Raises BadResponse if the
        service's count and the pages disagree, even at a second attempt.
        """
        channels = self._listing.read(data_point_id, LIVES, only)
        self._data_points.read([live.data_point.id for live in channels if needs_zone(live, self._version_dates)])
        return tuple(map(self._read_dates, channels))

    def read_channel(self, channel_id: int) -> Fetched:
        """The channel with this id. Raises Rejected, with status 404, if there is none."""
        document = self._session.read(READ_CHANNEL.request(channel_id))
        return cast("Fetched", self._read_dates(_require_id(channel_id, document)))

    def read_reference(self, channels: Sequence[Live]) -> ReferenceData:
        """All reference data: what the service lists, what only `channels` show, and what could not be read."""
        return start_reference(self._session, self._executor)(channels)

    def read_snapshot(self) -> Snapshot:
        """All channels and all reference data, read in parallel; the reference data says what could not be read."""
        finish_reference = start_reference(self._session, self._executor)
        channels = self.list_channels()
        return Snapshot(channels, finish_reference(channels))

    def read_raw_snapshot(self, *, with_data_points: bool = False) -> dict[str, object]:
        """All channels and reference data as the service gives them, without the key; the sandbox loads it as a world.

        Data points, which have the time zones, are included if dates of versions need them, or if asked for.

        Raises as `read_snapshot`; `snapshot_from_file` makes a snapshot of it.
        """
        lists = {"units": LIST_UNITS, "observationTypes": LIST_OBSERVATION_TYPES}
        asked = {name: self._executor.submit(read_raw, self._session, call.request()) for name, call in lists.items()}
        listed = self._listing.read(None, DOCUMENTS)
        channels = [one.row if isinstance(one, UnreadRow) else one for one in listed]
        unread = {str(one.id): one.reason for one in listed if isinstance(one, UnreadRow)}
        read = {name: future.result() for name, future in asked.items()}
        lives = map(live_from_row, channels)
        points = self._data_points.read(
            live.data_point.id for live in lives if with_data_points or is_dated_in_zone(live)
        )
        return {
            "formatVersion": SNAPSHOT_FORMAT,
            "channels": channels,
            **{name: raw.document for name, raw in read.items() if not raw.unread},
            "unread": {
                **{name: raw.unread for name, raw in read.items() if raw.unread},
                **({"channels": unread} if unread else {}),
            },
            **({"dataPoints": [point for point in points.values() if point]} if points else {}),
        }

    def list_readings(
        self, live: Live, begin: datetime, end: datetime, *, newest_first: bool = False
    ) -> Iterator[ChannelReading]:
        """The stored readings of `live` from `begin` to `end`, both included and in local time, in the order of time.

        They are read in parts as they are taken, and each part is proved complete before its first reading comes.
        Raises BadResponse, while they are taken, if the service answers in a form that is not understood for certain.
        Source: GET /api/v202407/esaReading.
        """
        return ReadingLister(self._stored, make_readings).read(live, begin, end, newest_first=newest_first)

    def stream_readings(self, spans: Sequence[ReadingSpan]) -> Iterator[Readings]:
        """The stored readings of many channels, as StoredReadings describes it.

        Channels are asked together, and parts of their spans are read side by side; each is proved complete before any
        of it comes. Source: GET /api/v202407/esaReading.
        """
        return ReadingStreams(self._stored, make_readings, looks_back=True).read(spans)

    def stream_summarized(self, spans: Sequence[ReadingSpan]) -> Iterator[SummarizedReadings]:
        """The summarized readings of many channels, as `stream_readings`.

        Source: GET /api/v202410/esaReading/summarized.
        """
        return ReadingStreams(self._summarized, make_summarized, looks_back=False).read(spans)

    def read_zone_codes(self, data_point_ids: Sequence[int]) -> dict[int, str]:
        """The code of the time zone of each data point; "" if it is not given or could not be read."""
        return read_zone_codes(self._session, self._executor, data_point_ids)

    def read_data_points(self, data_point_ids: Collection[int]) -> dict[int, DataPoint | None]:
        """The data points with these ids; None for one that does not exist. One that could not be read is left out."""
        return read_data_points(self._session, self._executor, data_point_ids)

    def validate_formulas(self, formulas: Iterable[tuple[int, str]]) -> tuple[FormulaVerdict, ...]:
        """What the service says about each formula, given with its data point, or why it could not be asked."""
        return check_formulas(self._session, self._executor, tuple(formulas))

    def _read_dates(self, live: Live) -> Live:
        return read_dates(live, self._version_dates, self._data_points.find_zone)


class Editor(Reader):
    """Reads the service, creates channels, and edits them and their versions.

    An edit is sent once, and again only if it was certainly not done and the channel is unchanged; if the channel has
    changed, Rejected is raised. If it is unknown whether an edit was done, Unreachable or Unavailable is raised, and
    the caller has to read the channel.
    """

    def edit_channel(self, fresh: Fetched, wanted: Spec, channel_edit: ChannelEdit) -> Live | None:
        """Edit a channel, and return it from the response; None if the response is a success without a body.

        The request sends all of `fresh`, which was just read by its id, with the values of `wanted`, by the paths of
        EsaChannelEdit. After None, use `read_channel`. Raises ValueError if `wanted` is empty, or has a value of one
        version of several, which `edit_version` edits.
        """
        # No ETag or version number guards a channel, so `check` reads it again before each repeat.
        _check_not_empty(wanted)
        request = EDIT_CHANNEL.request(fresh.id, body=channel_body(fresh, wanted, channel_edit))
        with _unknown_outcome(request):
            answer = self._session.request(request, partial(self._check_unchanged, fresh))
            return self._read_dates(_require_id(fresh.id, decode(request, answer))) if answer.body.strip() else None

    def edit_version(self, fresh: Fetched, wanted: Spec, version_id: int = 0) -> None:
        """Edit a version of `fresh`, 0 for the current one: all its values as just read, with those of `wanted`.

        Raises ValueError if `wanted` is empty or has a value of the channel itself. The response to a success is not
        documented, so it is ignored: use `read_channel`.
        """
        _check_not_empty(wanted)
        body = version_body(fresh, wanted, version_id)
        self._write(fresh, EDIT_VERSION.request(fresh.id, version_id or fresh.current.id, body=body))

    def create_version(self, fresh: Fetched, wanted: Spec) -> None:
        """Create a version of `fresh`, which was read just now, with the values of `wanted`, its begin included.

        Raises as `edit_version`. It is sent again only if it was certainly not done: a second one could make two.
        """
        _check_not_empty(wanted)
        self._write(fresh, CREATE_VERSION.request(fresh.id, body=new_version_body(fresh, wanted)))

    def create_channel(self, data_point_id: int, wanted: Spec) -> Live | None:
        """Create a channel with the values of `wanted`, and return it from the response; None if it is not in it.

        Raises as `edit_version`. It is sent again only if it was certainly not done and no channel of the data point
        has its import id: a second one could make two. After None, find the channel by its import id.
        """
        request = CREATE_CHANNEL.request(body=new_channel_body(data_point_id, wanted))
        with _unknown_outcome(request):
            answer = self._session.request(request, partial(self._check_absent, data_point_id, wanted))
        # What this call answers is not documented, so an odd answer to a success says nothing.
        with suppress(BadResponse):
            live = self._read_dates(live_from_response(decode(request, answer)))
            return live if live.data_point.id == data_point_id else None
        return None

    def _check_absent(self, data_point_id: int, wanted: Spec) -> None:
        """Raise Rejected if a channel of the data point has the import id of `wanted`, or may have it."""
        import_id = wanted.get(CHANNEL_IMPORT_ID)
        try:
            channels = self.list_channels(data_point_id)
        except (Unreachable, Unavailable, BadResponse) as error:
            message = f"the channel was not created, and its data point could not be read to try again: {error.message}"
            raise Rejected(message, error.fix, status=_CONFLICT) from error
        for live in channels:
            found = live.values.get(CHANNEL_IMPORT_ID)
            if is_same(CHANNEL_IMPORT_ID, import_id, found, None) or CHANNEL_IMPORT_ID in live.unread:
                message = (
                    "the channel was not created: "
                    f"channel {live.id} got its import id while the service made this one wait"
                )
                raise Rejected(message, "plan again: reconciler plan", status=_CONFLICT)

    def _write(self, fresh: Live, request: Request) -> None:
        with _unknown_outcome(request):
            self._session.request(request, partial(self._check_unchanged, fresh))

    def _check_unchanged(self, fresh: Live) -> None:
        """Raise Rejected if a channel differs from `fresh`, because a repeat would overwrite it with all of `fresh`."""
        try:
            found = self.read_channel(fresh.id)
        except (Unreachable, Unavailable, BadResponse) as error:
            message = f"channel {fresh.id} was not written, and could not be read to try again: {error.message}"
            raise Rejected(message, error.fix, status=_CONFLICT) from error
        if (found.values, found.versions) != (fresh.values, fresh.versions):
            message = f"channel {fresh.id} was changed while the service made this edit wait"
            raise Rejected(message, "plan again: reconciler plan", status=_CONFLICT)


def _require_id(channel_id: int, document: object) -> Live:
    return check_id(channel_id, live_from_response(document))


def _check_not_empty(wanted: Spec) -> None:
    if not wanted:
        raise ValueError("nothing is wanted: an edit without a change is a bug, and nothing was sent")


@contextmanager
def _unknown_outcome(request: Request) -> Iterator[None]:
    """Raise Unreachable for an answer to a write that cannot be used: it says nothing of what was done."""
    try:
        yield
    except BadResponse as error:
        raise Unreachable(f"whether {request} was done is not known: {error.message}", error.fix) from error


@contextmanager
def open_sender(url: str, key: str, http_transport: HttpTransport | None = None) -> Iterator[Sender]:
    """A reader of the service at `url` that can also send readings, but not edit. Raises as `open_reader`."""
    with open_session(url, key, SENDS, http_transport) as session, open_threads() as executor:
        yield Sender(session, executor)


class Sender(Reader):
    """Reads the service, and sends readings to it."""

    def send_readings(self, groups: Sequence[Mapping[str, object]]) -> ImportResponse:
        """The result of sending `groups`, once, and again only if they certainly did not arrive.

        If that is unknown, Unreachable or Unavailable is raised, and the caller has to read the readings back. Source:
        POST /api/v3/reading, which does not say whether a reading at the same time is overwritten.
        """
        request = CREATE_READINGS.request(body=groups)
        with _unknown_outcome(request):
            return parse_import_response(self._session.read(request))

    def send_esa_readings(self, groups: Sequence[Mapping[str, object]]) -> ImportResponse | None:
        """The result of sending `groups`, which are sent again if no response comes, as a repeat changes nothing.

        None if the response is a success without the counts: it is not documented.
        Source: POST /api/v202407/esaReading, "existing readings at the same time on the channel are overwritten".
        """
        request = CREATE_ESA_READINGS.request(body=groups)
        response = self._session.request(request)
        document = decode(request, response) if response.body.strip() else None
        return parse_import_response(document) if is_import_response(document) else None

    def read_readings(self, channel_id: int, begin: str, end: str) -> tuple[StoredReading, ...]:
        """The readings of a channel between two local times. Source: GET /api/v3/channel/{id}/reading."""
        query = {"beginDate": begin, "endDate": end}
        return parse_stored_readings(self._session.read(LIST_READINGS.request(channel_id, query=query)))
