"""A client for the tests of the sandbox, and bodies made from what it answers.

Written from the vendor's page, like the sandbox, but without its code.
"""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from msgspec import Struct

if TYPE_CHECKING:
    from reconciler.sandbox import Service, World

CHANNELS = "/api/v202406/esachannel"
HEADERS = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json"}

# Loading the machine's certificates takes longer than most tests, and nothing here speaks TLS.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

Json = dict[str, Any]


class Start(Protocol):
    """Starts a sandbox."""

    def __call__(self, *assignments: str, world: World | None = None, faults: tuple[str, ...] = ()) -> Bench: ...


class Bench(Struct, frozen=True):
    """A running sandbox and a client that has its key."""

    service: Service
    client: httpx.Client

    def read(self, channel_id: int) -> Json:
        """A channel as it is now."""
        channel: Json = self.client.get(f"{CHANNELS}/{channel_id}").raise_for_status().json()
        return channel

    def put(self, channel_id: int, **changes: Any) -> httpx.Response:
        """A PUT of the channel as it is, but for `changes`; an Ellipsis leaves a key out."""
        body = edit_of(self.read(channel_id)) | changes
        return self.client.put(f"{CHANNELS}/{channel_id}", content=json.dumps(_without_gaps(body)))

    def put_with_version(self, channel_id: int, **changes: Any) -> httpx.Response:
        """A PUT of the channel as it is, but for `changes` of its version."""
        version = edit_of(self.read(channel_id))["esaChannelVersion"] | changes
        return self.put(channel_id, esaChannelVersion=_without_gaps(version))

    def put_version(self, path: str, **changes: Any) -> httpx.Response:
        """A PUT of the version as it is, but for `changes`."""
        version = version_edit_of(self.client.get(path).raise_for_status().json()) | changes
        return self.client.put(path, content=json.dumps(_without_gaps(version)))

    def edit_text(self, channel_id: int) -> str:
        """The text of a PUT that changes nothing."""
        return json.dumps(edit_of(self.read(channel_id)))


def connect(url: str, key: str = "sandbox") -> httpx.Client:
    """A client with a key."""
    return httpx.Client(base_url=url, headers=HEADERS | {"ECI-ApiKey": key}, trust_env=False, verify=_NO_CERTIFICATES)


def edit_of(response: Json) -> Json:
    """The EsaChannelEdit that changes nothing, with the latest version."""
    return {
        "channelDescription": response["channelDescription"],
        "channelImportId": response["channelImportId"],
        "channelInfo": response["channelInfo"],
        "esaChannelVersion": version_edit_of(response["channelVersions"][-1]),
        "intervalMinutes": None if response["isCalculated"] else response["interval"],
        "isCalculated": response["isCalculated"],
        "isPrimaryDemand": response["isPrimaryDemand"],
        "isPrimaryValue": response["isPrimaryValue"],
        "observationTypeId": response["observationType"]["observationTypeId"],
        "summarizationMethodId": response["summarizationMethod"]["summarizationMethodId"],
    }


def version_edit_of(version: Json) -> Json:
    """The EsaChannelVersionEdit that changes nothing."""
    same = (
        "beginDate",
        "formula",
        "isValuePositive",
        "maximumReading",
        "minimumReading",
        "multiplier",
        "offset",
        "rollbackAllowance",
        "rolloverValue",
    )
    return {name: version[name] for name in same} | {
        "observationRuleId": version["observationRule"]["observationRuleId"],
        "unitId": version["unit"]["unitId"],
    }


def broken(response: httpx.Response) -> list[str]:
    """The properties that a 400 names."""
    assert response.status_code == 400, response.text
    return [error["property"] for error in response.json()["errors"]]


def only_edit(before: Json, after: Json) -> Json:
    """What differs between two responses, by property, as it is after."""
    return {name: value for name, value in after.items() if before[name] != value}


def reading(time: str, value: float, **changes: Any) -> Json:
    """A reading as a request sends it."""
    return {"time": time, "value": value, "estimated": False, "note": None} | changes


def send(bench: Bench, path: str, *groups: Json) -> Json:
    """The response to a POST of readings."""
    answer: Json = bench.client.post(path, json=list(groups)).raise_for_status().json()
    return answer


def listed(bench: Bench, channel_id: int, **span: str) -> list[tuple[str, float | None, float]]:
    """The time, value and raw value of each reading of a channel."""
    response = bench.client.get(f"/api/v3/channel/{channel_id}/reading", params=span).raise_for_status()
    return [(one["time"], one["value"], one["rawValue"]) for one in response.json()["readings"]]


def _without_gaps(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not ...}
