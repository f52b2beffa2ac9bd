"""The settings: one answer for each thing the vendor's pages leave open.

Nothing here is documented by the vendor. Each setting stands for an unknown, its default is what seems most
plausible, and `describe_settings` is the one table of them all, for `sandbox serve --set` and the docs.
"""

from __future__ import annotations

from difflib import get_close_matches
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import fields

from reconciler.sandbox import choices
from reconciler.sandbox.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum


class Settings(Struct, frozen=True):
    """How the sandbox behaves where the vendor's pages say nothing."""

    put_version_semantics: choices.PutVersionSemantics = choices.PutVersionSemantics.LATEST
    missing_version: choices.MissingVersion = choices.MissingVersion.KEEP
    first_version_begin_date: choices.FirstVersionBeginDate = choices.FirstVersionBeginDate.NULL
    missing_defined_key: choices.MissingDefinedKey = choices.MissingDefinedKey.REJECT
    null_boolean: choices.NullBoolean = choices.NullBoolean.REJECT
    second_primary: choices.SecondPrimary = choices.SecondPrimary.DEMOTE
    clear_last_primary: choices.ClearLastPrimary = choices.ClearLastPrimary.REJECT
    odometer_nulls: choices.OdometerNulls = choices.OdometerNulls.FILL
    odometer_offset: choices.OdometerOffset = choices.OdometerOffset.REJECT
    interval_unit: choices.IntervalUnit = choices.IntervalUnit.MINUTES
    calculated_interval: choices.CalculatedInterval = choices.CalculatedInterval.DERIVED
    list_shape: choices.ListShape = choices.ListShape.FULL
    deletion: choices.Deletion = choices.Deletion.ABSENT
    duplicate_import_id: choices.DuplicateImportId = choices.DuplicateImportId.BAD_REQUEST
    error_body: choices.ErrorBody = choices.ErrorBody.JSON
    edit_with_readings: choices.EditWithReadings = choices.EditWithReadings.ALLOW
    v3_overwrite: choices.V3Overwrite = choices.V3Overwrite.UPSERT
    v3_sees_esa_channels: choices.V3SeesEsaChannels = choices.V3SeesEsaChannels.YES
    no_permission_status: choices.NoPermissionStatus = choices.NoPermissionStatus.UNAUTHORIZED
    formula_text: choices.FormulaText = choices.FormulaText.VERBATIM
    version_begin_inside: choices.VersionBeginInside = choices.VersionBeginInside.SPLIT
    page_order: choices.PageOrder = choices.PageOrder.STABLE
    trip_register: choices.TripRegister = choices.TripRegister.NULL
    empty_text: choices.EmptyText = choices.EmptyText.KEPT
    text_blanks: choices.TextBlanks = choices.TextBlanks.KEPT
    null_offset: choices.NullOffset = choices.NullOffset.NULL
    null_formula: choices.NullFormula = choices.NullFormula.NULL
    version_dates: choices.VersionDates = choices.VersionDates.NAIVE
    formula_validation: choices.FormulaValidation = choices.FormulaValidation.OFFERED
    unit_list: choices.UnitList = choices.UnitList.OFFERED
    observation_type_list: choices.ObservationTypeList = choices.ObservationTypeList.OFFERED
    put_answer: choices.PutAnswer = choices.PutAnswer.CHANNEL
    paging_headers: choices.PagingHeaders = choices.PagingHeaders.ALL
    page_cap: choices.PageCap = choices.PageCap.THOUSAND
    read_lag: choices.ReadLag = choices.ReadLag.NONE
    calculated_readings: choices.CalculatedReadings = choices.CalculatedReadings.SUMMARIZED


class SettingRow(Struct, frozen=True):
    """One line of the table of settings."""

    name: str
    values: tuple[str, ...]
    default: str
    question: str


def describe_settings() -> tuple[SettingRow, ...]:
    """Every setting with its values, its default and the question it answers, in the order of `Settings`."""
    return tuple(
        SettingRow(name, _values(type(default)), default.value, " ".join((getdoc(type(default)) or "").split()))
        for name, default in _defaults().items()
    )


def parse_settings(assignments: Iterable[str]) -> Settings:
    """The defaults with each `NAME=VALUE` carried out; the last one of a name counts.

    Raises `SettingError`, naming the nearest known name or all values, for one that is not understood.
    """
    chosen: dict[str, Any] = dict(_parse(assignment) for assignment in assignments)
    return Settings(**chosen)


def _parse(assignment: str) -> tuple[str, StrEnum]:
    name, equals, value = assignment.partition("=")
    if not equals:
        msg = f"a setting is written NAME=VALUE, found {assignment!r}"
        raise SettingError(msg)
    defaults = _defaults()
    if name not in defaults:
        raise SettingError(_unknown_name(name, tuple(defaults)))
    choice = type(defaults[name])
    if value not in _values(choice):
        msg = f"{name} must be one of {', '.join(_values(choice))}, found {value!r}"
        raise SettingError(msg)
    return name, choice(value)


def _defaults() -> dict[str, StrEnum]:
    defaults = Settings()
    return {one.name: getattr(defaults, one.name) for one in fields(Settings)}


def _values(choice: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in choice)


def _unknown_name(name: str, known: tuple[str, ...]) -> str:
    nearest = get_close_matches(name, known, n=1)
    if nearest:
        return f"no setting is called {name!r}; did you mean {nearest[0]}?"
    return f"no setting is called {name!r}; there are {', '.join(known)}"
