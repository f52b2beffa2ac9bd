"""The calls this tool makes of the service, and those that may leave it at all."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Endpoint(Struct, frozen=True):
    """A call of the service: a method, and a path with its ids left open.

    `is_read` says that asking twice does no more than asking once, whatever became of the first answer. `permission` is
    what the key's user needs for it.
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
        """A request of this call, with its ids filled in and `body` as JSON, all in ASCII."""
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
EDIT_CHANNEL = Endpoint("PUT", "/api/v202406/esachannel/{}", is_read=False, permission="Meters (Edit)")
EDIT_VERSION = Endpoint("PUT", "/api/v202406/esachannel/{}/version/{}", is_read=False, permission="Meters (Edit)")
LIST_UNITS = Endpoint("GET", "/api/v202305/unit")
LIST_OBSERVATION_TYPES = Endpoint("GET", "/api/v3/observationtype")
# A POST that reads: it judges a formula and leaves nothing behind.
VALIDATE_FORMULA = Endpoint("POST", "/api/v202405/formula/validate")
LIST_READINGS = Endpoint("GET", "/api/v3/channel/{}/reading")
# Whether a reading that is there already is overwritten or refused is not documented.
CREATE_READINGS = Endpoint("POST", "/api/v3/reading", is_read=False, permission="IntervalData (Manage)")
# "Existing readings at the same time on the channel are overwritten": asked twice, it leaves what it left once.
CREATE_ESA_READINGS = Endpoint("POST", "/api/v202407/esaReading", permission="IntervalData (Manage)")

# What may leave a reader, an editor and a sender, judged by method and path as they go out, whatever is said above.
READS = re.compile(r"GET /\S+|POST /api/v202405/formula/validate(CalculatedMeter)?")
WRITES = re.compile(rf"{READS.pattern}|PUT /api/v202406/esachannel/\d+(/version/\d+)?")
SENDS = re.compile(rf"{READS.pattern}|POST /api/v3/reading|POST /api/v202407/esaReading")
