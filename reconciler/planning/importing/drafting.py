"""Live channels drafted as desired ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import Desired
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FIELDS,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    OBSERVATION_RULE_ID,
    OBSERVATION_TYPE_CODE,
    ODOMETER,
    OFFSET,
    UNIT_CODE,
    VERSION,
)
from reconciler.model.findings import Severity
from reconciler.model.formulas import find_references, is_same_formula, rename_references
from reconciler.model.identifiers import Identifiers
from reconciler.model.values import BEGINNING, canonical_time, has_zone
from reconciler.planning.identification import find_inputs, read_id, resolve
from reconciler.planning.importing.naming import Fields, Head, Skipped, data_point_labels, files_by_data_point
from reconciler.planning.offline_checks import check_definitions
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Live
    from reconciler.model.values import Spec, Value
    from reconciler.planning.identification import Index
    from reconciler.planning.importing.naming import CanHold, ImportOptions
    from reconciler.planning.importing.selection import Inventory
    from reconciler.planning.importing.updates import Updates


def find_pointers(live: Live, index: Index, can_hold: CanHold) -> Identifiers:
    """The first pointers that lead to `live` alone: its import id, else what is inferred, else its channel id.

    An id is the last resort, as it differs between environments.
    """
    for pointers in _list_pointers(live, can_hold):
        if resolve(pointers, index).channel_id == live.id:
            return pointers
    return Identifiers(channel_id=live.id)


def has_own_import_id(live: Live, index: Index) -> bool:
    """Whether `live` has an import id, and no other channel the same."""
    import_id = live.values.get(CHANNEL_IMPORT_ID)
    return isinstance(import_id, str) and bool(import_id.strip()) and len(index.by_import_id[import_id]) == 1


def _list_pointers(live: Live, can_hold: CanHold) -> Iterator[Identifiers]:
    import_id = live.values.get(CHANNEL_IMPORT_ID)
    if isinstance(import_id, str) and import_id.strip() and can_hold("select.channelImportId", import_id):
        yield Identifiers(channel_import_id=import_id)
    meter, minutes = live.data_point.import_id, live.values.get(INTERVAL_MINUTES)
    type_code, unit_code = (_read_code(live, path, can_hold) for path in (OBSERVATION_TYPE_CODE, UNIT_CODE))
    if not meter or not type_code or not can_hold("select.dataPointImportId", meter):
        return
    pointers = Identifiers(meter_import_id=meter, observation_type_code=type_code)
    yield pointers
    if unit_code:
        pointers = replace(pointers, unit_code=unit_code)
        yield pointers
        if isinstance(minutes, int) and can_hold("select.intervalMinutes", minutes):
            yield replace(pointers, interval_seconds=minutes * 60)


def _read_code(live: Live, path: str, can_hold: CanHold) -> str | None:
    code = live.values.get(path)
    return code if isinstance(code, str) and can_hold(f"select.{path.rpartition('.')[2]}", code) else None


# Of two channels that get in each other's way the rules blame the later one, which is to be the new one.
_LAST = "\uffff"


def skip_invalid(
    definitions: Definitions, drafted: Mapping[int, Desired], heads: Mapping[str, Head]
) -> tuple[dict[int, Desired], tuple[Skipped, ...]]:
    """The channels in `drafted`, by id, without what the rules refuse beside `definitions`, and what that is.

    A pointer that is refused gives way to the channel id. A channel goes as a whole where nothing less helps: a value
    that the defaults of its file would bring back cannot be left out alone.
    """
    kept = dict(drafted)
    left_out: list[Skipped] = []
    while refused := _find_refused(definitions, kept):
        for id_, (path, code) in refused.items():
            desired = kept.pop(id_)
            head = heads.get(desired.file)
            narrowed = _leave_out(desired, path, id_, head.defaults if head else ())
            left_out.append(Skipped(desired.name, path if narrowed else "", f"refused by {code}: {RULES[code].title}"))
            if narrowed:
                kept[id_] = narrowed
    return kept, tuple(left_out)


def _find_refused(definitions: Definitions, drafted: Mapping[int, Desired]) -> dict[int, tuple[str, str]]:
    """The path and the code of an error of each drafted channel that has one: one at a time, as it may cause others."""
    refused: dict[int, tuple[str, str]] = {}
    later = (replace(desired, file=f"{_LAST}{desired.file}") for desired in drafted.values())
    together = replace(definitions, channels=(*definitions.channels, *later))
    ids = {desired.name: id_ for id_, desired in drafted.items()}
    formulas = {channel.name: str(channel.spec.get(FORMULA)) for channel in definitions.channels}
    for finding in check_definitions(together):
        keys = finding.location.path if finding.location else ()
        if finding.severity is not Severity.ERROR or keys[:1] != ("channels",):
            continue
        if keys[1] in ids:
            refused.setdefault(ids[keys[1]], (".".join(keys[2:]), finding.code))
        for id_ in find_inputs((formulas.get(keys[1], ""),)):
            # A formula that is there uses the new channel by its id, and now the rules know which one that is.
            if id_ in drafted and drafted[id_].select == Identifiers(channel_id=id_):
                refused.setdefault(id_, ("", finding.code))
    return refused


def _leave_out(desired: Desired, path: str, id_: int, fixed: Container[str]) -> Desired | None:
    if path in desired.spec and path not in fixed:
        return replace(desired, spec={kept: value for kept, value in desired.spec.items() if kept != path})
    by_id = Identifiers(channel_id=id_)
    return replace(desired, select=by_id) if path.startswith("select") and desired.select != by_id else None


ZONED = "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml"


def needs_tie(live: Live) -> bool:
    """Whether the file of `live` should say when its version began: it has several, or readings, or may have some.

    A calculated channel cannot be versioned. Source: the help centre on calculated channels.
    """
    return len(live.versions) > 1 or (live.has_readings is not False and not live.is_calculated)


def find_begin(live: Live) -> Value:
    """The begin of the current version of `live` as a file gives it; None from the beginning."""
    begin = live.values.get(BEGIN_DATE)
    return None if isinstance(begin, str) and canonical_time(begin) == BEGINNING else begin


def add_ties(updates: Updates, channels: Mapping[str, Live], desired: Iterable[Desired]) -> Updates:
    """`updates` with the begin for each of `channels`, by name, whose file governs a version and does not say it."""
    files: dict[str, dict[str, Spec]] = {file: dict(specs) for file, specs in updates.files.items()}
    left_out = list(updates.left_out)
    for one in desired:
        live = channels.get(one.name)
        if live is None or not needs_tie(live) or not _is_loose(one):
            continue
        begin = find_begin(live)
        if isinstance(begin, str) and has_zone(begin):
            left_out.append(Skipped(one.name, BEGIN_DATE, ZONED))
            continue
        specs = files.setdefault(one.file, {})
        specs[one.name] = {**specs.get(one.name, {}), BEGIN_DATE: begin}
    return replace(updates, files=files, left_out=tuple(left_out))


def _is_loose(desired: Desired) -> bool:
    return BEGIN_DATE not in desired.spec and any(path.startswith(f"{VERSION}.") for path in desired.spec)


# What only Fields.ALL gives: it decides nothing about the values to come.
_MORE = frozenset({"channelDescription", f"{VERSION}.beginDate", f"{VERSION}.isValuePositive"})


def list_paths(live: Live, fields: Fields) -> tuple[str, ...]:
    """The paths of EsaChannelEdit at which `live` has something worth writing, in the order of the field table.

    Null, false, an offset of 0, and what the service fills in by itself under the Odometer rule say nothing that a new
    file should, but for the begin of a version, which may be null.
    """
    told = FIELDS if fields is Fields.ALL else tuple(field for field in FIELDS if field.path not in _MORE)
    paths = {field.path for field in told if _is_telling(live, field.path)}
    if needs_tie(live):
        paths.add(BEGIN_DATE)
    return tuple(field.path for field in FIELDS if field.path in paths)


def write_value(live: Live, path: str, can_hold: CanHold) -> tuple[str, Value] | None:
    """The value of `live` at a path of EsaChannelEdit, as a file says it: by code or name where it can, else by id.

    None where no file can hold it.
    """
    field = FIELD_AT[path]
    ways = ((written, live.values.get(written)) for written in (field.alias, field.path) if written)
    return next(((written, value) for written, value in ways if value is not None and can_hold(written, value)), None)


def write_formula(formula: str, user: Live, index: Index, names: Mapping[int, str]) -> str:
    """`formula` with the channels by name that it may use and that `names` has, the others by id as they are.

    What no formula of the files may name stays an id: a calculated channel, which `user` itself is, and one of another
    data point. So does everything, where the whole would no longer be read as the same formula.
    """
    known = {reference: index.by_id.get(read_id(reference) or 0) for reference in find_references(formula)}
    named = {
        reference: names[used.id]
        for reference, used in known.items()
        if used and used.id in names and _may_use(user, used)
    }
    ids = {names[used.id]: str(used.id) for used in known.values() if used and used.id in names}
    written = rename_references(formula, lambda reference: named.get(reference, reference))
    back = rename_references(written, lambda reference: ids.get(reference, reference))
    return written if None not in known.values() and is_same_formula(back, formula) else formula


def _is_telling(live: Live, path: str) -> bool:
    value = live.values.get(path)
    if value is None or value is False:
        return False
    if live.values.get(OBSERVATION_RULE_ID) == ODOMETER and value == FIELD_AT[path].odometer_default:
        return False
    if path == OFFSET and value == 0:
        return False
    # A blank import id is none, and the formula of a simple channel is never used.
    return (path != CHANNEL_IMPORT_ID or bool(str(value).strip())) and (path != FORMULA or live.is_calculated)


def _may_use(user: Live, used: Live) -> bool:
    return not used.is_calculated and used.data_point.id == user.data_point.id


_UNHOLDABLE = "a file cannot hold this value"
_SHARED = "another channel has the same import id"


class ImportContext(Struct, frozen=True):
    """What all drafts go by.

    `files` and `words` are by data point: where its channels go, and what a new file calls it. `heads` are those of
    files that are there. `names` are those of all channels that the files will have, by id.
    """

    index: Index
    terms: ImportOptions
    files: Mapping[int, str]
    words: Mapping[int, str]
    heads: Mapping[str, Head]
    names: Mapping[int, str]


class ImportedChannel(Struct, frozen=True):
    """A channel for a file, and what of it stays out; no channel where all of it does."""

    channel: Desired | None
    left_out: tuple[Skipped, ...]


def import_channel(live: Live, drafter: ImportContext) -> ImportedChannel:
    """`live` as its file would give it, its `spec` complete with what the defaults of the file add."""
    name, file = drafter.names[live.id], drafter.files[live.data_point.id]
    head = drafter.heads.get(file) or Head(drafter.words.get(live.data_point.id))
    spec, left_out = _write_spec(live, drafter)
    misled = _answer_defaults(live, spec, head, drafter)
    if misled is not None:
        return ImportedChannel(None, (Skipped(name, "", f"the defaults of {file} give it another {misled}"),))
    pointers = find_pointers(live, drafter.index, drafter.terms.can_hold)
    return ImportedChannel(Desired(name, file, 0, pointers, spec, head.data_point), left_out)


def _write_spec(live: Live, drafter: ImportContext) -> tuple[dict[str, Value], tuple[Skipped, ...]]:
    spec: dict[str, Value] = {}
    left_out = []
    for path in list_paths(live, drafter.terms.fields):
        if path == CHANNEL_IMPORT_ID and not has_own_import_id(live, drafter.index):
            left_out.append(Skipped(drafter.names[live.id], path, _SHARED))
        elif path == BEGIN_DATE and has_zone(str(live.values[path])):
            left_out.append(Skipped(drafter.names[live.id], path, ZONED))
        elif path == BEGIN_DATE and find_begin(live) is None:
            spec[path] = None
        elif written := _write(live, path, drafter):
            spec[written[0]] = written[1]
        else:
            left_out.append(Skipped(drafter.names[live.id], path, _UNHOLDABLE))
    return spec, tuple(left_out)


def _write(live: Live, path: str, drafter: ImportContext) -> tuple[str, Value] | None:
    if path != FORMULA:
        return write_value(live, path, drafter.terms.can_hold)
    formula = write_formula(str(live.values[path]), live, drafter.index, drafter.names)
    return (path, formula) if drafter.terms.can_hold(path, formula) else None


def _answer_defaults(live: Live, spec: dict[str, Value], head: Head, drafter: ImportContext) -> str | None:
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


class Proposal(Struct, frozen=True):
    """The channels to be added to the files, by file and id, and what of them stays out, by name.

    Their `spec` holds all that will be managed, what the defaults of a file add included; `line` is not known yet.
    """

    channels: tuple[Desired, ...]
    left_out: tuple[Skipped, ...]


def list_new(picked: Sequence[Live], survey: Inventory) -> tuple[Live, ...]:
    """Those of `picked` that no file manages and that could be read."""
    return tuple(live for live in picked if live.id not in survey.managed and not live.flaw)


def propose(
    new: Sequence[Live], survey: Inventory, definitions: Definitions, heads: Mapping[str, Head], terms: ImportOptions
) -> Proposal:
    """What the files would say of the channels in `new`, beside the `definitions` that are there.

    `heads` are those of the files that such a channel joins: the homes of their data points. What the rules would
    refuse in a file, though the service has it so, is left out.
    """
    drafter = _make_drafter(new, survey, heads, terms)
    drafts = {live.id: import_channel(live, drafter) for live in new}
    drafted = {id_: made.channel for id_, made in drafts.items() if made.channel is not None}
    kept, refused = skip_invalid(definitions, drafted, heads)
    left_out = (*(left for made in drafts.values() for left in made.left_out), *refused)
    channels = (kept[id_] for id_ in sorted(kept, key=lambda id_: (kept[id_].file, id_)))
    return Proposal(tuple(channels), tuple(sorted(left_out, key=lambda left: (left.name, left.path))))


def _make_drafter(
    new: Sequence[Live], survey: Inventory, heads: Mapping[str, Head], terms: ImportOptions
) -> ImportContext:
    points = {live.data_point.id: live.data_point for live in survey.index.by_id.values() if not live.flaw}
    homeless = [point for id_, point in points.items() if id_ not in survey.homes]
    written = survey.managed.union(live.id for live in new)
    return ImportContext(
        index=survey.index,
        terms=terms,
        files=files_by_data_point(homeless, terms) | dict(survey.homes),
        words=data_point_labels(points.values(), terms.can_hold),
        heads=heads,
        names={id_: name for id_, name in survey.names.items() if id_ in written},
    )
