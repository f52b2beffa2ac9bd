"""Live channels drafted as desired ones."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import Desired, DesiredVersion
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
    VERSIONS,
    current_path,
    find_version,
    version_path,
)
from reconciler.model.findings import Severity
from reconciler.model.formulas import find_references, is_same_formula, rename_references
from reconciler.model.identifiers import Identifiers
from reconciler.model.values import BEGINNING, begin_key, canonical_time, has_zone
from reconciler.planning.identification import find_inputs, read_id, resolve
from reconciler.planning.importing.inventory import (
    Fields,
    FileHeader,
    Skipped,
    WrittenVersions,
    data_point_labels,
    files_by_data_point,
)
from reconciler.planning.offline_checks import check_definitions
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Live, Version
    from reconciler.model.values import Spec, Value
    from reconciler.planning.identification import Index
    from reconciler.planning.importing.inventory import CanHold, ImportOptions, Inventory
    from reconciler.planning.importing.updates import Updates


def choose_select(live: Live, index: Index, can_hold: CanHold) -> Identifiers:
    """The first identifiers that match only `live`: its import id, else type, unit and interval, else its channel id.

    An id is the last resort, as it differs between environments.
    """
    for identifiers in _list_selects(live, can_hold):
        if resolve(identifiers, index).channel_id == live.id:
            return identifiers
    return Identifiers(channel_id=live.id)


def has_own_import_id(live: Live, index: Index) -> bool:
    """Whether `live` has an import id, and no other channel the same."""
    import_id = live.values.get(CHANNEL_IMPORT_ID)
    return isinstance(import_id, str) and bool(import_id.strip()) and len(index.by_import_id[import_id]) == 1


def _list_selects(live: Live, can_hold: CanHold) -> Iterator[Identifiers]:
    import_id = live.values.get(CHANNEL_IMPORT_ID)
    if isinstance(import_id, str) and import_id.strip() and can_hold("select.channelImportId", import_id):
        yield Identifiers(channel_import_id=import_id)
    # In the order in which the readings API compares them, and only as many as are needed.
    meter, minutes = live.data_point.import_id, live.values.get(INTERVAL_MINUTES)
    type_code, unit_code = (_read_code(live, path, can_hold) for path in (OBSERVATION_TYPE_CODE, UNIT_CODE))
    if not type_code or not can_hold("select.dataPointImportId", meter):
        return
    identifiers = Identifiers(meter_import_id=meter, observation_type_code=type_code)
    yield identifiers
    if unit_code:
        identifiers = replace(identifiers, unit_code=unit_code)
        yield identifiers
        if isinstance(minutes, int) and can_hold("select.intervalMinutes", minutes):
            yield replace(identifiers, interval_seconds=minutes * 60)


def _read_code(live: Live, path: str, can_hold: CanHold) -> str | None:
    code = live.values.get(path)
    return code if isinstance(code, str) and can_hold(f"select.{path.rpartition('.')[2]}", code) else None


# Of two channels that collide the rules report the later one, so new channels are sorted last.
_LAST = "\uffff"


def skip_invalid(
    definitions: Definitions, drafted: Mapping[int, Desired], headers: Mapping[str, FileHeader]
) -> tuple[dict[int, Desired], tuple[Skipped, ...]]:
    """The channels in `drafted`, by id, without values that break a rule beside `definitions`, and a list of these.

    Identifiers that break a rule are replaced by the channel id. A whole channel is left out if nothing else helps: a
    value that the defaults of its file would add again cannot be left out alone.
    """
    kept = dict(drafted)
    left_out: list[Skipped] = []
    # Leaving out one value can resolve or cause another error, so all rules are checked again.
    while refused := _find_refused(definitions, kept):
        for id_, (path, code) in refused.items():
            desired = kept.pop(id_)
            header = headers.get(desired.file)
            narrowed = _leave_out(desired, path, id_, header.defaults if header else ())
            left_out.append(Skipped(desired.name, path if narrowed else "", describe_refusal(code)))
            if narrowed:
                kept[id_] = narrowed
    return kept, tuple(left_out)


def describe_refusal(code: str) -> str:
    """Why a value is left out that breaks the rule with this code."""
    return f"refused by {code}: {RULES[code].title}"


def _find_refused(definitions: Definitions, drafted: Mapping[int, Desired]) -> dict[int, tuple[str, str]]:
    """The path and the code of the first error of each drafted channel that has one; it may have caused the others."""
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
            id_ = ids[keys[1]]
            refused.setdefault(id_, (_join(keys[2:], drafted[id_]), finding.code))
        for used in find_inputs((formulas.get(keys[1], ""),)):
            # A formula of the files uses the new channel by its id; with the channel in the files its use is an error.
            if used in drafted and drafted[used].select == Identifiers(channel_id=used):
                refused.setdefault(used, ("", finding.code))
    return refused


def _join(keys: Sequence[str], desired: Desired) -> str:
    """The path of what is at `keys` in a channel; for a listed version it says which one."""
    if len(keys) < 3 or keys[0] != VERSIONS:
        return ".".join(keys)
    return version_path(desired.versions[int(keys[1])].begin, keys[2])


def _leave_out(desired: Desired, path: str, id_: int, fixed: Container[str]) -> Desired | None:
    begin = find_version(path)
    if begin is not None:
        return _leave_out_of_version(desired, begin, current_path(path), fixed)
    if path in desired.spec and path not in fixed:
        return replace(desired, spec={kept: value for kept, value in desired.spec.items() if kept != path})
    by_id = Identifiers(channel_id=id_)
    return replace(desired, select=by_id) if path.startswith("select") and desired.select != by_id else None


def _leave_out_of_version(desired: Desired, begin: str, path: str, fixed: Container[str]) -> Desired | None:
    """`desired` without a setting of one of its versions; None if that changes nothing."""
    *_, last = desired.versions
    version = next(one for one in desired.versions if one.begin == begin)
    if path not in version.spec or (version is last and path in fixed):
        return None
    narrowed = replace(version, spec={kept: value for kept, value in version.spec.items() if kept != path})
    versions = tuple(narrowed if one is version else one for one in desired.versions)
    if version is not last:
        return replace(desired, versions=versions)
    return replace(
        desired, versions=versions, spec={kept: value for kept, value in desired.spec.items() if kept != path}
    )


ZONED_DATE = "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml"


def needs_begin(live: Live) -> bool:
    """Whether the file of `live` should have the begin of its version: it has several versions, or maybe readings.

    Without it, a plan after a meter swap would write the settings of the old meter to the version of the new one. A
    calculated channel cannot be versioned.
    Source: the help centre on calculated channels.
    """
    return len(live.versions) > 1 or (live.has_readings is not False and not live.is_calculated)


def find_begin(live: Live) -> Value:
    """The begin of the current version of `live` as a file writes it; None for the beginning of time."""
    begin = live.values.get(BEGIN_DATE)
    return None if isinstance(begin, str) and canonical_time(begin) == BEGINNING else begin


def add_begins(updates: Updates, channels: Mapping[str, Live], desired: Iterable[Desired]) -> Updates:
    """`updates` with the begin for each of `channels`, by name, whose file manages a version and lacks its begin."""
    files: dict[str, dict[str, Spec]] = {file: dict(specs) for file, specs in updates.files.items()}
    left_out = list(updates.left_out)
    for one in desired:
        live = channels.get(one.name)
        # A list of versions has the begin of each.
        if live is None or one.versions or not needs_begin(live) or not _lacks_begin(one):
            continue
        begin = find_begin(live)
        if isinstance(begin, str) and has_zone(begin):
            left_out.append(Skipped(one.name, BEGIN_DATE, ZONED_DATE))
            continue
        specs = files.setdefault(one.file, {})
        specs[one.name] = {**specs.get(one.name, {}), BEGIN_DATE: begin}
    return replace(updates, files=files, left_out=tuple(left_out))


def _lacks_begin(desired: Desired) -> bool:
    return BEGIN_DATE not in desired.spec and any(path.startswith(f"{VERSION}.") for path in desired.spec)


# Written for Fields.ALL only, as they do not affect the values of new readings.
_MORE = frozenset({"channelDescription", f"{VERSION}.beginDate", f"{VERSION}.isValuePositive"})


def list_paths(live: Live, fields: Fields) -> tuple[str, ...]:
    """The paths of EsaChannelEdit at which the value of `live` belongs in a new file, in the order of the field table.

    Null, false, an offset of 0, and the defaults that EnergyCAP fills in under the Odometer rule are left out. The
    begin of a version may be null.
    """
    chosen = FIELDS if fields is Fields.ALL else tuple(field for field in FIELDS if field.path not in _MORE)
    paths = {field.path for field in chosen if _is_worth_writing(live, field.path)}
    if needs_begin(live):
        paths.add(BEGIN_DATE)
    return tuple(field.path for field in FIELDS if field.path in paths)


def write_value(live: Live, path: str, can_hold: CanHold) -> tuple[str, Value] | None:
    """The value of `live` at a path of EsaChannelEdit, as a file writes it: by code or name if possible, else by id.

    None if a file cannot hold it.
    """
    field = FIELD_AT[path]
    ways = ((written, live.values.get(written)) for written in (field.alias, field.path) if written)
    return next(((written, value) for written, value in ways if value is not None and can_hold(written, value)), None)


def write_formula(formula: str, user: Live, index: Index, names: Mapping[int, str]) -> str:
    """`formula` with names from `names` for the channels that it may use, and ids for the others.

    A calculated channel, `user` included, or one of another data point stays an id, as a formula in a file may not name
    it. All stay ids if the result would not parse to the same formula.
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


def _is_worth_writing(live: Live, path: str) -> bool:
    value = live.values.get(path)
    if value is None or value is False:
        return False
    if live.values.get(OBSERVATION_RULE_ID) == ODOMETER and value == FIELD_AT[path].odometer_default:
        return False
    if path == OFFSET and value == 0:
        return False
    # A blank import id counts as none, and EnergyCAP does not use the formula of a simple channel.
    return (path != CHANNEL_IMPORT_ID or bool(str(value).strip())) and (path != FORMULA or live.is_calculated)


def _may_use(user: Live, used: Live) -> bool:
    return not used.is_calculated and used.data_point.id == user.data_point.id


NOT_REPRESENTABLE = "a file cannot hold this value"
_SHARED = "another channel has the same import id"


class ImportContext(Struct, frozen=True):
    """What all drafts have in common.

    `files` and `labels` are by the id of a data point: the file of its channels, and the dataPoint of a new file.
    `headers` are those of existing files. `names` are those of all channels that the files will have, by id.
    """

    index: Index
    options: ImportOptions
    files: Mapping[int, str]
    labels: Mapping[int, str]
    headers: Mapping[str, FileHeader]
    names: Mapping[int, str]


class ImportedChannel(Struct, frozen=True):
    """A channel for a file, None if it is left out as a whole, and the values that are left out."""

    channel: Desired | None
    left_out: tuple[Skipped, ...]


def import_channel(live: Live, context: ImportContext) -> ImportedChannel:
    """`live` as a channel of its file; `spec` includes the values that the defaults of the file add."""
    name, file = context.names[live.id], context.files[live.data_point.id]
    header = context.headers.get(file) or FileHeader(context.labels.get(live.data_point.id))
    is_asked = context.options.versions is WrittenVersions.ALL and len(live.versions) > 1
    obstacle = find_list_obstacle(live, context.options.can_hold) if is_asked else ""
    is_listing = is_asked and not obstacle
    # The begin of a listed version says which one it is, and is none of its settings.
    paths = [path for path in list_paths(live, context.options.fields) if path != BEGIN_DATE or not is_listing]
    defaults = [path for path in header.defaults if path != BEGIN_DATE or not is_listing]
    spec, left_out = _write_spec(live, paths, context)
    wrong_default = override_defaults(live, spec, defaults, context)
    if wrong_default is not None:
        return ImportedChannel(None, (Skipped(name, "", f"the defaults of {file} give it another {wrong_default}"),))
    identifiers = choose_select(live, context.index, context.options.can_hold)
    desired = Desired(name, file, 0, identifiers, spec, header.data_point)
    if obstacle:
        return ImportedChannel(desired, (*left_out, Skipped(name, VERSIONS, obstacle)))
    return _list_versions(live, desired, left_out, context) if is_listing else ImportedChannel(desired, left_out)


def find_list_obstacle(live: Live, can_hold: CanHold) -> str:
    """Why a file cannot list the versions of `live`, which has several; "" if it can."""
    begins = [begin_key(version.begin_date) for version in live.versions]
    if live.is_calculated:
        return describe_refusal("ESA421")
    if any(has_zone(begin) for begin in begins):
        return ZONED_DATE
    if any(begin >= following for begin, following in pairwise(begins)):
        return "EnergyCAP has two versions that begin at the same time"
    return "" if all(can_hold(BEGIN_DATE, begin or None) for begin in begins) else NOT_REPRESENTABLE


def _list_versions(
    live: Live, desired: Desired, left_out: tuple[Skipped, ...], context: ImportContext
) -> ImportedChannel:
    """`desired`, which has the settings of the current version of `live`, with those of the others too."""
    *older, current = live.versions
    written = [write_version(live, version, context) for version in older]
    last = {path: value for path, value in desired.spec.items() if FIELD_AT[path].is_versioned}
    specs = [*(spec for spec, _ in written), last]
    versions = tuple(
        DesiredVersion(begin_key(version.begin_date), index, spec)
        for index, (version, spec) in enumerate(zip(live.versions, specs, strict=True))
    )
    named = (_name_place(left, current) for left in left_out)
    missing = (*(left for _, skipped in written for left in skipped), *named)
    return ImportedChannel(replace(desired, versions=versions), missing)


def write_version(live: Live, version: Version, context: ImportContext) -> tuple[dict[str, Value], tuple[Skipped, ...]]:
    """The settings of a `version` of `live`, but for its begin, and those that are left out."""
    view = live.with_versions((version,))
    listed = list_paths(view, context.options.fields)
    paths = [path for path in listed if FIELD_AT[path].is_versioned and path != BEGIN_DATE]
    spec, left_out = _write_spec(view, paths, context)
    return spec, tuple(_name_place(left, version) for left in left_out)


def _name_place(left: Skipped, version: Version) -> Skipped:
    """`left` with a path that says of which version it is, if it is of one."""
    is_versioned = left.path in FIELD_AT and FIELD_AT[left.path].is_versioned
    return replace(left, path=version_path(begin_key(version.begin_date), left.path)) if is_versioned else left


def _write_spec(
    live: Live, paths: Iterable[str], context: ImportContext
) -> tuple[dict[str, Value], tuple[Skipped, ...]]:
    spec: dict[str, Value] = {}
    left_out = []
    for path in paths:
        # A file that managed it would claim an import id that another channel has too.
        if path == CHANNEL_IMPORT_ID and not has_own_import_id(live, context.index):
            left_out.append(Skipped(context.names[live.id], path, _SHARED))
        # Without versionDates it may be local time or UTC, and a wrong guess would move the version.
        elif path == BEGIN_DATE and has_zone(str(live.values[path])):
            left_out.append(Skipped(context.names[live.id], path, ZONED_DATE))
        elif path == BEGIN_DATE and find_begin(live) is None:
            spec[path] = None
        elif written := _write(live, path, context):
            spec[written[0]] = written[1]
        else:
            left_out.append(Skipped(context.names[live.id], path, NOT_REPRESENTABLE))
    return spec, tuple(left_out)


def _write(live: Live, path: str, context: ImportContext) -> tuple[str, Value] | None:
    if path != FORMULA:
        return write_value(live, path, context.options.can_hold)
    formula = write_formula(str(live.values[path]), live, context.index, context.names)
    return (path, formula) if context.options.can_hold(path, formula) else None


def override_defaults(
    live: Live, spec: dict[str, Value], defaults: Iterable[str], context: ImportContext
) -> str | None:
    """Add the live values to `spec` that the `defaults`, which are paths, would else set.

    Returns the path of one that no file can hold, if any.
    """
    for path in defaults:
        if _is_set_by_default(path, spec):
            value = live.values.get(path)
            if not context.options.can_hold(path, value):
                return path
            spec[path] = value
    return None


def _is_set_by_default(path: str, spec: Spec) -> bool:
    field = FIELD_AT[path]
    is_written = field.path in spec or field.alias in spec
    # The loader leaves out a default interval for a calculated channel.
    return not is_written and not (path == INTERVAL_MINUTES and spec.get(IS_CALCULATED) is True)


class Proposal(Struct, frozen=True):
    """The channels to add to the files, by file and id, and the values that are left out, by name.

    Their `spec` is everything that will be managed, defaults of the file included; `line` is not known yet.
    """

    channels: tuple[Desired, ...]
    left_out: tuple[Skipped, ...]


def list_new(picked: Sequence[Live], inventory: Inventory) -> tuple[Live, ...]:
    """Those of `picked` that no file manages, or leaves out of this environment, and that could be read."""
    known = inventory.managed | inventory.left_out.keys()
    return tuple(live for live in picked if live.id not in known and not live.flaw)


def skip_left_out(picked: Sequence[Live], inventory: Inventory) -> tuple[Skipped, ...]:
    """Those of `picked` that a file leaves out of this environment, with the reason."""
    ids = inventory.left_out.keys() - inventory.managed
    return tuple(
        Skipped(one.name, "", f"{one.file}:{one.line} leaves it out here, by  only: [{', '.join(one.only)}]")
        for one in (inventory.left_out[live.id] for live in picked if live.id in ids)
    )


def propose(
    new: Sequence[Live],
    inventory: Inventory,
    definitions: Definitions,
    headers: Mapping[str, FileHeader],
    options: ImportOptions,
) -> Proposal:
    """The channels in `new` as channels of the files, beside the existing `definitions`.

    `headers` are those of the existing files that a channel is added to. A live value that breaks a rule for files is
    left out.
    """
    context = make_import_context(new, inventory, headers, options)
    drafts = {live.id: import_channel(live, context) for live in new}
    drafted = {id_: made.channel for id_, made in drafts.items() if made.channel is not None}
    kept, refused = skip_invalid(definitions, drafted, headers)
    left_out = (*(left for made in drafts.values() for left in made.left_out), *refused)
    channels = (kept[id_] for id_ in sorted(kept, key=lambda id_: (kept[id_].file, id_)))
    return Proposal(tuple(channels), tuple(sorted(left_out, key=lambda left: (left.name, left.path))))


def make_import_context(
    new: Sequence[Live], inventory: Inventory, headers: Mapping[str, FileHeader], options: ImportOptions
) -> ImportContext:
    points = {live.data_point.id: live.data_point for live in inventory.index.by_id.values() if not live.flaw}
    without_file = [point for id_, point in points.items() if id_ not in inventory.files]
    written = inventory.managed.union(live.id for live in new)
    return ImportContext(
        index=inventory.index,
        options=options,
        files=files_by_data_point(without_file, options) | dict(inventory.files),
        labels=data_point_labels(points.values(), options.can_hold),
        headers=headers,
        names={id_: name for id_, name in inventory.names.items() if id_ in written},
    )
