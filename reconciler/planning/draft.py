"""An update in the making, and the channel as it will be once it is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import BEGIN_DATE, FIELD_AT, FIELDS, IS_CALCULATED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.channels import Live
    from reconciler.model.plan import Blocker, Edit
    from reconciler.model.values import Spec, Value
    from reconciler.planning.vocabulary import Codes

_CODED = tuple((field, field.alias) for field in FIELDS if field.alias)


class Draft(Struct, frozen=True):
    """The edits of one channel, before it is judged whether they may be sent.

    `live` is the channel as it is and `planned` as it will be, `touched` the paths of EsaChannelEdit that are edited.
    `wanted`, `before` and `after` are those of the change to come.
    """

    name: str
    live: Live
    planned: Live
    edits: tuple[Edit, ...]
    touched: frozenset[str]
    before: Spec
    after: Spec
    wanted: Spec
    # What stands in its way before its surroundings are looked at.
    blocks: tuple[Blocker, ...] = ()

    @property
    def is_conversion(self) -> bool:
        return IS_CALCULATED in self.touched


def list_touched(edits: tuple[Edit, ...]) -> frozenset[str]:
    """The paths of EsaChannelEdit at which `edits` are."""
    return frozenset(FIELD_AT[edit.path].path for edit in edits)


def plan_live(live: Live, wanted: Spec, codes: Codes) -> Live:
    """`live` with the values of `wanted`, by the paths of EsaChannelEdit, in the place of its own, and their codes.

    Versioned values go to the current version; what the service fills in is left out.
    """
    values = _merge(live.values, wanted, codes)
    current = replace(
        live.current, begin_date=_text(values.get(BEGIN_DATE)), values=_merge(live.current.values, wanted, codes)
    )
    return replace(live, values=values, versions=(*live.versions[:-1], current))


def _merge(values: Spec, wanted: Spec, codes: Codes) -> Spec:
    merged = {path: wanted.get(path, value) for path, value in values.items()}
    for field, alias in _CODED:
        if field.path in wanted and wanted[field.path] != values.get(field.path):
            merged[alias] = _find_code(codes[alias], wanted[field.path])
    return merged


def _find_code(codes: Mapping[int, str], id_: Value) -> str | None:
    return codes.get(id_) if isinstance(id_, int) else None


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
