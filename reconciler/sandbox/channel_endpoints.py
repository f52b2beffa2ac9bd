"""The endpoints of /api/v202406/esachannel: list, get, create, edit, and by a setting delete.

Not documented: that a create answers 200 with the channel made; which fields of the list are behind
eligibleForCalculatedMeter (taken here for the primary value channels of data points that are not calculated).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox import editing
from reconciler.sandbox.answers import Answer, Desk, carry_out, send, shorten_put
from reconciler.sandbox.bodies import Refusal
from reconciler.sandbox.channel_table import read_channel
from reconciler.sandbox.choices import Deletion, PageOrder, PagingHeaders
from reconciler.sandbox.filters import (
    BOOLEAN_OPERATORS,
    INTEGER_OPERATORS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
    Field,
    Type,
)
from reconciler.sandbox.lists import Listing, find_page
from reconciler.sandbox.rendering import render_channel, show_channels

if TYPE_CHECKING:
    from starlette.requests import Request

    from reconciler.sandbox.lists import Page
    from reconciler.sandbox.records import Channel
    from reconciler.sandbox.settings import Settings

PATH = "/api/v202406/esachannel"

# In the scope of a request: what a fault does to its page.
SHUFFLED_PAGE = "sandbox.shuffled"
TRUNCATED_PAGE = "sandbox.truncated"

_POINT = "(SELECT json_extract(record, '$.{}') FROM data_points WHERE id = data_point_id)"
_TYPE = "(SELECT json_extract(record, '$.{}') FROM observation_types WHERE id = observation_type_id)"
_FIELDS = {
    "channelId": Field("channel_id", Type.INTEGER, INTEGER_OPERATORS),
    "channelInfo": Field("name", Type.TEXT, TEXT_OPERATORS),
    "dataPointCode": Field(_POINT.format("dataPointCode"), Type.TEXT, TEXT_OPERATORS),
    "dataPointId": Field("data_point_id", Type.INTEGER, INTEGER_OPERATORS),
    "dataPointInfo": Field(_POINT.format("dataPointInfo"), Type.TEXT, TEXT_OPERATORS),
    "eligibleForCalculatedMeter": Field(
        f"(is_primary_value AND NOT ifnull({_POINT.format('isCalculatedDataPoint')}, 0))",
        Type.BOOLEAN,
        BOOLEAN_OPERATORS,
    ),
    "isPrimaryValue": Field("is_primary_value", Type.BOOLEAN, BOOLEAN_OPERATORS),
    "lastReadingDate": Field("last_date", Type.TIME, TIME_OPERATORS),
    "observationTypeCode": Field(_TYPE.format("observationTypeCode"), Type.TEXT, TEXT_OPERATORS),
    "observationTypeId": Field("observation_type_id", Type.INTEGER, INTEGER_OPERATORS),
}


def find_channel(desk: Desk, request: Request) -> Channel:
    """The channel that the path names. Raises `Refusal` (404) where there is none."""
    channel_id = request.path_params["channel_id"]
    channel = read_channel(desk.store, channel_id) if channel_id < 2**31 else None
    if channel is None:
        raise Refusal(404, f"No channel has the id {channel_id}.")
    return channel


class ChannelEndpoints(Struct, frozen=True):
    """What happens at each path of channels."""

    desk: Desk

    def routes(self) -> list[Route]:
        """Paths and methods, in lower case."""
        one = PATH + "/{channel_id:int}"
        routes = [
            Route(PATH, self.list_channels, methods=["GET"]),
            Route(PATH, self.create, methods=["POST"]),
            Route(one, self.read, methods=["GET"]),
            Route(one, self.edit, methods=["PUT"]),
        ]
        if self.desk.settings.deletion is Deletion.LEGACY:
            routes.append(Route(one, self.delete, methods=["DELETE"]))
        return routes

    async def list_channels(self, request: Request) -> Response:
        """GET: one page of channels."""
        settings = self.desk.settings
        parameters = {name.lower(): value for name, value in request.query_params.items()}
        is_shuffled = settings.page_order is PageOrder.SHUFFLED or SHUFFLED_PAGE in request.scope
        shuffle = next(self.desk.turns) if is_shuffled else None
        page = find_page(self.desk.store, Listing(_FIELDS, parameters, int(settings.page_cap), shuffle))
        ids = page.ids[: len(page.ids) // 2] if TRUNCATED_PAGE in request.scope else page.ids
        texts = show_channels(self.desk.store, settings, ids, settings.list_shape)
        return Response(f"[{','.join(texts)}]", headers=_headers(page, settings), media_type="application/json")

    async def read(self, request: Request) -> Response:
        """GET: one channel."""
        channel_id = find_channel(self.desk, request).channel_id
        return send(Answer(200, show_channels(self.desk.store, self.desk.settings, (channel_id,))[0]))

    async def create(self, request: Request) -> Response:
        """POST: a new channel."""

        def decide(body: Any) -> Answer:
            return self._answer(editing.create_channel(self.desk.store, self.desk.settings, body))

        return await carry_out(self.desk, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a channel replaced as a whole."""

        def decide(body: Any) -> Answer:
            channel = find_channel(self.desk, request)
            edited = editing.edit_channel(self.desk.store, self.desk.settings, channel, body)
            return shorten_put(self.desk.settings, self._answer(edited))

        return await carry_out(self.desk, request, decide)

    async def delete(self, request: Request) -> Response:
        """DELETE: a channel and its readings."""

        def decide(_body: Any) -> Answer:
            editing.delete_channel(self.desk.store, find_channel(self.desk, request))
            return Answer(204, "")

        return await carry_out(self.desk, request, decide)

    def _answer(self, channel: Channel) -> Answer:
        return Answer(200, render_channel(self.desk.store, self.desk.settings, channel.channel_id))


def _headers(page: Page, settings: Settings) -> dict[str, str]:
    if settings.paging_headers is PagingHeaders.ALL:
        return page.headers
    return {"TotalPages": page.headers["TotalPages"]}
