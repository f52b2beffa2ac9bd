"""The endpoints of /api/v202406/esachannel/{esaChannelId}/version: list, get, create, edit, and by a setting delete.

Documented: the list is a plain array without paging. Not documented: that create and edit answer 200 with the version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.routing import Route

from reconciler.sandbox import editing
from reconciler.sandbox.answers import (
    AppState,
    JsonResponse,
    make_response,
    respond_with_json,
    run_write,
    shape_put_response,
)
from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.channel_endpoints import PATH, find_channel
from reconciler.sandbox.choices import Deletion
from reconciler.sandbox.rendering import render_channel, render_for_read

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.reference_table import Record


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
            saved, version_id = editing.create_version(self.state.store, self.state.settings, channel, body)
            return self._answer(saved.channel_id, version_id)

        return await run_write(self.state, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a version replaced as a whole."""
        version_id = request.path_params["version_id"]

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            self._answer(channel.channel_id, version_id)
            editing.edit_version(self.state.store, self.state.settings, channel, version_id, body)
            return shape_put_response(self.state.settings, self._answer(channel.channel_id, version_id))

        return await run_write(self.state, request, decide)

    async def delete(self, request: Request) -> Response:
        """DELETE: a version that is not the only one."""
        version_id = request.path_params["version_id"]

        def decide(_body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            self._answer(channel.channel_id, version_id)
            editing.delete_version(self.state.store, self.state.settings, channel, version_id)
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
