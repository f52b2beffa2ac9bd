"""The endpoints of /api/v202406/esachannel and of the versions below it.

Documented: the list of versions is a plain array without paging. Not documented: that create and edit answer 200 with
the channel or version; which fields of the list eligibleForCalculatedMeter depends on (here: primary value channels
of data points that are not calculated).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.channel_table import read_channel
from reconciler.sandbox.channel_writes import (
    create_channel,
    create_version,
    delete_channel,
    delete_version,
    edit_channel,
    edit_version,
)
from reconciler.sandbox.http_responses import (
    AppState,
    JsonResponse,
    make_response,
    respond_with_json,
    run_write,
    shape_put_response,
)
from reconciler.sandbox.list_queries import (
    BOOLEAN_OPERATORS,
    INTEGER_OPERATORS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
    FieldType,
    FilterField,
    ListRequest,
    find_page,
)
from reconciler.sandbox.rendering import render_channel, render_for_read
from reconciler.sandbox.settings import Deletion, PageOrder, PagingHeaders
from reconciler.sandbox.store import SETTING

if TYPE_CHECKING:
    from starlette.requests import Request

    from reconciler.sandbox.channel_table import Channel
    from reconciler.sandbox.list_queries import Page
    from reconciler.sandbox.reference_table import Record
    from reconciler.sandbox.settings import Settings


PATH = "/api/v202406/esachannel"

# In the scope of a request: what a fault does to its page.
SHUFFLED_PAGE = "sandbox.shuffled"
TRUNCATED_PAGE = "sandbox.truncated"

_POINT = "(SELECT json_extract(record, '$.{}') FROM data_points WHERE id = data_point_id)"
_TYPE_ID = SETTING.format("observationTypeId")
_TYPE_CODE = f"(SELECT json_extract(record, '$.observationTypeCode') FROM observation_types WHERE id = {_TYPE_ID})"  # noqa: S608 - constants
_FIELDS = {
    "channelId": FilterField("channel_id", FieldType.INTEGER, INTEGER_OPERATORS),
    "channelInfo": FilterField(SETTING.format("channelInfo"), FieldType.TEXT, TEXT_OPERATORS),
    "dataPointCode": FilterField(_POINT.format("dataPointCode"), FieldType.TEXT, TEXT_OPERATORS),
    "dataPointId": FilterField("data_point_id", FieldType.INTEGER, INTEGER_OPERATORS),
    "dataPointInfo": FilterField(_POINT.format("dataPointInfo"), FieldType.TEXT, TEXT_OPERATORS),
    "eligibleForCalculatedMeter": FilterField(
        f"({SETTING.format('isPrimaryValue')} AND NOT ifnull({_POINT.format('isCalculatedDataPoint')}, 0))",
        FieldType.BOOLEAN,
        BOOLEAN_OPERATORS,
    ),
    "isPrimaryValue": FilterField(SETTING.format("isPrimaryValue"), FieldType.BOOLEAN, BOOLEAN_OPERATORS),
    "lastReadingDate": FilterField("last_date", FieldType.TIME, TIME_OPERATORS),
    "observationTypeCode": FilterField(_TYPE_CODE, FieldType.TEXT, TEXT_OPERATORS),
    "observationTypeId": FilterField(_TYPE_ID, FieldType.INTEGER, INTEGER_OPERATORS),
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
            return self._answer(create_channel(self.state.store, self.state.settings, body))

        return await run_write(self.state, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a channel replaced as a whole."""

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            edited = edit_channel(self.state.store, self.state.settings, channel, body)
            return shape_put_response(self.state.settings, self._answer(edited))

        return await run_write(self.state, request, decide)

    async def delete(self, request: Request) -> Response:
        """DELETE: a channel and its readings."""

        def decide(_body: Any) -> JsonResponse:
            delete_channel(self.state.store, find_channel(self.state, request))
            return JsonResponse(204, "")

        return await run_write(self.state, request, decide)

    def _answer(self, channel: Channel) -> JsonResponse:
        return JsonResponse(200, render_channel(self.state.store, self.state.settings, channel.channel_id))


def _headers(page: Page, settings: Settings) -> dict[str, str]:
    if settings.paging_headers is PagingHeaders.ALL:
        return page.headers
    return {"TotalPages": page.headers["TotalPages"]}


class VersionEndpoints(Struct, frozen=True):
    """What happens at each path of versions."""

    state: AppState

    def routes(self) -> list[Route]:
        """Paths and methods, in lower case."""
        all_of_channel = PATH + "/{channel_id:int}/version"
        one = all_of_channel + "/{version_id:int}"
        routes = [
            Route(all_of_channel, self.list_versions, methods=["GET"]),
            Route(all_of_channel, self.create, methods=["POST"]),
            Route(one, self.read, methods=["GET"]),
            Route(one, self.edit, methods=["PUT"]),
        ]
        if self.state.settings.deletion is Deletion.LEGACY:
            routes.append(Route(one, self.delete, methods=["DELETE"]))
        return routes

    async def list_versions(self, request: Request) -> Response:
        """GET: all versions, the earliest first."""
        channel = find_channel(self.state, request)
        return respond_with_json(self._show(channel.channel_id))

    async def read(self, request: Request) -> Response:
        """GET: one version."""
        channel = find_channel(self.state, request)
        versions = self._show(channel.channel_id)
        return make_response(_choose(versions, channel.channel_id, request.path_params["version_id"]))

    async def create(self, request: Request) -> Response:
        """POST: a new version."""

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            saved, version_id = create_version(self.state.store, self.state.settings, channel, body)
            return self._answer(saved.channel_id, version_id)

        return await run_write(self.state, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a version replaced as a whole."""
        version_id = request.path_params["version_id"]

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            self._answer(channel.channel_id, version_id)
            edit_version(self.state.store, self.state.settings, channel, version_id, body)
            return shape_put_response(self.state.settings, self._answer(channel.channel_id, version_id))

        return await run_write(self.state, request, decide)

    async def delete(self, request: Request) -> Response:
        """DELETE: a version that is not the only one."""
        version_id = request.path_params["version_id"]

        def decide(_body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            self._answer(channel.channel_id, version_id)
            delete_version(self.state.store, self.state.settings, channel, version_id)
            return JsonResponse(204, "")

        return await run_write(self.state, request, decide)

    def _show(self, channel_id: int) -> list[Record]:
        """What a read shows of the versions of a channel."""
        text = render_for_read(self.state.store, self.state.settings, (channel_id,))[0]
        versions: list[Record] = json.loads(text)["channelVersions"]
        return versions

    def _answer(self, channel_id: int, version_id: int) -> JsonResponse:
        text = render_channel(self.state.store, self.state.settings, channel_id)
        return _choose(json.loads(text)["channelVersions"], channel_id, version_id)


def _choose(versions: list[Record], channel_id: int, version_id: int) -> JsonResponse:
    for version in versions:
        if version["channelVersionId"] == version_id:
            return JsonResponse(200, json.dumps(version))
    raise ApiError(404, f"Channel {channel_id} has no version with the id {version_id}.")
