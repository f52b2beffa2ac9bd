"""The objects of a plan file as types, and how a document becomes one of them or is refused in plain words."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar, cast

from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert

from reconciler.model.channels import DataPoint
from reconciler.model.fields import FIELD_AT
from reconciler.model.findings import Severity
from reconciler.model.identifiers import V3_NAMES, Identifiers, ResolutionFailure
from reconciler.model.plan import (
    Action,
    Edit,
    FormulaLink,
    History,
    LeftOut,
    RemovedDefinition,
    Summary,
    Verdict,
    VersionAction,
)
from reconciler.model.registers import SwapFacts
from reconciler.model.values import Value

if TYPE_CHECKING:
    from reconciler.model.values import Spec

Document: TypeAlias = dict[str, object]
Kind = TypeVar("Kind")

RESOURCE_TYPE = "esa_channel"
_PREFIX = f"{RESOURCE_TYPE}."
_PATTERN = rf"^{RESOURCE_TYPE}\."
_Address: TypeAlias = Annotated[str, Meta(pattern=_PATTERN)]


def address_of(name: str) -> str:
    """The address of the change called `name`."""
    return f"{_PREFIX}{name}"


def name_at(address: str) -> str:
    """The name of the change with this `address`."""
    return address.removeprefix(_PREFIX)


# Rows hold no cycles, and tens of thousands of them would keep the collector busy.
class Row(Struct, frozen=True, gc=False):
    """An object of a file. Where it differs from its record, it has properties or names as the record has them."""


class _LocationRow(Row, frozen=True, rename={"path": "keys"}):
    file: str
    line: int
    column: int
    path: tuple[str, ...]
    length: int
    excerpt: str


class FindingRow(Row, frozen=True, rename={"location": "place"}):
    """A `Finding`; the part of a value that is meant shows in the excerpt."""

    code: str
    severity: Severity
    message: str
    location: _LocationRow | None
    detail: tuple[str, ...]
    fix: str


class _IdentifiersRow(Row, frozen=True, rename=dict(zip(Identifiers.__struct_fields__, V3_NAMES.names, strict=True))):
    channel_id: int | None
    channel_import_id: str | None
    meter_import_id: str | None
    observation_type_code: str | None
    unit_code: str | None
    interval_seconds: int | None


class _FeedStepRow(Row, frozen=True, rename={"failure": "problem"}):
    address: _Address
    paths: tuple[str, ...]
    channel_id: int | None
    failure: ResolutionFailure | None

    @property
    def change(self) -> str:
        return name_at(self.address)


class FeedRow(Row, frozen=True, rename={"steps": "moves", "is_change_blocked": "held"}):
    """A `FeedRoute`."""

    name: str
    expect: str
    before: int | None
    after: int | None
    findings: tuple[str, ...]
    steps: tuple[_FeedStepRow, ...]
    is_change_blocked: bool
    identifiers: _IdentifiersRow


class _BlockerRow(Row, frozen=True):
    rule: str
    message: str
    evidence: Document
    unblock: str
    verdict: Verdict

    @property
    def is_unknown(self) -> bool:
        return self.verdict is Verdict.UNKNOWN


class _TemplateRow(Row, frozen=True, rename={"entries": "with", "template": "name"}):
    """A `TemplateValue`."""

    template: str
    file: str
    line: int
    keys: tuple[str, ...]
    entries: dict[str, Value]

    @property
    def path(self) -> tuple[str, ...]:
        return self.keys

    @property
    def given(self) -> tuple[tuple[str, Value], ...]:
        return tuple(sorted(self.entries.items(), key=itemgetter(0)))


class EditRow(Edit, frozen=True, kw_only=True):
    """An `Edit`, what it multiplies all values by, and the template that gives its value."""

    factor: int | float | None
    template: _TemplateRow | None = None


class _SourceRow(Row, frozen=True):
    file: str
    line: int


class _CurrentVersionRow(Row, frozen=True):
    id: int
    count: int


class _PairRow(Row, frozen=True):
    before: Document
    after: Document


class VersionChangeRow(_PairRow, frozen=True):
    """A `VersionChange`; its values by the keys of a version."""

    action: VersionAction
    begin: str | None
    end: str | None
    id: int | None
    inherited: Document
    api: _PairRow
    first_reading: str | None
    last_reading: str | None
    because: str
    # The first plans of this format do not have it.
    swap: SwapFacts | None = None


class _ValuesRow(_PairRow, frozen=True):
    actions: tuple[Action]
    api: _PairRow | UnsetType = UNSET
    # The first plans of this format know no version but the current one.
    versions: tuple[VersionChangeRow, ...] = ()


class ChangeRow(Row, frozen=True):
    """A `Change`."""

    address: str
    type: Literal["esa_channel"]
    mode: Literal["managed"]
    name: str
    # None for a new channel.
    channel_id: int | None
    channel_info: str
    data_point: DataPoint
    source: _SourceRow
    change: _ValuesRow
    edits: tuple[EditRow, ...]
    verdict: Verdict
    blocked_by: tuple[_BlockerRow, ...]
    blocked_dependents: list[str]
    depends_on: tuple[_Address, ...]
    feeds: tuple[str, ...]
    version: _CurrentVersionRow
    history: History | None
    fingerprint: str


class _EnvironmentRow(Row, frozen=True):
    name: str
    url: str


class _DefinitionsRow(Row, frozen=True):
    commit: str | None
    uncommitted: bool | None
    digest: str
    folder: str


class RegisterFallRow(Row, frozen=True):
    """A `RegisterFall`, and the change whose channel has it."""

    address: _Address
    last_time: str
    last_value: float
    first_time: str
    first_value: float


class PlanRow(Row, frozen=True):
    """A `Plan`, but for its changes, which are many and decoded one by one."""

    tool_version: str
    environment: _EnvironmentRow
    created: str
    definitions: _DefinitionsRow
    snapshot: str | None
    managed: int
    filter: tuple[str, ...]
    complete: bool
    errored: bool
    summary: Summary
    findings: tuple[FindingRow, ...]
    no_longer_managed: tuple[RemovedDefinition, ...]
    feeds: tuple[FeedRow, ...]
    formula_links: tuple[FormulaLink, ...]
    resource_changes: tuple[Document, ...]
    # A plan that leaves nothing out does not have it.
    left_out: LeftOut = LeftOut()
    register_falls: tuple[RegisterFallRow, ...] = ()


class VersionedRow(Row, frozen=True):
    """What a file says of its own version, which decides whether the rest can be read."""

    format_version: str


class Damage(Exception):
    """Says which part of a document is missing or not what it must be: the place, what was expected, what was found."""


def make_damage(place: str, expected: str, found: object) -> Damage:
    """The damage of `found` at `place`, where `expected` must be; "" is the whole file."""
    return Damage(f"{place or 'the file'} must be {expected}, found {_name_shape(found)}")


def decode(document: object, row: type[Kind], place: str = "") -> Kind:
    """`document`, which is at `place`, as a `row`; keys that a row does not have are left out. Raises Damage."""
    try:
        return convert(document, row)
    except ValidationError as error:
        raise _explain(str(error), document, place) from None
    except UnicodeEncodeError:
        # JSON can hold one half of a surrogate pair. In a text that is kept; no key and no known word has one.
        raise Damage(f"{place or 'the file'} has a key or a word that is not valid Unicode") from None


def check_spec(document: Document, place: str) -> Spec:
    """`document`, which is at `place`, if it holds nothing but values of fields, by their paths. Raises Damage."""
    # Nearly all paths are those of the current version, which need no look at each.
    if not document.keys() <= FIELD_AT.keys() and (unknown := [path for path in document if path not in FIELD_AT]):
        raise make_damage(place, "made of fields that this reconciler knows", min(unknown))
    # msgspec would not say at which key of an object with any keys.
    if not {dict, list}.isdisjoint(map(type, document.values())):
        path, value = next((path, value) for path, value in document.items() if isinstance(value, dict | list))
        raise make_damage(f"{place}.{path}", "text, a number, true, false or null", value)
    return cast("Spec", document)


_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "object": "an object",
    "str": "text",
    "of length 1": "with one value",
    "of length >= 1": "with at least one value",
    f"matching regex {_PATTERN!r}": f"that starts with {_PREFIX}",
}


def _explain(message: str, document: object, place: str) -> Damage:
    """What msgspec says, in plain words: ``Expected `int | null`, got `str` - at `$.a[0].b` ``."""
    # The last one: a message quotes a word that is not known, and the word may hold the same text.
    problem, _, inner = message.rpartition(" - at `$")
    problem, inner = (problem, inner.removesuffix("`")) if problem else (message, "")
    found: Any = document
    for key in re.findall(r"[^.\[\]]+", inner):
        found = found[int(key)] if isinstance(found, list) else found[key]
    place = f"{place}{inner}".removeprefix(".")
    if missing := re.fullmatch("Object missing required field `(.*)`", problem):
        return Damage(f"{place}.{missing[1]} is missing".removeprefix("."))
    if expected := re.match("Expected `(.*?)` ?(.*?)(?:, got|$)", problem):
        kinds = " or ".join(_WORDS.get(kind, kind) for kind in expected[1].split(" | "))
        return make_damage(place, f"{kinds} {_WORDS.get(expected[2], expected[2])}".rstrip(), found)
    return make_damage(place, "a word that this reconciler knows", found)


def _name_shape(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"' if len(value) <= 40 and value.isprintable() else "another text"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return "a number"
