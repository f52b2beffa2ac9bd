"""The endpoints of /api/v202406/esachannel/{esaChannelId}/version: list, get, create, edit, and by a setting delete.

Documented: the list is a plain array without paging. Not documented: that create and edit answer 200 with the version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.routing import Route

from reconciler.sandbox import editing
from reconciler.sandbox.answers import Answer, Desk, answer_json, carry_out, send, shorten_put
from reconciler.sandbox.bodies import Refusal
from reconciler.sandbox.channel_endpoints import PATH, find_channel
from reconciler.sandbox.choices import Deletion
from reconciler.sandbox.rendering import render_channel, show_channels

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.reference_table import Record


class VersionEndpoints(Struct, frozen=True):
    """What happens at each path of versions."""

    desk: Desk

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
        if self.desk.settings.deletion is Deletion.LEGACY:
            routes.append(Route(one, self.delete, methods=["DELETE"]))
        return routes

    async def list_versions(self, request: Request) -> Response:
        """GET: all versions, the earliest first."""
        channel = find_channel(self.desk, request)
        return answer_json(self._show(channel.channel_id))

    async def read(self, request: Request) -> Response:
        """GET: one version."""
        channel = find_channel(self.desk, request)
        versions = self._show(channel.channel_id)
        return send(_choose(versions, channel.channel_id, request.path_params["version_id"]))

    async def create(self, request: Request) -> Response:
        """POST: a new version."""

        def decide(body: Any) -> Answer:
            channel = find_channel(self.desk, request)
            saved, version_id = editing.create_version(self.desk.store, self.desk.settings, channel, body)
            return self._answer(saved.channel_id, version_id)

        return await carry_out(self.desk, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a version replaced as a whole."""
        version_id = request.path_params["version_id"]

        def decide(body: Any) -> Answer:
            channel = find_channel(self.desk, request)
            self._answer(channel.channel_id, version_id)
            editing.edit_version(self.desk.store, self.desk.settings, channel, version_id, body)
            return shorten_put(self.desk.settings, self._answer(channel.channel_id, version_id))

        return await carry_out(self.desk, request, decide)

    async def delete(self, request: Request) -> Response:
        """DELETE: a version that is not the only one."""
        version_id = request.path_params["version_id"]

        def decide(_body: Any) -> Answer:
            channel = find_channel(self.desk, request)
            self._answer(channel.channel_id, version_id)
            editing.delete_version(self.desk.store, self.desk.settings, channel, version_id)
            return Answer(204, "")

        return await carry_out(self.desk, request, decide)

    def _show(self, channel_id: int) -> list[Record]:
        """What a read shows of the versions of a channel."""
        text = show_channels(self.desk.store, self.desk.settings, (channel_id,))[0]
        versions: list[Record] = json.loads(text)["channelVersions"]
        return versions

    def _answer(self, channel_id: int, version_id: int) -> Answer:
        text = render_channel(self.desk.store, self.desk.settings, channel_id)
        return _choose(json.loads(text)["channelVersions"], channel_id, version_id)


def _choose(versions: list[Record], channel_id: int, version_id: int) -> Answer:
    for version in versions:
        if version["channelVersionId"] == version_id:
            return Answer(200, json.dumps(version))
    raise Refusal(404, f"Channel {channel_id} has no version with the id {version_id}.")
