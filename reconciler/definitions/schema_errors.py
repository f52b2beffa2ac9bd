"""Schema violations as messages of this tool: the problem, the value found, and the fix."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definitions.document import MAX_FOUND
from reconciler.definitions.file_problems import FileProblem, describe_mapping, describe_subject, shorten, show
from reconciler.definitions.schema import Format, compile_validator, read_schema, resolve, validator_for
from reconciler.definitions.value_hints import suggest_value
from reconciler.definitions.yaml_syntax import FIX, ODD, find_odd_spaces, name_odd_space
from reconciler.masking import hide_likely
from reconciler.model.fields import CHANNEL_FIELDS, INTERVAL_MINUTES, VERSION_FIELDS
from reconciler.model.lookalikes import tell_apart
from reconciler.model.values import count_characters, tell_count
from reconciler.planning.constraints import find_violations
from reconciler.planning.messages import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.definitions.file_problems import Keys
    from reconciler.definitions.schema import Schema


_LONGEST_COMPARED = 64
_SECRETS = frozenset({"apikey", "eciapikey", "key", "token", "accesstoken", "password", "secret"})
_ALIASES = {field.key: field.alias.rpartition(".")[2] for field in (*CHANNEL_FIELDS, *VERSION_FIELDS) if field.alias}
_ALTERNATIVES = _ALIASES | {alias: key for key, alias in _ALIASES.items()}
_VERSIONS = "write the versions under channelVersions:, or the current one alone under esaChannelVersion:"
# What to write instead of keys that EnergyCAP's API has, or that people often try.
_ELSEWHERE = {
    "enddate": "delete it: a version ends where the next one begins",
    "esachannelversions": _VERSIONS,
    "versions": _VERSIONS,
}
# Where an unknown key belongs if one of these mappings has it, by the name of the schema's definition.
_HOMES = {
    "esaChannelVersion": "write it under esaChannelVersion:",
    "channel": "write it beside esaChannelVersion:, under the channel's name",
    "select": "write it under select:",
    "feed": "write it under a feed's name in feeds:",
    "environment": "write it under an environment's name in environments:",
    "guards": "write it under guards:",
}


class SchemaViolation(Struct, frozen=True):
    """A value at `keys` that a keyword of its schema rejects; with `is_name`, the key itself."""

    keyword: str
    keys: Keys
    value: Any
    schema: Schema
    is_name: bool = False

    @property
    def subject(self) -> str:
        return f"the name {shorten(self.keys[-1])}" if self.is_name else describe_subject(self.keys)


def _describe_missing(violation: SchemaViolation) -> FileProblem:
    keys, schema = violation.keys, violation.schema
    missing = next(key for key in schema["required"] if key not in violation.value)
    title = schema["properties"][missing]["title"]
    example = schema["properties"][missing]["examples"][0]
    fix = f"write  {missing}: {example}  ({title})"
    return FileProblem("ESA122", keys, f"{describe_mapping(keys)} needs {missing}", fix, at_key=True)


def _describe_unknown(violation: SchemaViolation, root: Schema) -> FileProblem:
    keys, known = violation.keys, violation.schema["properties"]
    key, where = keys[-1], describe_mapping(keys[:-1])
    if key.casefold().replace("-", "").replace("_", "") in _SECRETS:
        return FileProblem("ESA142", keys, f"secrets must not be stored in files, found {key}", at_key=True)
    fix = _find_pasted(key) or _find_correction(keys, violation.value, known, root)
    return FileProblem("ESA121", keys, f"unknown key {shorten(key)} in {where}", fix, at_key=True)


def _find_pasted(key: str) -> str:
    found = name_odd_space(key) if find_odd_spaces(key) else ""
    return f"{ODD} before the key, {found}: {FIX}" if found else ""


def _find_correction(keys: Keys, value: object, known: Schema, root: Schema) -> str:
    key = keys[-1]
    if len(key) > _LONGEST_COMPARED:
        return ""
    home = next((fix for name, fix in _HOMES.items() if key in _properties(root["definitions"].get(name), root)), None)
    if home:
        return home
    elsewhere = _ELSEWHERE.get(key.casefold()) if keys[0] == "channels" else None
    if elsewhere:
        return elsewhere
    near = find_nearest(key, known)
    if near:
        near = _choose_twin(near, value, known, root)
        return f"did you mean  {near}:{tell_apart(key, near)}"
    if len(keys) == 1 and isinstance(value, dict) and "channels" in known:
        return "if it is a channel, write it under channels:, two spaces further right"
    return f"known here: {', '.join(known)}"


def _choose_twin(key: str, value: object, known: Schema, root: Schema) -> str:
    """`key`, or the other key for the same setting if only that accepts `value`: unitCode for a text, unitId for 1."""
    twin = _ALTERNATIVES.get(key)
    if twin not in known or compile_validator(known[key], root)(value):
        return key
    return twin if compile_validator(known[twin], root)(value) else key


def _properties(schema: Any, root: Schema) -> Mapping[str, object]:
    properties: Mapping[str, object] = resolve(schema, root)["properties"] if schema else {}
    return properties


_PORT = re.compile(
    r"(?P<host>https?://(?:\[[^\]/]*\]|[^:/\[\]]*)):(?P<port>[^/]*)(?P<path>.*)", re.DOTALL | re.IGNORECASE
)
_SCHEME_AND_HOST = re.compile(r"[A-Za-z]+://[^/]*")


def _describe_url(text: str) -> tuple[str, str]:
    """What is wrong with the url `text`, and the line to write instead; "" if that is not clear."""
    if "@" in text:
        return "url must not contain a user name or password", "name the variable with the key in apiKeyEnv instead"
    if "?" in text or "#" in text:
        return f"url must not contain a query, found {show(text.partition('?')[0].partition('#')[0])} and more", ""
    if not text.isascii():
        other = next(character for character in text if not character.isascii())
        return f"url must contain only ASCII characters, found {show(text)} with U+{ord(other):04X}", ""
    if port := _PORT.fullmatch(text):
        return _describe_with_port(text, port)
    return _describe_scheme(text)


def _describe_with_port(text: str, match: re.Match[str]) -> tuple[str, str]:
    if _accepts(f"{match['host']}{match['path']}"):
        message = f"the port in url must be a number from 1 to 65535, found {show(match['port'])}"
        return message, f"correct the port, or leave it out:  url: {match['host']}{match['path']}"
    return _describe_scheme(text)


def _describe_scheme(text: str) -> tuple[str, str]:
    lowered = _SCHEME_AND_HOST.sub(lambda match: match[0].lower(), text, count=1)
    if lowered != text and _accepts(lowered):
        return f"url must begin in lower case, found {show(text)}", _propose(lowered)
    if text.startswith("http://"):
        message = f"url must start with https:// unless it names this machine, found {show(text)}"
        return message, _propose(f"https{text[4:]}")
    if "." in text and not _has_scheme(text):
        return f"url must start with https://, found {show(text)}", _propose(f"https://{text.lstrip('/')}")
    return f"url must be an address, or the word sandbox, found {show(text)}", ""


def _has_scheme(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return True


def _propose(url: str) -> str:
    return f"write  url: {url}" if _accepts(url) else ""


def _accepts(url: str) -> bool:
    return validator_for(Format.PROJECT, "environment")({"url": url})


_ZONED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+)?)\s*(?:[Zz]|[+-][0-9]{2}:?[0-9]{2}|[A-Z]{3,4})")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORDS = re.compile(r"[A-Z]+(_[A-Z]+)+|[a-z]+(_[a-z]+)+", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


def _describe_pattern(violation: SchemaViolation) -> FileProblem:
    keys, text = violation.keys, violation.value
    if violation.is_name:
        return _describe_name(keys, text)
    match keys[-1]:
        case "beginDate":
            return _describe_date(keys, text)
        case "url":
            return FileProblem("ESA141", keys, *_describe_url(text))
        case "apiKeyEnv":
            return _describe_variable(keys, text)
        case _:
            message = f"maxChanges must be a whole number or a percentage, found {show(text)}"
            return FileProblem("ESA145", keys, message)


def _describe_name(keys: Keys, name: str) -> FileProblem:
    if name.isascii() and name.isdigit():
        message = f"a name needs at least one letter, found {shorten(name)}"
    else:
        message = f"a name is made of letters, digits, hyphen, underscore and dot, found {show(name)}"
    proposal = _NOT_IN_NAMES.sub("-", name[:64]).strip("-_.")
    is_usable = any(character.isalpha() for character in proposal) and hide_likely(name) == name
    fix = f"write  {proposal}:" if is_usable else ""
    return FileProblem("ESA127", keys, message, fix, at_key=True)


def _describe_date(keys: Keys, text: str) -> FileProblem:
    zoned = _ZONED.fullmatch(text)
    if zoned:
        message = f"beginDate must have no zone or offset, found {text}"
        return FileProblem("ESA128", keys, message, f"write local time of the data point:  beginDate: {zoned[1]}")
    return FileProblem("ESA128", keys, f"beginDate must be a date, or a date and time, found {show(text)}")


def _describe_variable(keys: Keys, text: str) -> FileProblem:
    # Somebody may have put the key itself here, so it is shown only if it is made of words.
    if not _VARIABLE.fullmatch(text):
        message = "apiKeyEnv must be the name of a variable: letters, digits and underscores"
        return FileProblem("ESA142", keys, message, "write a name like ECI_API_KEY, and put the key into that variable")
    found = f", found {shorten(text)}" if _WORDS.fullmatch(text) else ""
    message = f"apiKeyEnv must begin with ECI_, and have only upper-case letters, digits and underscores{found}"
    return FileProblem("ESA146", keys, message)


_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping of keys",
    "array": "a list",
    "null": "null",
}


def _describe_type(violation: SchemaViolation) -> FileProblem:
    if "pattern" in violation.schema and isinstance(violation.value, bool | int | float):
        # Quotes alone would not help: the text in them must match the pattern, too.
        return _describe_pattern(replace(violation, value=show(violation.value)))
    types = violation.schema["type"]
    wanted = [types] if isinstance(types, str) else types
    words = " or ".join(_TYPES[name] for name in wanted)
    if "string" in wanted and "enum" in violation.schema:
        fix = f"write one of {', '.join(map(str, violation.schema['enum']))}"
    else:
        fix = suggest_value(violation.keys[-1] if violation.keys else "", violation.value, wanted)
    return FileProblem(
        "ESA123", violation.keys, f"{violation.subject} must be {words}, found {show(violation.value)}", fix
    )


def _describe_choice(violation: SchemaViolation) -> FileProblem:
    key = violation.keys[-1]
    # The planner checks the same rule for complete channels: the message must be the same.
    for found in find_violations({INTERVAL_MINUTES: violation.value}) if key == INTERVAL_MINUTES else ():
        return FileProblem(found.code, violation.keys, found.message, found.fix)
    choices = [show(choice).strip('"') for choice in violation.schema["enum"]]
    near = (
        find_nearest(violation.value, choices)
        if isinstance(violation.value, str) and len(violation.value) <= 64
        else None
    )
    message = f"{key} must be one of {', '.join(choices)}, found {show(violation.value)}"
    fix = f"did you mean  {key}: {near}{tell_apart(violation.value, near)}" if near else ""
    return FileProblem("ESA124", violation.keys, message, fix)


def _describe_length(violation: SchemaViolation) -> FileProblem:
    if violation.keyword == "minLength":
        fix = "write the text, or delete the key"
        return FileProblem("ESA125", violation.keys, f'{violation.subject} must not be empty, found ""', fix)
    longest, found = violation.schema["maxLength"], count_characters(violation.value)
    fix = f"shorten it by {found - longest} character{'s' if found - longest > 1 else ''}"
    message = f"{violation.subject} can have at most {longest} characters, found {tell_count(violation.value)}"
    return FileProblem("ESA125", violation.keys, message, fix, at_key=violation.is_name)


def _describe_range(violation: SchemaViolation) -> FileProblem:
    least, most = violation.schema["minimum"], violation.schema.get("maximum")
    bounds = f"{least} or more" if most is None else f"between {least} and {most}"
    message = f"{violation.subject} must be {bounds}, found {show(violation.value)}"
    return FileProblem("ESA126", violation.keys, message, _advise_share(violation) if most == 1 else "")


def _advise_share(violation: SchemaViolation) -> str:
    """What to write if a percentage may be meant: only fields for a share have the maximum 1."""
    if not 1 < violation.value <= 100:
        return ""
    return f"write  {violation.keys[-1]}: {violation.value / 100:.12g}  if {violation.value:.12g} % is meant"


def _describe_empty(violation: SchemaViolation) -> FileProblem:
    return FileProblem(
        "ESA113", violation.keys, f"{describe_mapping(violation.keys)} is empty, found {show(violation.value)}"
    )


_DESCRIPTIONS = {
    "type": _describe_type,
    "enum": _describe_choice,
    "minLength": _describe_length,
    "maxLength": _describe_length,
    "minimum": _describe_range,
    "maximum": _describe_range,
    "minProperties": _describe_empty,
    "minItems": _describe_empty,
    "required": _describe_missing,
    "pattern": _describe_pattern,
}


def _describe(violation: SchemaViolation, root: Schema) -> FileProblem:
    """The message for `violation`; `root` is the whole schema."""
    if violation.keyword == "additionalProperties":
        return _describe_unknown(violation, root)
    return _DESCRIPTIONS[violation.keyword](violation)


# Sections that may have thousands of members, with the definition in the schema that each must fit.
_SECTIONS = {"channels": "channel", "feeds": "feed"}
# More members than a report shows; each takes jsonschema a third of a millisecond.
_MOST_EXPLAINED = 200


class Explanation(Struct, frozen=True):
    """Why a file does not fit its schema; `more` counts the problems that are not listed."""

    problems: tuple[FileProblem, ...] = ()
    more: int = 0


def explain(format_: Format, tree: object) -> Explanation:
    """Every reason why `tree` does not fit the schema of `format_`."""
    if validator_for(format_)(tree):
        return Explanation()
    schema = read_schema(format_)
    picked, more = _pick_refused(tree) if format_ is Format.CHANNELS and isinstance(tree, dict) else (tree, 0)
    violations = [violation for error in _find_errors(schema, picked) for violation in _read_error(error)]
    # A value of the wrong type is not one of the allowed values either: one message is enough.
    mistyped = {violation.keys for violation in violations if violation.keyword == "type"}
    shown = [violation for violation in violations if violation.keyword == "type" or violation.keys not in mistyped]
    problems = tuple(_describe(violation, schema) for violation in shown[:MAX_FOUND])
    return Explanation(problems, more + len(shown) - len(problems))


def _find_errors(schema: Schema, tree: object) -> Iterator[Any]:
    # Imported here because the import takes longer than reading a thousand valid channels.
    from jsonschema import Draft7Validator, ValidationError  # noqa: PLC0415
    from jsonschema.validators import extend  # noqa: PLC0415

    def check_length(_validator: object, longest: int, text: object, _schema: object) -> Iterator[Any]:
        if isinstance(text, str) and count_characters(text) > longest:
            yield ValidationError("too long")

    validator = extend(Draft7Validator, {"maxLength": check_length})  # type: ignore[no-untyped-call]
    return iter(validator(schema).iter_errors(tree))


def _read_error(error: Any) -> Iterator[SchemaViolation]:
    keyword, keys = str(error.validator), tuple(map(str, error.absolute_path))
    if "propertyNames" in error.relative_schema_path:
        yield SchemaViolation(keyword, (*keys, error.instance), error.instance, error.schema, is_name=True)
    elif keyword == "additionalProperties":
        for key in error.instance:
            if key not in error.schema["properties"]:
                yield SchemaViolation(keyword, (*keys, key), error.instance[key], error.schema)
    else:
        yield SchemaViolation(keyword, keys, error.instance, error.schema)


def _pick_refused(tree: dict[str, object]) -> tuple[dict[str, object], int]:
    """`tree` with only the channels and feeds that do not fit, and how many more of them are not explained."""
    picked, more = dict(tree), 0
    for section, definition in _SECTIONS.items():
        members = tree.get(section)
        if isinstance(members, dict) and members:
            refused = _find_refused(members, definition)
            shown = dict(islice(refused.items(), _MOST_EXPLAINED))
            # If all fit, one is kept, so that the section does not look empty.
            picked[section] = shown or dict(islice(members.items(), 1))
            more += len(refused) - len(shown)
    return picked, more


def _find_refused(members: dict[str, object], definition: str) -> dict[str, object]:
    accept = validator_for(Format.CHANNELS, definition)
    accept_name = validator_for(Format.CHANNELS, "name")
    return {name: member for name, member in members.items() if not (accept_name(name) and accept(member))}
