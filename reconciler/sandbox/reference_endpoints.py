"""The endpoints of what channels refer to: units, observation types, data points; and the two formula checks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.routing import Route

from reconciler.sandbox.bodies import ApiError, Body, Presence, bad_request, parse_json, read_body
from reconciler.sandbox.channel_table import read_data_point_channels
from reconciler.sandbox.channel_writes import check_channel_formula, check_meter_formula
from reconciler.sandbox.http_responses import AppState, JsonResponse, make_response, respond_with_json
from reconciler.sandbox.list_queries import (
    INTEGER_OPERATORS,
    TEXT_OPERATORS,
    Condition,
    FieldType,
    FilterField,
    parse_filter,
)
from reconciler.sandbox.reference_table import DataPoint, ReferenceKind, read_data_point
from reconciler.sandbox.rendering import render_for_read
from reconciler.sandbox.settings import FormulaValidation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.bodies import Violation
    from reconciler.sandbox.reference_table import Record
    from reconciler.sandbox.settings import ObservationTypeList, UnitList


def _field(path: str, kind: FieldType) -> FilterField:
    operators = INTEGER_OPERATORS if kind is FieldType.INTEGER else TEXT_OPERATORS
    return FilterField(f"json_extract(record, '$.{path}')", kind, operators)


_UNIT_FIELDS = {
    "unitTypeCode": _field("unitType.unitTypeCode", FieldType.TEXT),
    "unitTypeId": _field("unitType.unitTypeId", FieldType.INTEGER),
    "unitTypeInfo": _field("unitType.unitTypeInfo", FieldType.TEXT),
}
_UNIT_PROPERTIES = ("unitCode", "unitDisplayName", "unitId", "unitInfo", "unitType")
# By the page one can filter by commodity, though the answer shows none.
_TYPE_FIELDS = {
    "commodityCode": _field("commodity.commodityCode", FieldType.TEXT),
    "commodityId": _field("commodity.commodityId", FieldType.INTEGER),
    "commodityInfo": _field("commodity.commodityInfo", FieldType.TEXT),
    "nounCode": _field("nounCode", FieldType.TEXT),
    "nounId": _field("nounId", FieldType.INTEGER),
}
_TYPE_PROPERTIES = ("credit", "nounCode", "nounId", "observationTypeCode", "observationTypeId", "observationTypeInfo")


class ReferenceEndpoints(Struct, frozen=True):
    """What happens at each path of reference data and formulas."""

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
        _check_offered(self.state.settings.unit_list)
        return respond_with_json(
            self._list(ReferenceKind.UNITS, parse_filter(_filter(request), _UNIT_FIELDS), _UNIT_PROPERTIES)
        )

    async def list_observation_types(self, request: Request) -> Response:
        """GET: all observation types that pass the filter."""
        _check_offered(self.state.settings.observation_type_list)
        condition = parse_filter(_filter(request), _TYPE_FIELDS)
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
        """POST: whether a formula may stand on a data point. Writes nothing."""
        _check_offered(self.state.settings.formula_validation)
        data_point_id, formula = _parse_question(await request.body())
        return self._verdict(check_channel_formula(self.state.store, data_point_id, formula))

    async def validate_meter(self, request: Request) -> Response:
        """POST: whether a formula may make a calculated meter. Writes nothing."""
        _check_offered(self.state.settings.formula_validation)
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


def _check_offered(choice: UnitList | ObservationTypeList | FormulaValidation) -> None:
    """Raises `ApiError` for a call that the settings refuse or leave out."""
    if choice.value == "forbidden":
        raise ApiError(403, "The license does not include this.")
    if choice.value == "absent":
        raise ApiError(404, "Not Found")


def _filter(request: Request) -> str | None:
    parameters: Mapping[str, str] = {name.lower(): value for name, value in request.query_params.items()}
    return parameters.get("filter")


def _data_point_response(data_point: DataPoint, channels: list[Record]) -> Record:
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
    violations: list[Violation] = []
    body: Body = read_body(parse_json(raw), "", violations)
    data_point_id = body.integer("dataPointId")
    formula = body.text("formula", presence=Presence.REQUIRED)
    if violations:
        raise bad_request(*violations)
    return data_point_id or 0, formula or ""
