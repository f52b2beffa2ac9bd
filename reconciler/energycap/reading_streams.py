"""The stored readings of many channels in one pass: channels asked together, parts read ahead, memory bounded."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from reconciler.energycap.reading_list import MOST_ROWS, USUAL_INTERVAL, Pace, Part, ReadingLister, TooManyRows, cut
from reconciler.energycap.session import open_threads
from reconciler.errors import BadResponse, Rejected, ServiceError
from reconciler.model.fields import INTERVAL_MINUTES
from reconciler.model.registers import read_interval, shift
from reconciler.model.values import canonical_time

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from reconciler.energycap.reading_list import PartReader
    from reconciler.energycap.reading_pages import StoredRow
    from reconciler.model.registers import ReadingSpan

Reading = TypeVar("Reading")

# Several pages, so that the margins are a small share of them; for one channel of quarter hours, a hundred days.
_WANTED_ROWS = 10_000
# The margins of one channel are at most 3 % of so many days.
_LONG = timedelta(days=68)
# More than threads would only wait.
_MOST_PARTS = 4
_MOST_ROWS_AHEAD = 60_000
# If none of the first few channels can be read, the others are not tried.
_TRIED = 4
# Spans that differ by a small share of their length are asked for together.
_SIMILAR = 0.05


class Group:
    """Channels that are asked together, and how far their spans have been asked for."""

    def __init__(self, spans: Sequence[ReadingSpan], at: datetime, *, is_first: bool = True) -> None:
        self._spans = spans
        self._at = at
        self._is_first = is_first
        self._end = max(span.end for span in spans)
        self.pace = Pace(_interval_of(spans[0]), len(spans), _count_wanted(spans))
        # Parts of about the same length: a short rest would be read for its margins.
        whole = self._end - at
        parts = max(1, -(-whole // self.pace.length))
        self.pace.length = min(self.pace.length, whole / parts + timedelta(days=1))

    def take(self, done: Container[int]) -> Task | None:
        """What is to be read next, without the channels that are done; None at the end."""
        while self._is_first or self._at < self._end:
            part = cut(self._at, self._end, self.pace.length, is_first=self._is_first)
            self._at, self._is_first = part.end, False
            spans = [span for span in self._spans if span.live.id not in done and _overlaps(span, part)]
            if spans:
                return Task(self, tuple(spans), part)
        return None

    def go_back(self, part: Part) -> None:
        """Let what is taken next begin with `part` again."""
        self._at, self._is_first = part.begin, part.is_first

    def split(self, part: Part) -> list[Group]:
        """A group for each channel, of what is left from `part` on."""
        return [
            Group([span], max(span.begin, part.begin), is_first=part.is_first or span.begin > part.begin)
            for span in self._spans
            if span.end > part.begin or part.is_first
        ]


class Task(Struct, frozen=True):
    """One part of the spans of a group."""

    group: Group
    spans: tuple[ReadingSpan, ...]
    part: Part

    @property
    def expected(self) -> float:
        """About how many rows it has."""
        length = self.part.end - self.part.begin + 2 * self.group.pace.margin
        return min(MOST_ROWS, len(self.spans) * (length / (_interval_of(self.spans[0]) or USUAL_INTERVAL)))


class FoundTask(Struct, Generic[Reading], frozen=True):
    """The readings of a part by their channels, or why there are none, and how many rows came."""

    readings: Mapping[int, Sequence[Reading] | ServiceError]
    count: int


def make_groups(spans: Sequence[ReadingSpan], most_channels: int) -> list[Group]:
    """The channels that are asked together: of one interval, with similar spans, and few enough for a part."""
    groups: list[list[ReadingSpan]] = []
    ordered = [span for span in spans if span.begin <= span.end]
    ordered.sort(key=lambda span: (_interval_of(span), span.end, span.begin, span.live.id))
    for span in ordered:
        if groups and _fits(groups[-1], span, most_channels):
            groups[-1].append(span)
        else:
            groups.append([span])
    return [Group(group, min(span.begin for span in group)) for group in groups]


def _fits(group: Sequence[ReadingSpan], span: ReadingSpan, most_channels: int) -> bool:
    first, interval = group[0], _interval_of(span)
    if _interval_of(first) != interval or len(group) >= most_channels:
        return False
    length = max(span.end, group[-1].end) - min(span.begin, *(one.begin for one in group))
    similar = max(timedelta(days=1), _SIMILAR * (first.end - first.begin))
    is_similar = abs(span.begin - first.begin) <= similar and abs(span.end - first.end) <= similar
    rows = (len(group) + 1) * (length + 2 * Pace(interval, 1, _WANTED_ROWS).margin) / (interval or USUAL_INTERVAL)
    return is_similar and rows <= _WANTED_ROWS


def _count_wanted(spans: Sequence[ReadingSpan]) -> int:
    interval = _interval_of(spans[0])
    if len(spans) > 1 or not interval:
        return _WANTED_ROWS
    return min(max(_WANTED_ROWS, _LONG // interval), 2 * _WANTED_ROWS)


def _interval_of(span: ReadingSpan) -> timedelta:
    return read_interval(span.live.values.get(INTERVAL_MINUTES))


def _overlaps(span: ReadingSpan, part: Part) -> bool:
    return span.begin <= part.end and (span.end >= part.begin if part.is_first else span.end > part.begin)


class ReadingStreams(Generic[Reading]):
    """Reads the readings of many channels.

    If it `looks_back`, the last reading before each span comes too: a register needs it for its first difference.
    """

    def __init__(
        self, parts: PartReader, make: Callable[[Sequence[StoredRow]], list[Reading]], *, looks_back: bool
    ) -> None:
        self._parts = parts
        self._make = make
        self._lister = ReadingLister(parts, make) if looks_back else None

    @property
    def most_channels(self) -> int:
        """How many channels one request can ask for."""
        return self._parts.source.most_channels

    def read(self, spans: Sequence[ReadingSpan]) -> Iterator[tuple[int, Sequence[Reading] | ServiceError]]:
        """As StoredReadings describes it."""
        if len({span.live.id for span in spans}) < len(spans):
            raise ValueError("two spans are of one channel: this is a bug")
        with open_threads(_MOST_PARTS, (KeyboardInterrupt, GeneratorExit)) as threads:
            yield from _Pass(self, threads, spans).run()

    def read_task(self, task: Task) -> FoundTask[Reading]:
        """The readings of one part. Raises TooManyRows and ServiceError."""
        found = self._parts.read([span.live for span in task.spans], task.part, task.group.pace.margin)
        readings = {span.live.id: self._pick(span, task.part, found.by_channel[span.live.id]) for span in task.spans}
        return FoundTask(readings, found.count)

    def _pick(
        self, span: ReadingSpan, part: Part, rows: Sequence[StoredRow] | ServiceError
    ) -> Sequence[Reading] | ServiceError:
        """The readings of a part that are in the span of their channel; if that begins there, after the one before."""
        if isinstance(rows, ServiceError):
            return rows
        begins = part.holds(span.begin)
        own = Part(span.begin if begins else part.begin, min(span.end, part.end), is_first=begins)
        readings = self._make(own.pick(rows))
        if not begins or self._lister is None:
            return readings
        begin = canonical_time(span.begin.isoformat())
        if earlier := next((row for row in reversed(rows) if row.time < begin), None):
            return [*self._make([earlier]), *readings]
        try:
            return [*_search_back(span, self._lister), *readings]
        except (BadResponse, Rejected) as error:
            return error


def _search_back(span: ReadingSpan, lister: ReadingLister[Reading]) -> Iterator[Reading]:
    """The last reading of the channel before the span, if there may be one; the margin is known to have none."""
    first = canonical_time(span.live.first_reading or "")
    try:
        begin = shift(datetime.fromisoformat(first).replace(tzinfo=None), timedelta(days=-1))
    except ValueError:
        return iter(())
    end = shift(span.begin, timedelta(seconds=-1))
    return (
        islice(lister.read(span.live, begin, end, newest_first=True), 1) if first < span.begin.isoformat() else iter(())
    )


class _Pass(Generic[Reading]):
    """One pass over the readings of many channels."""

    def __init__(self, streams: ReadingStreams[Reading], threads: Executor, spans: Sequence[ReadingSpan]) -> None:
        self._streams = streams
        self._threads = threads
        self._spans = spans
        self._groups = deque(make_groups(spans, streams.most_channels))
        self._ahead: deque[tuple[Task, Future[FoundTask[Reading]]]] = deque()
        # Channels that are complete, and those that cannot be read.
        self._done = {span.live.id for span in spans if span.begin > span.end}
        self._failures = 0
        self._has_answer = False

    def run(self) -> Iterator[tuple[int, Sequence[Reading] | ServiceError]]:
        """The readings, part by part; while one is taken, the next ones are read."""
        while self._look_ahead():
            task, future = self._ahead.popleft()
            try:
                yield from self._give(task, future.result())
            except TooManyRows as many:
                yield from self._cut_again(task, many)
            except ServiceError as error:
                yield from self._fail(task, error)

    def _look_ahead(self) -> bool:
        """Ask for the next parts, but for one alone until there was an answer; whether anything is left to read."""
        while self._groups and len(self._ahead) < (_MOST_PARTS if self._has_answer else 1):
            group = self._groups[0]
            task = group.take(self._done)
            if task is None:
                self._groups.popleft()
                continue
            if self._ahead and task.expected + sum(one.expected for one, _ in self._ahead) > _MOST_ROWS_AHEAD:
                group.go_back(task.part)
                break
            self._ahead.append((task, self._threads.submit(self._streams.read_task, task)))
        return bool(self._ahead)

    def _give(self, task: Task, found: FoundTask[Reading]) -> Iterator[tuple[int, Sequence[Reading] | ServiceError]]:
        task.group.pace.note(task.part, found.count)
        self._has_answer = True
        for span in task.spans:
            readings = found.readings[span.live.id]
            # What was read ahead may be of a channel of which no more can be read.
            if span.live.id in self._done:
                continue
            if isinstance(readings, ServiceError) or span.end <= task.part.end:
                self._done.add(span.live.id)
            if readings:
                yield span.live.id, readings

    def _cut_again(self, task: Task, many: TooManyRows) -> Iterator[tuple[int, ServiceError]]:
        try:
            task.group.pace.shorten(task.part, many)
        except BadResponse as error:
            yield from self._fail(task, error)
        else:
            self._forget(task)
            task.group.go_back(task.part)
            self._groups.appendleft(task.group)

    def _forget(self, task: Task) -> None:
        """Drop what is still to be read of the group of a task."""
        kept = deque(one for one in self._ahead if one[0].group is not task.group)
        for dropped, future in self._ahead:
            if dropped.group is task.group:
                future.cancel()
        self._ahead = kept
        if self._groups and self._groups[0] is task.group:
            self._groups.popleft()

    def _fail(self, task: Task, error: ServiceError) -> Iterator[tuple[int, ServiceError]]:
        """Raise the refusal of all at the first request, or go on without those that the error may be about."""
        is_missing = isinstance(error, Rejected) and error.status == 404 and self._streams.most_channels > 1
        is_about_all = is_missing or not isinstance(error, BadResponse | Rejected)
        if is_about_all and not self._has_answer and not self._failures:
            raise error
        self._forget(task)
        if is_about_all:
            yield from self._give_up(error)
        elif len(task.spans) > 1:
            self._groups.extendleft(reversed(task.group.split(task.part)))
        else:
            self._failures += 1
            (span,) = task.spans
            self._done.add(span.live.id)
            yield span.live.id, error
            if self._failures >= _TRIED and not self._has_answer:
                yield from self._give_up(error)

    def _give_up(self, error: ServiceError) -> Iterator[tuple[int, ServiceError]]:
        for _, future in self._ahead:
            future.cancel()
        self._ahead.clear()
        self._groups.clear()
        yield from ((span.live.id, error) for span in self._spans if span.live.id not in self._done)
