"""The JSON Schemas of the files: from the wheel, or from the repository in an editable install."""

from __future__ import annotations

import json
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.definitions.accept import compile_validator

if TYPE_CHECKING:
    from reconciler.definitions.accept import Validator

Schema: TypeAlias = dict[str, Any]


class Format(Enum):
    """A format of file that has a schema; the values are the schemas' file names."""

    CHANNELS = "channels.schema.json"
    PROJECT = "project.schema.json"


def find_schemas(package: Path) -> Path:
    """The folder of the schemas for the package at `package`: within it in a wheel, beside it in the repository."""
    within = package / "schemas"
    return within if within.is_dir() else package.parent / "schemas"


@cache
def read_schema(format_: Format) -> Schema:
    """The schema of `format_`."""
    path = find_schemas(Path(__file__).parent.parent) / format_.value
    schema: Schema = json.loads(path.read_bytes())
    return schema


@cache
def validator_for(format_: Format, definition: str = "") -> Validator:
    """Whether a value fits the schema of `format_`, or one of its `definitions`, as a function."""
    schema = read_schema(format_)
    return compile_validator(schema["definitions"][definition] if definition else schema, schema)
