"""One live channel as a file would give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.channels import Desired
from reconciler.model.fields import BEGIN_DATE, CHANNEL_IMPORT_ID, FIELD_AT, FORMULA, INTERVAL_MINUTES, IS_CALCULATED
from reconciler.model.values import has_zone
from reconciler.planning.importing.pointers import find_pointers, has_own_import_id
from reconciler.planning.importing.terms import Head, LeftOut
from reconciler.planning.importing.ties import ZONED, find_begin
from reconciler.planning.importing.values import list_paths, write_formula, write_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.channels import Live
    from reconciler.model.values import Spec, Value
    from reconciler.planning.importing.terms import Terms
    from reconciler.planning.index import Index

_UNHOLDABLE = "a file cannot hold this value"
_SHARED = "another channel has the same import id"


class Drafter(Struct, frozen=True):
    """What all drafts go by.

    `files` and `words` are by data point: where its channels go, and what a new file calls it. `heads` are those of
    files that are there. `names` are those of all channels that the files will have, by id.
    """

    index: Index
    terms: Terms
    files: Mapping[int, str]
    words: Mapping[int, str]
    heads: Mapping[str, Head]
    names: Mapping[int, str]


class Draft(Struct, frozen=True):
    """A channel for a file, and what of it stays out; no channel where all of it does."""

    channel: Desired | None
    left_out: tuple[LeftOut, ...]


def draft(live: Live, drafter: Drafter) -> Draft:
    """`live` as its file would give it, its `spec` complete with what the defaults of the file add."""
    name, file = drafter.names[live.id], drafter.files[live.data_point.id]
    head = drafter.heads.get(file) or Head(drafter.words.get(live.data_point.id))
    spec, left_out = _write_spec(live, drafter)
    misled = _answer_defaults(live, spec, head, drafter)
    if misled is not None:
        return Draft(None, (LeftOut(name, "", f"the defaults of {file} give it another {misled}"),))
    pointers = find_pointers(live, drafter.index, drafter.terms.can_hold)
    return Draft(Desired(name, file, 0, pointers, spec, head.data_point), left_out)


def _write_spec(live: Live, drafter: Drafter) -> tuple[dict[str, Value], tuple[LeftOut, ...]]:
    spec: dict[str, Value] = {}
    left_out = []
    for path in list_paths(live, drafter.terms.fields):
        if path == CHANNEL_IMPORT_ID and not has_own_import_id(live, drafter.index):
            left_out.append(LeftOut(drafter.names[live.id], path, _SHARED))
        elif path == BEGIN_DATE and has_zone(str(live.values[path])):
            left_out.append(LeftOut(drafter.names[live.id], path, ZONED))
        elif path == BEGIN_DATE and find_begin(live) is None:
            spec[path] = None
        elif written := _write(live, path, drafter):
            spec[written[0]] = written[1]
        else:
            left_out.append(LeftOut(drafter.names[live.id], path, _UNHOLDABLE))
    return spec, tuple(left_out)


def _write(live: Live, path: str, drafter: Drafter) -> tuple[str, Value] | None:
    if path != FORMULA:
        return write_value(live, path, drafter.terms.can_hold)
    formula = write_formula(str(live.values[path]), live, drafter.index, drafter.names)
    return (path, formula) if drafter.terms.can_hold(path, formula) else None


def _answer_defaults(live: Live, spec: dict[str, Value], head: Head, drafter: Drafter) -> str | None:
    """Add to `spec` what the defaults of the file would else decide; the path of what no file can say, if any."""
    for path in head.defaults:
        if _reaches(path, spec):
            value = live.values.get(path)
            if not drafter.terms.can_hold(path, value):
                return path
            spec[path] = value
    return None


def _reaches(path: str, spec: Spec) -> bool:
    field = FIELD_AT[path]
    is_said = field.path in spec or field.alias in spec
    return not is_said and not (path == INTERVAL_MINUTES and spec.get(IS_CALCULATED) is True)
