"""The names that each call of the readings API gives to the same pointers."""

from __future__ import annotations

from msgspec import Struct

from reconciler.model.routes import Identifiers


class IdentifierNames(Struct, frozen=True):
    """The property names of one call, and how many seconds its unit of intervals has."""

    channel_id: str
    channel_import_id: str
    meter_import_id: str
    interval: str
    interval_seconds: int
    observation_type_code: str = "observationTypeCode"
    unit_code: str = "unitCode"

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of the fields of `Identifiers`."""
        return (
            self.channel_id,
            self.channel_import_id,
            self.meter_import_id,
            self.observation_type_code,
            self.unit_code,
            self.interval,
        )

    def say(self, pointers: Identifiers) -> tuple[tuple[str, str | int | float], ...]:
        """Each pointer that is given, by the name it has here, the first to be looked at first."""
        seconds = pointers.interval_seconds
        values = (
            pointers.channel_id,
            pointers.channel_import_id,
            pointers.meter_import_id,
            pointers.observation_type_code,
            pointers.unit_code,
            None if seconds is None else _shorten(seconds / self.interval_seconds),
        )
        return tuple((name, value) for name, value in zip(self.names, values, strict=True) if value is not None)


def _shorten(number: float) -> int | float:
    return int(number) if number.is_integer() else number


# POST /api/v3/reading
V3_NAMES = IdentifierNames("channelId", "channelImportId", "meterImportId", "channelIntervalInSeconds", 1)
# POST /api/v202407/esaReading
ESA_NAMES = IdentifierNames("esaChannelId", "esaChannelImportId", "dataPointImportId", "esaChannelIntervalMinutes", 60)
