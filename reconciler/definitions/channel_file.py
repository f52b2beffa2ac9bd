"""One channel file: parsed, checked against schema and rules, and turned into desired channels and feeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definitions.consistency import check_consistency
from reconciler.definitions.fast_reader import PlainLines, decode, try_fast_parse
from reconciler.definitions.schema import Format, validator_for
from reconciler.definitions.templates import (
    SECTION,
    USE,
    WITH,
    Template,
    TemplateUse,
    find_cut_values,
    find_spelled,
    make_template,
)
from reconciler.model.channels import SELECT, SELECT_IN, Desired, DesiredVersion
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_FIELDS,
    FIELDS,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    VERSION,
    VERSION_FIELDS,
    VERSIONS,
)
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.registers import SwapFacts
from reconciler.model.values import begin_key, canonical_time
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from reconciler.definitions.document import Document
    from reconciler.definitions.fast_reader import Lines
    from reconciler.definitions.file_problems import FileProblem, Keys
    from reconciler.model.fields import Field
    from reconciler.model.findings import Finding, TemplateValue
    from reconciler.model.values import Spec, Value


def _paths(fields: Iterable[Field]) -> dict[str, str]:
    """The path of each property and of its alias, by the key in a file."""
    paths = [path for field in fields for path in (field.path, field.alias) if path]
    return {path.rpartition(".")[2]: path for path in paths}


# Keys that do not hold a managed value have an empty path.
_POINT, _POINT_ID = "dataPoint", "dataPointId"
_NOT_VALUES = (_POINT, _POINT_ID, SELECT, SELECT_IN, "only", "channelId", "create", USE, WITH, VERSION, VERSIONS)
_CHANNEL_PATHS = _paths(CHANNEL_FIELDS) | dict.fromkeys(_NOT_VALUES, "")
_VERSION_PATHS = _paths(VERSION_FIELDS)
_VERSIONED = frozenset(_VERSION_PATHS.values())
# The keys of a listed version that are not settings.
_ABOUT_VERSION = frozenset(("beginDate", "because", "swap"))
# The other key for the same setting: if a channel has unitId, the unitCode of the defaults does not apply to it.
_ALIASES = {
    one: other
    for field in FIELDS
    if field.alias
    for one, other in ((field.path, field.alias), (field.alias, field.path))
}


class FileContent(Struct, frozen=True):
    """The channels and feeds of one file, in its order; `recovered` are names found in a file that is not YAML.

    `uses` are the channels that use a template, which may be in another file.
    """

    channels: tuple[Desired, ...] = ()
    feeds: tuple[Feed, ...] = ()
    recovered: tuple[Desired, ...] = ()
    templates: tuple[Template, ...] = ()
    uses: tuple[TemplateUse, ...] = ()


EMPTY = FileContent()


def make_content(file: str, tree: Mapping[str, Any], lines: Lines) -> FileContent:
    """The channels, feeds and templates in `tree`, which fits the schema; `lines` has the line of each name."""
    defaults = flatten(tree.get("defaults", {}))
    point = (tree.get(_POINT), tree.get(_POINT_ID))
    channel_lines, feed_lines, template_lines = (lines.get(section, {}) for section in ("channels", "feeds", SECTION))
    uses, channels = [], []
    for name, channel in tree.get("channels", {}).items():
        use = TemplateUse(name, file, channel_lines[name], channel, defaults, point)
        if USE in channel:
            uses.append(use)
        else:
            channels.append(make_channel(use, channel))
    feeds = [_make_feed(file, feed_lines[name], name, feed) for name, feed in tree.get("feeds", {}).items()]
    templates = [
        make_template(name, file, template_lines[name], settings) for name, settings in tree.get(SECTION, {}).items()
    ]
    return FileContent(tuple(channels), tuple(feeds), (), tuple(templates), tuple(uses))


def make_channel(
    place: TemplateUse, settings: Mapping[str, Any], sources: Mapping[Keys, TemplateValue] | None = None
) -> Desired:
    """The channel at `place` with `settings`, to which the defaults of its file are added; `sources` are its own."""
    point, point_id = place.data_point
    # Those of the file may be of another data point than the channel's own.
    if _POINT in settings or _POINT_ID in settings:
        point, point_id = settings.get(_POINT), settings.get(_POINT_ID)
    return Desired(
        place.name,
        place.file,
        place.line,
        _find_identifiers(settings),
        _merge(place.defaults, settings),
        point,
        _make_versions(place.defaults, settings[VERSIONS]) if VERSIONS in settings else (),
        settings.get("create", False),
        point_id,
        {environment: _read_identifiers(keys) for environment, keys in settings.get(SELECT_IN, {}).items()},
        tuple(settings.get("only", ())),
        sources=sources or {},
    )


def flatten(channel: Mapping[str, Any]) -> dict[str, Value]:
    """The managed values of `channel` by their paths in the file; a date as local wall time, to the second."""
    spec = {_CHANNEL_PATHS[key]: value for key, value in channel.items()}
    spec.pop("", None)
    for key, value in channel.get(VERSION, {}).items():
        spec[_VERSION_PATHS[key]] = value
    if spec.get(BEGIN_DATE):
        spec[BEGIN_DATE] = canonical_time(spec[BEGIN_DATE])
    if VERSIONS in channel:
        spec |= _flatten_version(channel[VERSIONS][-1])
    return spec


def _flatten_version(version: Mapping[str, Any]) -> dict[str, Value]:
    """The managed values of a listed version; its begin says which one it is, and is not one of them."""
    return {_VERSION_PATHS[key]: value for key, value in version.items() if key not in _ABOUT_VERSION}


def _make_versions(defaults: Spec, listed: Sequence[Mapping[str, Any]]) -> tuple[DesiredVersion, ...]:
    # What applies by default is meant for what the channel is now, not for what it once was.
    last = {path: value for path, value in defaults.items() if path in _VERSIONED and path != BEGIN_DATE}
    return tuple(
        DesiredVersion(
            begin_key(version["beginDate"]),
            index,
            _add_defaults(last if index == len(listed) - 1 else {}, _flatten_version(version)),
            version.get("because", ""),
            SwapFacts(**version["swap"]) if "swap" in version else None,
        )
        for index, version in enumerate(listed)
    )


def _merge(defaults: Spec, channel: Mapping[str, Any]) -> Spec:
    own = flatten(channel)
    if VERSIONS in channel:
        defaults = {path: value for path, value in defaults.items() if path != BEGIN_DATE}
    return _add_defaults(defaults, own)


def _add_defaults(defaults: Spec, own: dict[str, Value]) -> dict[str, Value]:
    if not defaults:
        return own
    return {path: value for path, value in defaults.items() if _default_applies(path, own)} | own


def _default_applies(path: str, own: Spec) -> bool:
    """Whether a default applies to a channel: not if the channel sets the same under the other key.

    An interval does not apply to a calculated channel, which must not have one (ESA203): it is meant for the others.
    """
    return _ALIASES.get(path) not in own and not (path == INTERVAL_MINUTES and own.get(IS_CALCULATED) is True)


def _find_identifiers(channel: Mapping[str, Any]) -> Identifiers | None:
    select = channel.get(SELECT)
    if select is not None:
        return _read_identifiers(select)
    if "channelId" in channel:
        return Identifiers(channel_id=channel["channelId"])
    import_id = channel.get("channelImportId")
    return Identifiers(channel_import_id=import_id) if import_id else None


def _read_identifiers(keys: Mapping[str, Any]) -> Identifiers:
    minutes = keys.get("intervalMinutes")
    return Identifiers(
        channel_id=keys.get("channelId"),
        channel_import_id=keys.get("channelImportId"),
        meter_import_id=keys.get("meterImportId", keys.get("dataPointImportId")),
        observation_type_code=keys.get("observationTypeCode"),
        unit_code=keys.get("unitCode"),
        interval_seconds=keys.get("channelIntervalInSeconds") if minutes is None else minutes * 60,
    )


def _make_feed(file: str, line: int, name: str, feed: Mapping[str, Any]) -> Feed:
    place = Location(file, line=line, path=("feeds", name))
    return Feed(name, place, _read_identifiers(feed), feed["expect"])


# A # directly before a word was probably meant as text: "Building #3 use".
_CUT = (
    r"(?m)^[ -]*(?:channelInfo|channelDescription|channelImportId|formula|dataPoint):[ ]+"
    r"[^\s'\"|>#][^\n#]*[ ](#[^\s#].*)$"
)


def find_truncating_comments(text: str) -> tuple[tuple[int, int], ...]:
    """The start and end offsets of comments in `text` that were probably meant as the rest of a value."""
    return tuple(match.span(1) for match in re.finditer(_CUT, text)) if " #" in text else ()


class ParsedFile(Struct, frozen=True):
    """What one file says, and what is wrong with it.

    `is_valid` says whether all of it could be read. If not, `content` has the valid parts, for checks across all files.
    `more` findings were left out.
    """

    file: str
    content: FileContent = EMPTY
    findings: tuple[Finding, ...] = ()
    more: int = 0
    is_valid: bool = True


def parse_fast(file: str, data: bytes, known: PlainLines) -> ParsedFile | None:
    """The fast reader's result for `file` with the content `data`; None if the full reader is needed."""
    try:
        text = decode(data)
    except UnicodeDecodeError:
        return None
    # How a value of `with` is written matters, and only the full reader knows.
    values = None if f"{WITH}:" in text else try_fast_parse(text, known)
    if (
        values is None
        or not validator_for(Format.CHANNELS)(values.tree)
        or check_consistency(values.tree)
        or find_truncating_comments(text)
    ):
        return None
    # What fits the schema of channel files is a mapping.
    tree: Any = values.tree
    return ParsedFile(file, make_content(file, tree, values.lines))


# A possible name of a channel in a file that is not YAML: a key with nothing, or with a mapping, after it on its line.
_NAME = r"(?m)^[ ]+([A-Za-z0-9][A-Za-z0-9_.-]*):[ ]*(?:[{#].*)?$"


def recover_channels(document: Document, refused: Set[Keys], lines: Lines) -> FileContent:
    """All channels of a broken file by name, with the values that are not `refused`, and its valid feeds."""
    if not document.is_read:
        names = dict.fromkeys(re.findall(_NAME, document.text))
        return FileContent(recovered=tuple(Desired(name, document.file, 1, None, {}) for name in names))
    tree = _prune(document.tree, (), refused)
    if not isinstance(tree, dict):
        return EMPTY
    return _set_harmed_aside(make_content(document.file, _keep_valid(tree), lines), document, refused)


def _set_harmed_aside(content: FileContent, document: Document, refused: Set[Keys]) -> FileContent:
    """`content` without the templates, and uses of them, that were read only in part: they would give too little."""
    harmed = {keys[:2] for keys in refused}
    templates = (
        replace(one, is_broken=(SECTION, one.name) in harmed or not (one.settings or one.use))
        for one in content.templates
    )
    whole = tuple(use for use in content.uses if ("channels", use.name) not in harmed)
    empty = (make_channel(use, {}) for use in content.uses if use not in whole)
    content = replace(content, templates=tuple(templates), uses=whole, channels=(*content.channels, *empty))
    return _note_spelled(content, document)


def _prune(value: Any, keys: Keys, refused: Set[Keys]) -> Any:
    if not isinstance(value, dict):
        return value
    members = ((key, member, (*keys, key)) for key, member in value.items())
    return {key: _prune(member, path, refused) for key, member, path in members if _is_kept(path, refused)}


def _is_kept(keys: Keys, refused: Set[Keys]) -> bool:
    # Other files may refer to a channel or a template by its name: it is kept even if none of its values can be read.
    return keys not in refused or (len(keys) == 2 and keys[0] in ("channels", SECTION))


def _keep_valid(tree: dict[str, Any]) -> dict[str, Any]:
    channels = {name: _valid_or_empty("channel", channel) for name, channel in _members_of(tree, "channels").items()}
    feeds = {name: feed for name, feed in _members_of(tree, "feeds").items() if _is_valid("feed", feed)}
    data_point = tree.get("dataPoint")
    return {
        "dataPoint": data_point if isinstance(data_point, str) else None,
        "defaults": _valid_or_empty("defaults", tree.get("defaults")),
        "channels": channels,
        "feeds": feeds,
        SECTION: {name: _valid_or_empty("template", one) for name, one in _members_of(tree, SECTION).items()},
    }


def _members_of(tree: dict[str, Any], section: str) -> dict[str, Any]:
    members = tree.get(section)
    return members if isinstance(members, dict) else {}


def _valid_or_empty(definition: str, settings: object) -> Any:
    return settings if _is_valid(definition, settings) else {}


def _is_valid(definition: str, member: object) -> bool:
    return validator_for(Format.CHANNELS, definition)(member)


def parse_fully(file: str, data: bytes) -> ParsedFile:
    """The full reader's result for `file` with the content `data`, with findings for all that is wrong with it."""
    # Imported here because most runs do not need the YAML parser, whose import takes a third of the time of a hook.
    from reconciler.definitions.yaml_reader import parse_yaml  # noqa: PLC0415

    document = parse_yaml(file, data)
    problems, more = _find_problems(document)
    for problem in problems:
        document.report(problem)
    is_valid = not document.findings
    if is_valid:
        # What fits the schema of channel files is a mapping.
        tree: Any = document.tree
        content = _note_spelled(make_content(file, tree, _find_lines(document)), document)
    else:
        refused = document.refused | {problem.keys for problem in problems}
        content = recover_channels(document, refused, _find_lines(document))
    cut = find_cut_values(document, (use.name for use in content.uses))
    for start, end in (*find_truncating_comments(document.text), *cut):
        message = f"the text is cut off before {document.text[start:end]}"
        document.findings.append(make_finding("ESA117", message, document.location_at(start, end)))
    return ParsedFile(file, content, tuple(document.findings), more, is_valid)


def _note_spelled(content: FileContent, document: Document) -> FileContent:
    uses = (replace(use, spelled=find_spelled(document, use.name, use.given)) for use in content.uses)
    return replace(content, uses=tuple(uses)) if content.uses else content


def _find_problems(document: Document) -> tuple[tuple[FileProblem, ...], int]:
    if not document.is_read:
        return (), 0
    inconsistencies = check_consistency(document.tree)
    if validator_for(Format.CHANNELS)(document.tree):
        return _leave_out_refused(document, inconsistencies), 0
    # Imported here because in most runs every file is valid.
    from reconciler.definitions.schema_errors import explain  # noqa: PLC0415

    explanation = explain(Format.CHANNELS, document.tree)
    # The schema of templates lets a placeholder stand for any value; what is known of fixed values is more precise.
    known = {problem.keys for problem in inconsistencies if problem.keys[:1] == (SECTION,)}
    explained = (problem for problem in explanation.problems if problem.keys not in known)
    # For a date that is not even written like one, the schema's message is more precise.
    problems = {(problem.code, problem.keys): problem for problem in (*inconsistencies, *explained)}
    return _leave_out_refused(document, problems.values()), explanation.more


def _leave_out_refused(document: Document, problems: Iterable[FileProblem]) -> tuple[FileProblem, ...]:
    return tuple(problem for problem in problems if problem.keys not in document.refused)


def _find_lines(document: Document) -> Lines:
    lines: Lines = {"channels": {}, "feeds": {}, SECTION: {}}
    for keys in document.spans:
        if len(keys) == 2 and keys[0] in lines:
            lines[keys[0]][keys[1]] = document.line_of(keys)
    return lines
