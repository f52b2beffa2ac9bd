"""The endpoints that this tool uses, and the requests that each client may send."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Endpoint(Struct, frozen=True):
    """A method, and a path with placeholders for ids.

    `is_read` means that a request may be repeated, whatever happened to the first. `permission` is what the user of the
    key needs.
    """

    method: str
    template: str
    is_read: bool = True
    permission: str = "Meters (View)"

    def __str__(self) -> str:
        return f"{self.method} {self.template}".replace("{}", "{id}")

    def request(
        self,
        *ids: int,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
    ) -> Request:
        """A request to this endpoint with these ids, and `body` as JSON in ASCII."""
        content = None if body is None else json.dumps(body, allow_nan=False).encode("ascii")
        return Request(self, self.template.format(*ids), tuple((query or {}).items()), content)


class Request(Struct, frozen=True):
    """One request, ready to be sent."""

    endpoint: Endpoint
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.endpoint.method} {self.path}"


LIST_CHANNELS = Endpoint("GET", "/api/v202406/esachannel")
READ_CHANNEL = Endpoint("GET", "/api/v202406/esachannel/{}")
READ_DATA_POINT = Endpoint("GET", "/api/v202406/datapoint/{}")
# "No idempotency key": a second one may make a second channel or version, so neither is ever sent again unseen.
CREATE_CHANNEL = Endpoint("POST", "/api/v202406/esachannel", is_read=False, permission="Meters (Edit)")
EDIT_CHANNEL = Endpoint("PUT", "/api/v202406/esachannel/{}", is_read=False, permission="Meters (Edit)")
EDIT_VERSION = Endpoint("PUT", "/api/v202406/esachannel/{}/version/{}", is_read=False, permission="Meters (Edit)")
CREATE_VERSION = Endpoint("POST", "/api/v202406/esachannel/{}/version", is_read=False, permission="Meters (Edit)")
LIST_UNITS = Endpoint("GET", "/api/v202305/unit")
LIST_OBSERVATION_TYPES = Endpoint("GET", "/api/v3/observationtype")
# A POST that checks a formula and changes nothing.
VALIDATE_FORMULA = Endpoint("POST", "/api/v202405/formula/validate")
LIST_ESA_READINGS = Endpoint("GET", "/api/v202407/esaReading")
LIST_SUMMARIZED = Endpoint("GET", "/api/v202410/esaReading/summarized")
LIST_READINGS = Endpoint("GET", "/api/v3/channel/{}/reading")
# Whether a reading at the same time is overwritten or refused is not documented.
CREATE_READINGS = Endpoint("POST", "/api/v3/reading", is_read=False, permission="IntervalData (Manage)")
# "Existing readings at the same time on the channel are overwritten": a repeat changes nothing.
CREATE_ESA_READINGS = Endpoint("POST", "/api/v202407/esaReading", permission="IntervalData (Manage)")

# What a reader, an editor and a sender may send. The transport checks it by the method and path of each request.
READS = re.compile(r"GET /\S+|POST /api/v202405/formula/validate(CalculatedMeter)?")
WRITES = re.compile(
    rf"{READS.pattern}|PUT /api/v202406/esachannel/\d+(/version/\d+)?|"
    r"POST /api/v202406/esachannel(/\d+/version)?"
)
SENDS = re.compile(rf"{READS.pattern}|POST /api/v3/reading|POST /api/v202407/esaReading")
