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
from reconciler.sandbox.answers import AppState, JsonResponse, make_response, run_write, shape_put_response
from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.channel_table import read_channel
from reconciler.sandbox.choices import Deletion, PageOrder, PagingHeaders
from reconciler.sandbox.filters import (
    BOOLEAN_OPERATORS,
    INTEGER_OPERATORS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
    FieldType,
    FilterField,
)
from reconciler.sandbox.lists import ListRequest, find_page
from reconciler.sandbox.rendering import render_channel, render_for_read

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
    "channelId": FilterField("channel_id", FieldType.INTEGER, INTEGER_OPERATORS),
    "channelInfo": FilterField("name", FieldType.TEXT, TEXT_OPERATORS),
    "dataPointCode": FilterField(_POINT.format("dataPointCode"), FieldType.TEXT, TEXT_OPERATORS),
    "dataPointId": FilterField("data_point_id", FieldType.INTEGER, INTEGER_OPERATORS),
    "dataPointInfo": FilterField(_POINT.format("dataPointInfo"), FieldType.TEXT, TEXT_OPERATORS),
    "eligibleForCalculatedMeter": FilterField(
        f"(is_primary_value AND NOT ifnull({_POINT.format('isCalculatedDataPoint')}, 0))",
        FieldType.BOOLEAN,
        BOOLEAN_OPERATORS,
    ),
    "isPrimaryValue": FilterField("is_primary_value", FieldType.BOOLEAN, BOOLEAN_OPERATORS),
    "lastReadingDate": FilterField("last_date", FieldType.TIME, TIME_OPERATORS),
    "observationTypeCode": FilterField(_TYPE.format("observationTypeCode"), FieldType.TEXT, TEXT_OPERATORS),
    "observationTypeId": FilterField("observation_type_id", FieldType.INTEGER, INTEGER_OPERATORS),
}


def find_channel(state: AppState, request: Request) -> Channel:
    """The channel that the path names. Raises `ApiError` (404) where there is none."""
    channel_id = request.path_params["channel_id"]
    channel = read_channel(state.store, channel_id) if channel_id < 2**31 else None
    if channel is None:
        raise ApiError(404, f"No channel has the id {channel_id}.")
    return channel


class ChannelEndpoints(Struct, frozen=True):
    """What happens at each path of channels."""

    state: AppState

    def routes(self) -> list[Route]:
        """Paths and methods, in lower case."""
        one = PATH + "/{channel_id:int}"
        routes = [
            Route(PATH, self.list_channels, methods=["GET"]),
            Route(PATH, self.create, methods=["POST"]),
            Route(one, self.read, methods=["GET"]),
            Route(one, self.edit, methods=["PUT"]),
        ]
        if self.state.settings.deletion is Deletion.LEGACY:
            routes.append(Route(one, self.delete, methods=["DELETE"]))
        return routes

    async def list_channels(self, request: Request) -> Response:
        """GET: one page of channels."""
        settings = self.state.settings
        parameters = {name.lower(): value for name, value in request.query_params.items()}
        is_shuffled = settings.page_order is PageOrder.SHUFFLED or SHUFFLED_PAGE in request.scope
        shuffle = next(self.state.turns) if is_shuffled else None
        page = find_page(self.state.store, ListRequest(_FIELDS, parameters, int(settings.page_cap), shuffle))
        ids = page.ids[: len(page.ids) // 2] if TRUNCATED_PAGE in request.scope else page.ids
        texts = render_for_read(self.state.store, settings, ids, settings.list_shape)
        return Response(f"[{','.join(texts)}]", headers=_headers(page, settings), media_type="application/json")

    async def read(self, request: Request) -> Response:
        """GET: one channel."""
        channel_id = find_channel(self.state, request).channel_id
        return make_response(
            JsonResponse(200, render_for_read(self.state.store, self.state.settings, (channel_id,))[0])
        )

    async def create(self, request: Request) -> Response:
        """POST: a new channel."""

        def decide(body: Any) -> JsonResponse:
            return self._answer(editing.create_channel(self.state.store, self.state.settings, body))

        return await run_write(self.state, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a channel replaced as a whole."""

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            edited = editing.edit_channel(self.state.store, self.state.settings, channel, body)
            return shape_put_response(self.state.settings, self._answer(edited))

        return await run_write(self.state, request, decide)

    async def delete(self, request: Request) -> Response:
        """DELETE: a channel and its readings."""

        def decide(_body: Any) -> JsonResponse:
            editing.delete_channel(self.state.store, find_channel(self.state, request))
            return JsonResponse(204, "")

        return await run_write(self.state, request, decide)

    def _answer(self, channel: Channel) -> JsonResponse:
        return JsonResponse(200, render_channel(self.state.store, self.state.settings, channel.channel_id))


def _headers(page: Page, settings: Settings) -> dict[str, str]:
    if settings.paging_headers is PagingHeaders.ALL:
        return page.headers
    return {"TotalPages": page.headers["TotalPages"]}
