"""Lists of channels: read page by page, proved complete, and compared with reads by id."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Generic

from msgspec import Struct

from reconciler.energycap.answers import decode, unusable
from reconciler.energycap.calls import LIST_CHANNELS, READ_CHANNEL
from reconciler.energycap.pages import LARGEST_PAGE, Content, Page, Row, read_all, read_counts
from reconciler.energycap.partial import find_lacking, is_less, is_telling, rate
from reconciler.energycap.rows import unpack_rows
from reconciler.energycap.salvage import identify_row, live_from_row, make_unread
from reconciler.energycap.wire import is_whole
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.answers import Answer
    from reconciler.energycap.calls import Request
    from reconciler.energycap.documents import Document
    from reconciler.energycap.session import Session
    from reconciler.model.channels import Live

# So many rows are compared where none of a list shows what others may have: enough to meet one in ten for sure.
_MOST_COMPARED = 24
# And so many tries there are for the one row that is enough elsewhere: it may be gone since it was listed.
_MOST_TRIED = 3
# What the service may say to a read of one channel while it answers for all others.
_OF_ONE = (BadResponse, Rejected, Unauthorized, Unavailable)


class Form(Struct, Generic[Content], frozen=True):
    """The form in which channels are wanted: how a page is unpacked, what is made of a row, and the channel in that.

    `give_up` is what becomes of a channel, or of what a row gives of it, that is there and cannot be read by its id;
    the last it is given says why.
    """

    unpack: Callable[[Request, Answer], object]
    make: Callable[[object], Content]
    see: Callable[[Content], Live]
    give_up: Callable[[int, Content | None, str], Content]


class UnreadRow(Struct, frozen=True):
    """A channel of a list that is there and cannot be read by its id: its `row` as it came, and why."""

    id: int
    row: object
    reason: str


# Some services ignore the size that a page was asked for, but none of them has its whole tenant on one.
_MOST_ROWS = 10 * LARGEST_PAGE

LIVES: Form[Live] = Form(unpack_rows, live_from_row, lambda live: live, make_unread)
DOCUMENTS: Form[object] = Form(
    decode,
    lambda row: row,
    live_from_row,
    lambda channel_id, row, reason: UnreadRow(channel_id, row or {"channelId": channel_id}, reason),
)


class Listing:
    """Lists channels, from any number of threads.

    What the rows of a list hold is not documented. So the first complete list is compared with reads by id, one or a
    few; rows that leave anything out are read one by one, and `tell` is told.
    """

    def __init__(self, session: Session, executor: Executor, tell: Callable[[str], None] | None = None) -> None:
        self._session = session
        self._executor = executor
        self._tell = tell or (lambda _text: None)
        # A page unpacked is several times its text, and threads do not make it faster: one at a time, to save memory.
        self._unpacking = threading.Lock()
        # Whether rows that lack the same properties lack anything else, once that was found out.
        self._verdicts: dict[frozenset[str], bool] = {}
        # The channels that are as odd by their ids as in a list.
        self._odd: set[int] = set()

    def read(
        self, data_point_id: int | None, form: Form[Content], only: Container[int] | None = None
    ) -> tuple[Content, ...]:
        """All channels, or those of one data point, ordered by id; proved complete, each of them whole.

        Those with an id in `only`, if it is given: the rows of others are not made whole by reads of their ids.
        Raises BadAnswer where the service's own count and the pages do not agree, also at a second attempt.
        """
        listed = self._replace_odd(self._read_rows(data_point_id, form), form)
        # All rows together show what a list leaves out; a few of them may not.
        parts = set(self._find_parts(listed, form, is_all=data_point_id is None))
        rows = [row for row in listed if only is None or row.id in only]
        parts.intersection_update(row.id for row in rows)
        if not parts:
            return tuple(row.content for row in rows if row.content is not None)
        if data_point_id is None and len(parts) > 1:
            self._tell(f"the list of channels leaves out values: reading {len(parts):,} channels one by one ...")
        read = dict(zip(parts, self._executor.map(self._read_if_there, parts), strict=True))
        if len(parts) == len(rows):
            _refuse_none(list(read.values()))
        contents = (_take(row, read[row.id], form) if row.id in parts else row.content for row in rows)
        return tuple(content for content in contents if content is not None)

    def _read_rows(self, data_point_id: int | None, form: Form[Content]) -> tuple[Row[Content], ...]:
        query = {} if data_point_id is None else {"filter": f"dataPointId equals '{data_point_id}'"}

        def read_row(row: object) -> Row[Content]:
            channel_id, channel = identify_row(row)
            return Row(channel_id, form.make(channel) if is_whole(channel) else None, find_lacking(channel))

        def read_page(number: int) -> Page[Content]:
            paging = {"pageNumber": str(number), "pageSize": str(LARGEST_PAGE)}
            request = LIST_CHANNELS.to(query={**query, **paging})
            answer = self._session.ask(request)
            with self._unpacking:
                document = form.unpack(request, answer)
                if not isinstance(document, list):
                    raise unusable(f"page {number} of the list of channels is not a list")
                if len(document) > _MOST_ROWS:
                    raise unusable(
                        f"page {number} of the list of channels holds {len(document):,} rows, not {LARGEST_PAGE:,}"
                    )
                return Page(number, tuple(map(read_row, document)), *read_counts(answer.headers, LARGEST_PAGE))

        return read_all(read_page, self._executor)

    def _replace_odd(self, rows: Sequence[Row[Content]], form: Form[Content]) -> Sequence[Row[Content]]:
        """`rows` with what reads by id give for those that cannot be read as documented, where that is better.

        Where none of the first is better, the others are not tried, for the service then is as odd everywhere.
        """
        odd = [row.id for row in rows if row.id not in self._odd and row.content and form.see(row.content).flaw]
        first, rest = odd[:_MOST_COMPARED], odd[_MOST_COMPARED:]
        sound = self._read_sound(first, form)
        if sound:
            sound |= self._read_sound(rest, form)
        self._odd.update(channel_id for channel_id in odd if channel_id not in sound)
        return [Row(row.id, sound[row.id]) if row.id in sound else row for row in rows] if sound else rows

    def _read_sound(self, ids: Sequence[int], form: Form[Content]) -> dict[int, Content]:
        """Those of the channels with these ids that can be read by their ids as documented."""
        documents = zip(ids, self._executor.map(self._find_document, ids), strict=True)
        found = {channel_id: form.make(document) for channel_id, document in documents if document is not None}
        return {channel_id: content for channel_id, content in found.items() if not form.see(content).flaw}

    def _find_parts(self, rows: Sequence[Row[Content]], form: Form[Content], *, is_all: bool) -> Iterator[int]:
        """The ids of the rows that leave anything out."""
        alike: dict[frozenset[str], dict[int, Content]] = defaultdict(dict)
        for row in rows:
            if row.content is None:
                yield row.id
            else:
                alike[row.lacking][row.id] = row.content
        for lacking, contents in alike.items():
            if lacking not in self._verdicts and (lacking or is_all):
                self._verdicts[lacking] = self._is_partial(lacking, contents, form)
            if self._verdicts.get(lacking):
                yield from contents

    def _is_partial(self, lacking: frozenset[str], contents: dict[int, Content], form: Form[Content]) -> bool:
        lives = sorted(map(form.see, contents.values()), key=rate, reverse=True)
        first = next(filter(None, (self._pair([live]) for live in lives[:_MOST_TRIED])), None)
        if first is None:
            # Gone since, as it seems: a plan of whole rows does no harm, for each edit reads its channel first.
            return bool(lacking)
        if self._leave_out(lacking, first):
            return True
        # Where the rows show all that may be null, the list gives it, and one comparison is enough.
        return not is_telling(lives) and self._leave_out(lacking, self._pair(_spread(lives)))

    def _leave_out(self, lacking: frozenset[str], pairs: Sequence[tuple[Live, Document]]) -> bool:
        """Whether rows leave out, or have otherwise, anything that reads by id give."""
        return any(lacking - find_lacking(document) for _, document in pairs) or any(
            # Somebody may have edited it in between: both are read once more.
            is_less(live, live_from_row(document)) and self._still_differs(live)
            for live, document in pairs
        )

    def _pair(self, lives: Sequence[Live]) -> list[tuple[Live, Document]]:
        """Each of `lives` that can still be read, with the answer to a read by its id."""
        documents = self._executor.map(lambda live: self._find_document(live.id), lives)
        return [(live, document) for live, document in zip(lives, documents, strict=True) if document is not None]

    def _still_differs(self, live: Live) -> bool:
        rows = {row.id: row.content for row in self._read_rows(live.data_point.id, LIVES)}
        row, document = rows.get(live.id), self._find_document(live.id)
        return row is not None and document is not None and is_less(row, live_from_row(document))

    def _read_if_there(self, channel_id: int) -> Document | ServiceError | None:
        """The answer to a read by id, or why there is none: one channel that is refused stops no other."""
        try:
            return self._read_document(channel_id)
        except _OF_ONE as error:
            return error

    def _find_document(self, channel_id: int) -> Document | None:
        """The answer to a read by id; None where that is no help, as one odd answer says nothing of the list."""
        found = self._read_if_there(channel_id)
        return None if isinstance(found, ServiceError) else found

    def _read_document(self, channel_id: int) -> Document | None:
        """The answer to a read by id; None where the channel is gone since it was listed."""
        try:
            found, document = identify_row(self._session.read(READ_CHANNEL.to(channel_id)))
        except Rejected as error:
            if error.status == 404:
                return None
            raise
        if found != channel_id:
            raise unusable(f"channel {channel_id} was requested, but channel {found} came")
        return document


def _refuse_none(found: Sequence[Document | ServiceError | None]) -> None:
    """Raise why no channel at all could be read by its id, where that is so: it is no fault of single ones then."""
    failures = [one for one in found if isinstance(one, ServiceError)]
    if not any(isinstance(one, dict) for one in found):
        what = "the list of channels holds channels that cannot be read by their ids"
        raise failures[0] if failures else unusable(what)


def _take(row: Row[Content], found: Document | ServiceError | None, form: Form[Content]) -> Content | None:
    """The channel of `row` that was `found` by its id; None where it is gone since it was listed."""
    if isinstance(found, ServiceError):
        return form.give_up(row.id, row.content, found.message)
    return None if found is None else form.make(found)


def _spread(lives: Sequence[Live]) -> Sequence[Live]:
    """Some of `lives` but the first, from all over their order; all of them where they are few."""
    return lives[1 :: max(1, -(-len(lives) // _MOST_COMPARED))]
