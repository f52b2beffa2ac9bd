"""The endpoints of channels, versions, units, observation types, data points and formula checks.

Documented: the list of versions is a plain array without paging. Not documented, and so decided here:
eligibleForCalculatedMeter is true for primary value channels of data points that are not calculated.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.bodies import ApiError, checked_body, parse_json
from reconciler.sandbox.channel_writes import (
    check_channel_formula,
    check_meter_formula,
    create_channel,
    create_version,
    delete_channel,
    delete_version,
    edit_channel,
    edit_version,
)
from reconciler.sandbox.properties import ReferenceKind
from reconciler.sandbox.rendering import render_channel, render_for_read
from reconciler.sandbox.responses import (
    BOOLEAN_OPERATORS,
    INTEGER_OPERATORS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
    AppState,
    Condition,
    FieldType,
    FilterField,
    JsonResponse,
    ListRequest,
    Page,
    find_page,
    get_page_headers,
    make_response,
    parse_filter,
    read_parameters,
    respond_with_json,
    run_write,
    shape_post_response,
    shape_put_response,
)
from reconciler.sandbox.settings import Deletion, FormulaValidation, PageOrder
from reconciler.sandbox.store import SETTING
from reconciler.sandbox.tables import DataPoint, read_channel, read_data_point, read_data_point_channels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from reconciler.sandbox.reading_settings import ReadingList, SummarizedList
    from reconciler.sandbox.settings import ObservationTypeList, UnitList
    from reconciler.sandbox.tables import Channel, Record


PATH = "/api/v202406/esachannel"

# Keys in the ASGI scope of a request, set by a fault that changes its page.
SHUFFLED_PAGE = "sandbox.shuffled"
TRUNCATED_PAGE = "sandbox.truncated"

# The vendor's page of the list has these filter fields; channelImportId is not among them.
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
    """The channel that the path names. Raises `ApiError` (404) if there is none."""
    # SQLite takes no larger number than 64 bits, and ids are int32.
    channel_id = request.path_params["channel_id"]
    channel = read_channel(state.store, channel_id) if channel_id < 2**31 else None
    if channel is None:
        raise _unknown_channel(channel_id)
    return channel


def read_as_shown(state: AppState, request: Request) -> str:
    """What a read shows of the channel that the path names. Raises `ApiError` (404) if it shows none."""
    channel_id = find_channel(state, request).channel_id
    texts = render_for_read(state.store, state.settings, (channel_id,))
    if not texts:
        raise _unknown_channel(channel_id)
    return texts[0]


def _unknown_channel(channel_id: int) -> ApiError:
    return ApiError(404, f"No channel has the id {channel_id}.")


def read_page(
    state: AppState,
    request: Request,
    fields: Mapping[str, FilterField],
    table: str = "channels",
    key: str = "channel_id",
) -> Page:
    """The page of the list of `table` that is asked for, as the settings and the faults of the request have it."""
    is_shuffled = state.settings.page_order is PageOrder.SHUFFLED or SHUFFLED_PAGE in request.scope
    shuffle = next(state.turns) if is_shuffled else None
    asked = ListRequest(fields, read_parameters(request), int(state.settings.page_cap), shuffle, table, key)
    page = find_page(state.store, asked)
    return replace(page, ids=page.ids[: len(page.ids) // 2]) if TRUNCATED_PAGE in request.scope else page


class ChannelEndpoints(Struct, frozen=True):
    """The endpoints of channels."""

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
        # The vendor publishes no page of a DELETE for ESA channels, only for those of the legacy API.
        if self.state.settings.deletion is Deletion.LEGACY:
            routes.append(Route(one, self.delete, methods=["DELETE"]))
        return routes

    async def list_channels(self, request: Request) -> Response:
        """GET: one page of channels."""
        settings = self.state.settings
        page = read_page(self.state, request, _FIELDS)
        texts = render_for_read(self.state.store, settings, (*page.ids, *page.late), settings.list_shape)
        return Response(f"[{','.join(texts)}]", headers=get_page_headers(page, settings), media_type="application/json")

    async def read(self, request: Request) -> Response:
        """GET: one channel."""
        return make_response(JsonResponse(200, read_as_shown(self.state, request)))

    async def create(self, request: Request) -> Response:
        """POST: a new channel."""

        def decide(body: Any) -> JsonResponse:
            created = create_channel(self.state.store, self.state.settings, body)
            return shape_post_response(self.state.settings, self._answer(created))

        return await run_write(self.state, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a channel, replaced as a whole."""

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


class VersionEndpoints(Struct, frozen=True):
    """The endpoints of versions."""

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
        return respond_with_json(self._show(request))

    async def read(self, request: Request) -> Response:
        """GET: one version."""
        versions, path = self._show(request), request.path_params
        return make_response(_choose(versions, path["channel_id"], path["version_id"]))

    async def create(self, request: Request) -> Response:
        """POST: a new version."""

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            saved, version_id = create_version(self.state.store, self.state.settings, channel, body)
            return shape_post_response(self.state.settings, self._answer(saved.channel_id, version_id))

        return await run_write(self.state, request, decide)

    async def edit(self, request: Request) -> Response:
        """PUT: a version, replaced as a whole."""
        version_id = request.path_params["version_id"]

        def decide(body: Any) -> JsonResponse:
            channel = find_channel(self.state, request)
            # Raises the 404 of an unknown version before anything is written.
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

    def _show(self, request: Request) -> list[Record]:
        """What a read shows of the versions of a channel."""
        versions: list[Record] = json.loads(read_as_shown(self.state, request))["channelVersions"]
        return versions

    def _answer(self, channel_id: int, version_id: int) -> JsonResponse:
        text = render_channel(self.state.store, self.state.settings, channel_id)
        return _choose(json.loads(text)["channelVersions"], channel_id, version_id)


def _choose(versions: list[Record], channel_id: int, version_id: int) -> JsonResponse:
    for version in versions:
        if version["channelVersionId"] == version_id:
            return JsonResponse(200, json.dumps(version))
    raise ApiError(404, f"Channel {channel_id} has no version with the id {version_id}.")


def _field(path: str, kind: FieldType) -> FilterField:
    operators = INTEGER_OPERATORS if kind is FieldType.INTEGER else TEXT_OPERATORS
    return FilterField(f"json_extract(record, '$.{path}')", kind, operators)


_UNIT_FIELDS = {
    "unitTypeCode": _field("unitType.unitTypeCode", FieldType.TEXT),
    "unitTypeId": _field("unitType.unitTypeId", FieldType.INTEGER),
    "unitTypeInfo": _field("unitType.unitTypeInfo", FieldType.TEXT),
}
_UNIT_PROPERTIES = ("unitCode", "unitDisplayName", "unitId", "unitInfo", "unitType")
# The page allows a filter by commodity, although the response shows none.
_TYPE_FIELDS = {
    "commodityCode": _field("commodity.commodityCode", FieldType.TEXT),
    "commodityId": _field("commodity.commodityId", FieldType.INTEGER),
    "commodityInfo": _field("commodity.commodityInfo", FieldType.TEXT),
    "nounCode": _field("nounCode", FieldType.TEXT),
    "nounId": _field("nounId", FieldType.INTEGER),
}
_TYPE_PROPERTIES = ("credit", "nounCode", "nounId", "observationTypeCode", "observationTypeId", "observationTypeInfo")


class ReferenceEndpoints(Struct, frozen=True):
    """The endpoints of reference data and formula checks."""

    state: AppState

    def routes(self) -> list[Route]:
        """Paths and methods, in lower case."""
        return [
            Route("/api/v202305/unit", self.list_units, methods=["GET"]),
            Route("/api/v3/observationtype", self.list_observation_types, methods=["GET"]),
            Route("/api/v202406/datapoint/{data_point_id:int}", self.read_data_point, methods=["GET"]),
            Route("/api/v202405/formula/validate", self.validate, methods=["POST"]),
            Route("/api/v202405/formula/validatecalculatedmeter", self.validate_meter, methods=["POST"]),
        ]

    async def list_units(self, request: Request) -> Response:
        """GET: all units that pass the filter."""
        check_offered(self.state.settings.unit_list)
        return respond_with_json(
            self._list(
                ReferenceKind.UNITS,
                parse_filter(read_parameters(request).get("filter"), _UNIT_FIELDS),
                _UNIT_PROPERTIES,
            )
        )

    async def list_observation_types(self, request: Request) -> Response:
        """GET: all observation types that pass the filter."""
        check_offered(self.state.settings.observation_type_list)
        condition = parse_filter(read_parameters(request).get("filter"), _TYPE_FIELDS)
        return respond_with_json(self._list(ReferenceKind.OBSERVATION_TYPES, condition, _TYPE_PROPERTIES))

    async def read_data_point(self, request: Request) -> Response:
        """GET: one data point with its channels."""
        data_point_id = request.path_params["data_point_id"]
        data_point = read_data_point(self.state.store, data_point_id)
        if data_point is None:
            raise ApiError(404, f"No data point has the id {data_point_id}.")
        ids = [channel.channel_id for channel in read_data_point_channels(self.state.store, data_point_id)]
        texts = render_for_read(self.state.store, self.state.settings, ids)
        return respond_with_json(_data_point_response(data_point, [json.loads(text) for text in texts]))

    async def validate(self, request: Request) -> Response:
        """POST: whether a formula is valid on a data point. Writes nothing."""
        check_offered(self.state.settings.formula_validation)
        data_point_id, formula = _parse_question(await request.body())
        return self._verdict(check_channel_formula(self.state.store, data_point_id, formula))

    async def validate_meter(self, request: Request) -> Response:
        """POST: whether a formula is valid for a calculated meter. Writes nothing."""
        check_offered(self.state.settings.formula_validation)
        data_point_id, formula = _parse_question(await request.body())
        return self._verdict(check_meter_formula(self.state.store, data_point_id, formula))

    def _verdict(self, messages: tuple[str, ...]) -> Response:
        match self.state.settings.formula_validation:
            case FormulaValidation.EMPTY:
                return make_response(JsonResponse(200, ""))
            case FormulaValidation.TRUE:
                return make_response(JsonResponse(200, "true"))
            case _:
                value: dict[str, Any] = {"valid": not messages, "errorMessages": list(messages)}
                return respond_with_json(value)

    def _list(self, kind: ReferenceKind, condition: Condition, properties: tuple[str, ...]) -> list[Record]:
        query = f"SELECT record FROM {kind} WHERE {condition.sql} ORDER BY id"  # noqa: S608 - values are bound
        rows = self.state.store.connection.execute(query, condition.parameters)
        records = [json.loads(row[0]) for row in rows]
        return [{name: record.get(name) for name in properties} for record in records]


def check_offered(choice: UnitList | ObservationTypeList | FormulaValidation | ReadingList | SummarizedList) -> None:
    """Raises `ApiError` if the settings say that the endpoint is refused or does not exist."""
    if choice.value == "forbidden":
        raise ApiError(403, "The license does not include this.")
    if choice.value == "absent":
        raise ApiError(404, "Not Found")


def _data_point_response(data_point: DataPoint, channels: list[Record]) -> Record:
    # This page alone calls the import id importId; a channel's response calls it dataPointImportId.
    record, details = data_point.record, data_point.details
    children = ("channelId", "channelInfo", "interval")
    return {
        "active": record.get("active"),
        "channels": [{name: channel[name] for name in children} for channel in channels],
        "commodity": record.get("commodity"),
        "createdBy": details.get("createdBy"),
        "createdDate": details.get("createdDate"),
        "dataPointCode": record.get("dataPointCode"),
        "dataPointDescription": details.get("dataPointDescription"),
        "dataPointId": record["dataPointId"],
        "dataPointInfo": record.get("dataPointInfo"),
        "dataPointTimeZone": details.get("dataPointTimeZone"),
        "importId": record.get("dataPointImportId"),
    }


def _parse_question(raw: bytes) -> tuple[int, str]:
    with checked_body(parse_json(raw)) as body:
        return body.integer("dataPointId") or 0, body.text("formula", is_required=True) or ""
