"""Whether a channel file can hold a value at all: what its reader and its schema would say of it alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from reconciler.definitions.accept import compile_validator, resolve
from reconciler.definitions.scalars import find_scalar_error, has_control
from reconciler.definitions.schema import Format, read_schema
from reconciler.definitions.slips import check_consistency
from reconciler.definitions.spelling import to_yaml_scalar
from reconciler.model.fields import BEGIN_DATE, VERSION

if TYPE_CHECKING:
    from reconciler.definitions.accept import Validator
    from reconciler.model.values import Value


def is_representable(path: str, value: Value) -> bool:
    """Whether a file can give `value` at `path` of a channel, as in `select.unitCode`, or as its `dataPoint`."""
    if isinstance(value, str) and has_control(value):
        return False
    if isinstance(value, float) and find_scalar_error(to_yaml_scalar(value)):
        return False
    return _validator_at(path)(value) and not (path == BEGIN_DATE and _is_no_day(value))


@cache
def _validator_at(path: str) -> Validator:
    schema = read_schema(Format.CHANNELS)
    home, _, key = path.rpartition(".")
    if path == "dataPoint":
        return compile_validator(schema["properties"][path], schema)
    properties = resolve(schema["definitions"][home or "channel"], schema)["properties"]
    return compile_validator(properties[key], schema)


def _is_no_day(value: Value) -> bool:
    return bool(check_consistency({"channels": {"name": {VERSION: {BEGIN_DATE.rpartition(".")[2]: value}}}}))
