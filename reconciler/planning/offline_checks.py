"""What the files alone can get wrong across channels and feeds."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    MULTIPLIER,
    OBSERVATION_RULE,
    OBSERVATION_RULE_ID,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    SUMMARIZATION_METHOD,
    UNIT_CODE,
    UNIT_ID,
    VERSIONS,
    version_path,
)
from reconciler.model.identifiers import Identifiers
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.constraints import CHANNEL_INFO, find_violations
from reconciler.planning.environments import check_environments, check_views, list_views
from reconciler.planning.messages import format_reference, locate_identifiers, shorten, show_value, suggest_channels
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence

    from reconciler.model.channels import Definitions, Desired
    from reconciler.model.findings import Finding, Location
    from reconciler.model.identifiers import Feed
    from reconciler.model.values import Value
    from reconciler.planning.constraints import Violation


# A channel id, a channel import id, or all identifiers if neither is given.
Identity: TypeAlias = int | str | Identifiers


def check_collisions(channels: Sequence[Desired]) -> Iterator[Finding]:
    """Values of several `channels` that only one can have; each finding names the first channel with the value."""
    yield from _check_import_ids(channels)
    yield from _check_primaries(channels, IS_PRIMARY_VALUE, "ESA222")
    yield from _check_primaries(channels, IS_PRIMARY_DEMAND, "ESA223")
    yield from _check_identities(channels)


def find_identity(identifiers: Identifiers) -> Identity | None:
    """The part of `identifiers` that decides which channel matches; None if they identify nothing.

    Two with an equal part match the same channel.
    Source: POST /api/v3/reading, "Channel Identification": channelId, else channelImportId, else what is inferred.
    """
    if identifiers.channel_id is not None:
        return identifiers.channel_id
    if identifiers.channel_import_id:
        return identifiers.channel_import_id
    return identifiers if identifiers.meter_import_id else None


def show_identifiers(identifiers: Identifiers) -> str:
    """The given identifiers in words."""
    given = (
        ("channelId", identifiers.channel_id),
        ("channelImportId", identifiers.channel_import_id),
        ("data point or meter", identifiers.meter_import_id),
        ("observationTypeCode", identifiers.observation_type_code),
        ("unitCode", identifiers.unit_code),
        ("interval in seconds", identifiers.interval_seconds),
    )
    return ", ".join(f"{name} {shorten(str(value))}" for name, value in given if value is not None)


def _check_import_ids(channels: Sequence[Desired]) -> Iterator[Finding]:
    for group in _group(channels, _import_id):
        first, *others = group
        for other in others if _is_wanted(group) else ():
            path = CHANNEL_IMPORT_ID if CHANNEL_IMPORT_ID in other.spec else "select.channelImportId"
            found = show_value(_import_id(other))
            message = f"channelImportId is already used by {format_reference(first)}, found {found}"
            yield make_finding("ESA221", message, other.locate(path))


def _check_primaries(channels: Sequence[Desired], path: str, code: str) -> Iterator[Finding]:
    primaries = [channel for channel in channels if channel.spec.get(path) is True]
    for first, *others in _group(primaries, lambda channel: channel.data_point):
        for other in others:
            data_point = shorten(str(other.data_point))
            message = f"{path} is already true for {format_reference(first)}, found another on data point {data_point}"
            yield make_finding(code, message, other.locate(path), fix=f"write  {path}: false  for one of the two")


def _check_identities(channels: Sequence[Desired]) -> Iterator[Finding]:
    for group in _group(channels, _identity):
        first, *others = group
        # ESA221 reports channels that want the same import id by which they are found.
        is_reported = _is_wanted(group) and {_import_id(channel) for channel in group} == {_identity(first)}
        for other in () if is_reported else others:
            found = "" if other.select is None else show_identifiers(other.select)
            message = f"channel selects the same live channel as {format_reference(first)}, found {found}"
            yield make_finding("ESA332", message, locate_identifiers(other))


def _group(channels: Sequence[Desired], key: Callable[[Desired], Hashable]) -> list[list[Desired]]:
    """The groups of several `channels` with the same `key`; those whose key is None are left out."""
    groups: dict[Hashable, list[Desired]] = {}
    for channel in channels:
        groups.setdefault(key(channel), []).append(channel)
    return [group for shared, group in groups.items() if len(group) > 1 and shared is not None]


def _identity(channel: Desired) -> Identity | None:
    return None if channel.select is None else find_identity(channel.select)


def _import_id(channel: Desired) -> str | None:
    """The import id that `channel` will have: that of its file, else the one by which it is found."""
    wanted = channel.spec.get(CHANNEL_IMPORT_ID) if CHANNEL_IMPORT_ID in channel.spec else _identity(channel)
    return wanted if isinstance(wanted, str) and wanted.strip() else None


def _is_wanted(group: Sequence[Desired]) -> bool:
    return any(CHANNEL_IMPORT_ID in channel.spec for channel in group)


def check_feeds(feeds: Sequence[Feed], channels: Collection[Desired]) -> Iterator[Finding]:
    """What is wrong with `feeds`: alone, compared with each other, and compared with `channels`, which are all."""
    yield from _check_expectations(feeds, channels)
    firsts: dict[Identity, Feed] = {}
    for feed in feeds:
        identity = find_identity(feed.identifiers)
        # Several loggers may send the same identifiers, but then to the same channel.
        first = feed if identity is None else firsts.setdefault(identity, feed)
        if identity is None:
            given = show_identifiers(feed.identifiers)
            message = f"feed has no identifier of a channel or meter, found {f'only {given}' if given else 'none'}"
            yield make_finding("ESA342", message, feed.location)
        if first.expect != feed.expect:
            yield _other_expectation(feed, first)


def _check_expectations(feeds: Sequence[Feed], channels: Collection[Desired]) -> Iterator[Finding]:
    names = {channel.name for channel in channels}
    unknown = [feed for feed in feeds if feed.expect not in names]
    nearest = suggest_channels((feed.expect for feed in unknown), channels)
    for feed in unknown:
        near = nearest.get(feed.expect)
        message = f"feed expects an unknown channel, found expect: {shorten(feed.expect)}"
        fix = f"did you mean  expect: {near}{tell_apart(feed.expect, near)}" if near else ""
        yield make_finding("ESA341", message, _locate_expect(feed), fix=fix)


def _other_expectation(feed: Feed, first: Feed) -> Finding:
    where = f"{first.name} ({first.location.file}:{first.location.line})"
    message = f"feed expects a different channel from {where}, found expect: {shorten(feed.expect)}"
    both = f"both have these identifiers: {show_identifiers(feed.identifiers)}"
    detail = (both, f"{where} expects {shorten(first.expect)}")
    return make_finding("ESA343", message, _locate_expect(feed), detail=detail)


def _locate_expect(feed: Feed) -> Location:
    return replace(feed.location, path=(*feed.location.path, "expect"))


_SHOWN = 10
# Texts by which something is looked up; a description may end with a space.
_TEXTS_TO_COMPARE = (CHANNEL_INFO, CHANNEL_IMPORT_ID, OBSERVATION_TYPE_CODE, SUMMARIZATION_METHOD, UNIT_CODE)


def check_definitions(definitions: Definitions, environments: Collection[str] | None = None) -> tuple[Finding, ...]:
    """The domain rules that the files break, in the order of files and lines, whatever the order of `definitions`.

    A rule is checked only if the files decide it: the value of a setting that they do not manage is not guessed. What
    depends on the environment is checked for each of `environments`, those of the project file; None if these are not
    known.
    """
    channels = sorted(definitions.channels, key=lambda channel: (channel.file, channel.line, channel.name))
    feeds = sorted(definitions.feeds, key=lambda feed: (feed.location.file, feed.location.line, feed.name))
    findings = [finding for channel in channels for finding in _check_channel(channel)]
    findings += _check_formulas(channels)
    findings += check_environments(channels, environments)
    ordered = replace(definitions, channels=tuple(channels), feeds=tuple(feeds))
    findings += check_views(list_views(ordered, environments), _check_together)
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _check_together(definitions: Definitions) -> Iterator[Finding]:
    """What is wrong in one environment: how channels are found, and what they and feeds have to do with each other."""
    for channel in definitions.channels:
        # A channel that is to be created is found by its import id, unless selectIn says otherwise.
        if not channel.creates or channel.selected_in:
            yield from _check_identifiers(channel)
        if channel.select is not None:
            yield from _check_spaces_in_select(channel, channel.select)
    yield from check_collisions(definitions.channels)
    yield from _check_references(definitions)
    yield from check_feeds(definitions.feeds, definitions.channels)


def _check_channel(channel: Desired) -> Iterator[Finding]:
    if channel.creates:
        yield from _check_creation(channel)
    yield from _report(find_violations(channel.spec), channel)
    if channel.versions:
        yield from _check_older_versions(channel)
        yield from _check_swap(channel)
    if channel.spec.get(MULTIPLIER) == 0:
        yield make_finding("ESA219", "multiplier should not be 0, found 0", channel.locate(MULTIPLIER))
    yield from _check_spaces(channel)


def _report(violations: Iterable[Violation], channel: Desired) -> Iterator[Finding]:
    for violation in violations:
        place = channel.locate(violation.path)
        yield make_finding(violation.code, violation.message, place, fix=violation.fix)


def _check_formulas(channels: Sequence[Desired]) -> Iterator[Finding]:
    """What is wrong with the texts of the formulas of `channels`, which are all."""
    calculated = _list_calculated(channels)
    if not calculated:
        return
    # Imported here because most files have no formulas.
    from reconciler.planning.formula_checks import find_formula_violations  # noqa: PLC0415

    names = {channel.name for channel in channels}
    for channel in calculated:
        yield from _report(find_formula_violations(channel.spec, names), channel)


def _check_references(definitions: Definitions) -> Iterator[Finding]:
    if not _list_calculated(definitions.channels):
        return
    # Imported here because most files have no formulas.
    from reconciler.planning.formula_checks import check_references  # noqa: PLC0415

    yield from check_references(definitions.channels, definitions.left_out)


def _list_calculated(channels: Iterable[Desired]) -> list[Desired]:
    return [channel for channel in channels if isinstance(channel.spec.get(FORMULA), str)]


def _check_older_versions(channel: Desired) -> Iterator[Finding]:
    """What is wrong with listed versions before the last; the last is checked with the channel's own settings."""
    of_channel = {path: value for path, value in channel.spec.items() if not FIELD_AT[path].is_versioned}
    for one in channel.versions[:-1]:
        for violation in find_violations({**of_channel, **one.spec}):
            if FIELD_AT[violation.path].is_versioned:
                place = channel.locate(version_path(one.begin, violation.path))
                yield make_finding(violation.code, violation.message, place, fix=violation.fix)
    if len(channel.versions) > 1 and channel.spec.get(IS_CALCULATED) is True:
        message = f"a calculated channel has one version, found {len(channel.versions)}"
        yield make_finding("ESA421", message, channel.locate(VERSIONS))


def _check_swap(channel: Desired) -> Iterator[Finding]:
    """The facts of a swap need the version of the old meter, which is listed before that of the new one."""
    if channel.versions[0].swap:
        begin = channel.versions[0].begin
        message = f"swap is set on the first version of the list, found beginDate {begin or 'null'}"
        yield make_finding("ESA230", message, channel.locate(version_path(begin, "swap")))


def _check_identifiers(channel: Desired) -> Iterator[Finding]:
    fix = ""
    if channel.select is None:
        found, place = "neither select nor channelId nor channelImportId", channel.locate()
        if channel.select_in:
            names = ", ".join(map(shorten, islice(channel.select_in, _SHOWN)))
            found, fix = (
                f"no select, and selectIn for {names} alone",
                f"write select for all others, or  only: [{names}]",
            )
    elif find_identity(channel.select) is None:
        found, place = f"only {show_identifiers(channel.select)}", channel.locate("select")
    else:
        return
    yield make_finding("ESA331", f"channel has no identifiers of its live channel, found {found}", place, fix=fix)


# What EnergyCAP requires of every new channel, each by one of its paths.
# Source: EsaChannelCreate, EsaChannelVersionCreate; that it needs an import id is this tool's own rule.
_REQUIRED = (
    (CHANNEL_IMPORT_ID,),
    (CHANNEL_INFO,),
    (OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_ID),
    (SUMMARIZATION_METHOD, FIELD_AT[SUMMARIZATION_METHOD].path),
    (UNIT_CODE, UNIT_ID),
    (OBSERVATION_RULE, OBSERVATION_RULE_ID),
    (MULTIPLIER,),
)


def _check_creation(channel: Desired) -> Iterator[Finding]:
    """What a channel that is to be created lacks, and what only a live channel can have."""
    if missing := _find_missing(channel):
        message = f"settings of the channel to be created are missing: {', '.join(map(_show_key, missing))}"
        # Defaults and templates give their esaChannelVersion to the last version of a list.
        of_first = [_show_key(path) for path in missing if channel.versions and FIELD_AT[path].is_versioned]
        fix = f"add {', '.join(of_first)} to the first version of channelVersions" if of_first else ""
        finding = make_finding("ESA224", message, channel.locate(), fix=fix)
        if of_first and len(of_first) < len(missing):
            general = make_finding("ESA224", message).fix
            finding = replace(finding, fix=f"{general}; {fix}")
        yield finding
    select, import_id = channel.select, channel.spec.get(CHANNEL_IMPORT_ID)
    if select and isinstance(import_id, str) and select != Identifiers(channel_import_id=import_id):
        found = show_identifiers(select)
        message = f"a channel to be created is found by its channelImportId alone, found select by {found}"
        yield make_finding("ESA225", message, locate_identifiers(channel))
    begin = channel.versions[0].begin if channel.versions else channel.spec.get(BEGIN_DATE)
    if begin:
        path = version_path(str(begin), BEGIN_DATE) if channel.versions else BEGIN_DATE
        message = f"the first version of a new channel cannot have a begin date, found beginDate {begin}"
        yield make_finding("ESA226", message, channel.locate(path))
    if channel.data_point is None and channel.data_point_id is None:
        message = "a channel to be created needs a data point, and its file names none"
        yield make_finding("ESA227", message, channel.locate())


def _find_missing(channel: Desired) -> list[str]:
    """The paths of the settings without which `channel` cannot be created."""
    spec = channel.spec
    if channel.versions:
        # The channel is created with its first version.
        of_channel = {path: value for path, value in spec.items() if not FIELD_AT[path].is_versioned}
        spec = {**of_channel, **channel.versions[0].spec}
    given = {path for path, value in spec.items() if not _is_nothing(value)}
    needed = (*_REQUIRED, (FORMULA,) if spec.get(IS_CALCULATED) is True else (INTERVAL_MINUTES,))
    return [paths[0] for paths in needed if given.isdisjoint(paths)]


def _show_key(path: str) -> str:
    return path.rpartition(".")[2]


def _is_nothing(value: Value) -> bool:
    """Whether a new channel would have no value: a service may store a blank text as none."""
    return value is None or (isinstance(value, str) and not value.strip())


# What YAML may have within a text, but no name: all other control characters are refused in any text (ESA105).
_BREAKS = ("\n", "\r", "\t")


def _check_spaces(channel: Desired) -> Iterator[Finding]:
    spec = channel.spec
    for path in _TEXTS_TO_COMPARE:
        if path in spec and _is_odd(spec[path]):
            yield from _odd_text(channel, path, str(spec[path]))


def _check_spaces_in_select(channel: Desired, select: Identifiers) -> Iterator[Finding]:
    if CHANNEL_IMPORT_ID not in channel.spec and _is_odd(select.channel_import_id):
        yield from _odd_text(channel, "select.channelImportId", str(select.channel_import_id))


def _is_odd(text: Value) -> bool:
    return isinstance(text, str) and (not text or text != text.strip() or _has_break(text))


def _has_break(text: str) -> bool:
    # Nearly all texts are printable, and need no search.
    return not text.isprintable() and any(mark in text for mark in _BREAKS)


def _odd_text(channel: Desired, path: str, text: str) -> Iterator[Finding]:
    key, place = path.rpartition(".")[2], channel.locate(path)
    if _has_break(text.strip()):
        message = f"{key} should not contain a line break or a tab, found {show_value(text)}"
        yield make_finding("ESA217", message, place, fix=f"write  {key}: {show_value(' '.join(text.split()))}")
    elif channel.creates and path == CHANNEL_IMPORT_ID:
        # _find_missing says so of a blank one.
        if text.strip():
            message = f"the import id of a new channel cannot begin or end with a space, found {show_value(text)}"
            yield make_finding("ESA228", message, place, fix=f"write  {key}: {show_value(text.strip())}")
    elif text.strip():
        message = f"{key} should not begin or end with a space, found {show_value(text)}"
        yield make_finding("ESA217", message, place, fix=f"write  {key}: {show_value(text.strip())}")
    elif path == CHANNEL_IMPORT_ID:
        yield make_finding("ESA218", f"{key} should not be blank, found {show_value(text)}", place)
