"""What does not fit a schema, in sentences of our own: what, the value found, the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.definitions.advice import suggest_value
from reconciler.definitions.problems import FileProblem
from reconciler.definitions.subjects import describe_mapping, describe_subject, shorten, show
from reconciler.definitions.wording_keys import word_missing, word_unknown
from reconciler.definitions.wording_patterns import word_pattern
from reconciler.model.fields import INTERVAL_MINUTES
from reconciler.model.lookalikes import tell_apart
from reconciler.model.values import count_characters, tell_count
from reconciler.planning.constraints import find_violations
from reconciler.planning.messages import find_nearest

if TYPE_CHECKING:
    from reconciler.definitions.problems import Keys
    from reconciler.definitions.schema import Schema

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping of keys",
    "array": "a list",
    "null": "null",
}


class SchemaViolation(Struct, frozen=True):
    """A value that a keyword of its schema refuses; with `is_name` it is itself a key, else `keys` lead to it."""

    keyword: str
    keys: Keys
    value: Any
    schema: Schema
    is_name: bool = False

    @property
    def subject(self) -> str:
        return f"the name {shorten(self.keys[-1])}" if self.is_name else describe_subject(self.keys)


def _word_type(misfit: SchemaViolation) -> FileProblem:
    if "pattern" in misfit.schema and isinstance(misfit.value, bool | int | float):
        # Quotes alone would not help: what is in them would have to be of that form.
        return word_pattern(misfit.keys, show(misfit.value), is_name=False)
    types = misfit.schema["type"]
    wanted = [types] if isinstance(types, str) else types
    words = " or ".join(_TYPES[name] for name in wanted)
    if "string" in wanted and "enum" in misfit.schema:
        fix = f"write one of {', '.join(map(str, misfit.schema['enum']))}"
    else:
        fix = suggest_value(misfit.keys[-1] if misfit.keys else "", misfit.value, wanted)
    return FileProblem("ESA123", misfit.keys, f"{misfit.subject} must be {words}, found {show(misfit.value)}", fix)


def _word_choice(misfit: SchemaViolation) -> FileProblem:
    key = misfit.keys[-1]
    # The planner asks the same of complete channels: one rule has one voice.
    for violation in find_violations({INTERVAL_MINUTES: misfit.value}) if key == INTERVAL_MINUTES else ():
        return FileProblem(violation.code, misfit.keys, violation.message, violation.fix)
    choices = [show(choice).strip('"') for choice in misfit.schema["enum"]]
    near = find_nearest(misfit.value, choices) if isinstance(misfit.value, str) and len(misfit.value) <= 64 else None
    message = f"{key} must be one of {', '.join(choices)}, found {show(misfit.value)}"
    fix = f"did you mean  {key}: {near}{tell_apart(misfit.value, near)}" if near else ""
    return FileProblem("ESA124", misfit.keys, message, fix)


def _word_length(misfit: SchemaViolation) -> FileProblem:
    if misfit.keyword == "minLength":
        fix = "write the text, or delete the key"
        return FileProblem("ESA125", misfit.keys, f'{misfit.subject} must not be empty, found ""', fix)
    longest, found = misfit.schema["maxLength"], count_characters(misfit.value)
    fix = f"leave out {found - longest} of the {found} characters"
    message = f"{misfit.subject} can have at most {longest} characters, found {tell_count(misfit.value)}"
    return FileProblem("ESA125", misfit.keys, message, fix, at_key=misfit.is_name)


def _word_range(misfit: SchemaViolation) -> FileProblem:
    least, most = misfit.schema["minimum"], misfit.schema.get("maximum")
    bounds = f"{least} or more" if most is None else f"between {least} and {most}"
    message = f"{misfit.subject} must be {bounds}, found {show(misfit.value)}"
    return FileProblem("ESA126", misfit.keys, message, _advise_share(misfit) if most == 1 else "")


def _advise_share(misfit: SchemaViolation) -> str:
    """What to write where a percentage may be meant: of all numbers only a share is 1 at most."""
    if not 1 < misfit.value <= 100:
        return ""
    return f"write  {misfit.keys[-1]}: {misfit.value / 100:.12g}  if {misfit.value:.12g} % is meant"


def _word_empty(misfit: SchemaViolation) -> FileProblem:
    return FileProblem("ESA113", misfit.keys, f"{describe_mapping(misfit.keys)} is empty, found {show(misfit.value)}")


def _word_missing(misfit: SchemaViolation) -> FileProblem:
    return word_missing(misfit.keys, misfit.value, misfit.schema)


def _word_pattern(misfit: SchemaViolation) -> FileProblem:
    return word_pattern(misfit.keys, misfit.value, is_name=misfit.is_name)


_WORDED_BY = {
    "type": _word_type,
    "enum": _word_choice,
    "minLength": _word_length,
    "maxLength": _word_length,
    "minimum": _word_range,
    "maximum": _word_range,
    "minProperties": _word_empty,
    "minItems": _word_empty,
    "required": _word_missing,
    "pattern": _word_pattern,
}


def describe_violation(misfit: SchemaViolation, root: Schema) -> FileProblem:
    """The problem that `misfit` is, in words; `root` is the whole schema."""
    if misfit.keyword == "additionalProperties":
        return word_unknown(misfit.keys, misfit.value, misfit.schema, root)
    return _WORDED_BY[misfit.keyword](misfit)
