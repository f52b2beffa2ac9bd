"""Why a file that was not accepted does not fit its schema: jsonschema finds it, `wording` says it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.definitions.schema import Format, read_schema, validator_for
from reconciler.definitions.unclean import MAX_FOUND
from reconciler.definitions.wording import SchemaViolation, describe_violation
from reconciler.model.values import count_characters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.problems import FileProblem
    from reconciler.definitions.schema import Schema

# Where members are many and alike, with the definition in the schema that each has to fit.
_SECTIONS = {"channels": "channel", "feeds": "feed"}
# More refused members than any report shows; each costs jsonschema a third of a millisecond.
_MOST_EXPLAINED = 200


class Explanation(Struct, frozen=True):
    """What keeps a file from fitting its schema; `more` was found, and nothing is said of it."""

    problems: tuple[FileProblem, ...] = ()
    more: int = 0


def explain(format_: Format, tree: object) -> Explanation:
    """All that keeps `tree` from fitting the schema of `format_`; nothing where it is accepted."""
    if validator_for(format_)(tree):
        return Explanation()
    schema = read_schema(format_)
    picked, more = _pick_refused(tree) if format_ is Format.CHANNELS and isinstance(tree, dict) else (tree, 0)
    misfits = [misfit for error in _find_errors(schema, picked) for misfit in _read_error(error)]
    # A value of the wrong type is not one of the allowed ones either: that goes without saying.
    mistyped = {misfit.keys for misfit in misfits if misfit.keyword == "type"}
    told = [misfit for misfit in misfits if misfit.keyword == "type" or misfit.keys not in mistyped]
    worded = tuple(describe_violation(misfit, schema) for misfit in told[:MAX_FOUND])
    return Explanation(worded, more + len(told) - len(worded))


def _find_errors(schema: Schema, tree: object) -> Iterator[Any]:
    # Imported here, as it takes longer than reading a thousand sound channels.
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
    """`tree` with only those channels and feeds that do not fit, and how many of them are too many to explain."""
    picked, more = dict(tree), 0
    for section, definition in _SECTIONS.items():
        members = tree.get(section)
        if isinstance(members, dict) and members:
            refused = _find_refused(members, definition)
            shown = dict(islice(refused.items(), _MOST_EXPLAINED))
            # One is kept where all fit, so that the section does not look empty.
            picked[section] = shown or dict(islice(members.items(), 1))
            more += len(refused) - len(shown)
    return picked, more


def _find_refused(members: dict[str, object], definition: str) -> dict[str, object]:
    accept = validator_for(Format.CHANNELS, definition)
    accept_name = validator_for(Format.CHANNELS, "name")
    return {name: member for name, member in members.items() if not (accept_name(name) and accept(member))}
