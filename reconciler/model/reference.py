"""The service's reference data: units, observation types, summarization methods."""

from __future__ import annotations

from msgspec import Struct


class Unit(Struct, frozen=True):
    """A unit; `type_code` and `type_name` are those of its unit type, None where the service does not say."""

    id: int
    code: str
    type_code: str | None = None
    type_name: str | None = None

    @property
    def is_money(self) -> bool | None:
        """Whether the unit is of a Money type; None where that cannot be known.

        Source: EsaChannelVersionEdit.unitId, "It cannot be a Money unit type"; ids and codes of unit types are not
        published, so the type's code or name decides.
        """
        known = [text for text in (self.type_code, self.type_name) if text]
        return any(text.casefold() == "money" for text in known) if known else None


class ObservationType(Struct, frozen=True):
    """What a channel observes; the noun says whether it is use, demand or cost."""

    id: int
    code: str
    noun_code: str | None = None

    @property
    def is_demand(self) -> bool | None:
        """Whether channels of this type are demand channels; None where the service gives no noun."""
        return self.noun_code.casefold() == "demand" if self.noun_code else None


class SummarizationMethod(Struct, frozen=True):
    """How readings are summarized over an interval. No endpoint lists them: they are learned from live channels."""

    id: int
    name: str


class ReferenceData(Struct, frozen=True):
    """All reference data of an environment, each ordered by id.

    `units_unread` and `observation_types_unread` say why the service's list could not be read, or not all of it; the
    tuples then hold what came, and what the channels show. Empty where all is known.
    """

    units: tuple[Unit, ...] = ()
    observation_types: tuple[ObservationType, ...] = ()
    summarization_methods: tuple[SummarizationMethod, ...] = ()
    units_unread: str = ""
    observation_types_unread: str = ""
