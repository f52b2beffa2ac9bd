"""Random documents: valid channel files, nearly valid ones, and any JSON values."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from reconciler.definitions.schema import Format, read_schema, resolve
from tests.cases import mostly

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["Odometer", "Trip", "KWH", "2024-07-01", "2024-07-01T06:30:00", "north-use", "", 5, 15, 1.0, 15.0]
    )
)


def any_values() -> st.SearchStrategy[Any]:
    """Any JSON value."""
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    )


def nearly(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Values that mostly fit `schema`: sometimes a key is unknown or missing, or a value is arbitrary."""
    schema = root["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in schema and "additionalProperties" not in schema:
        return st.sampled_from(schema["examples"]) | _edges(schema) | SCALARS
    known = {key: nearly(property_, root) for key, property_ in schema.get("properties", {}).items()}
    mappings = st.fixed_dictionaries({}, optional=known)
    if schema.get("additionalProperties"):
        members = nearly(schema["additionalProperties"], root)
        mappings = st.dictionaries(
            st.sampled_from(["a", "north-use", "1042", "a b"]) | st.text(max_size=3), members, max_size=3
        )
    strays = st.dictionaries(st.sampled_from(["chanelInfo", "apiKey", "expect"]), SCALARS, max_size=1)
    return mappings | mappings | st.builds(lambda one, other: {**one, **other}, mappings, strays) | SCALARS


def documents(format_: Format) -> st.SearchStrategy[Any]:
    """Files of `format_`, as values: mostly valid ones, the others with one mistake or several."""
    root = read_schema(format_)
    return mostly(valid(root, root), _flawed(valid(root, root)), nearly(root, root))


def valid(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Values made from the examples in `schema`."""
    schema = root["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in schema and "additionalProperties" not in schema:
        return st.sampled_from([*schema["examples"], *schema.get("enum", [])])
    known = {key: valid(property_, root) for key, property_ in schema.get("properties", {}).items()}
    required = {key: known[key] for key in schema.get("required", ())}
    optional = {key: values for key, values in known.items() if key not in required}
    if not schema.get("additionalProperties"):
        keys = st.lists(st.sampled_from(sorted(optional)), min_size=1, max_size=4, unique=True)
        return keys.flatmap(lambda some: st.fixed_dictionaries(required | {key: optional[key] for key in some}))
    names = st.sampled_from(["a", *resolve(schema["propertyNames"], root)["examples"]])
    return st.dictionaries(names, valid(schema["additionalProperties"], root), min_size=1, max_size=2)


@st.composite
def _flawed(draw: st.DrawFn, documents_: st.SearchStrategy[Any]) -> Any:
    """A document with one value replaced at any depth, or with one key too many."""
    document = place = copy.deepcopy(draw(documents_))
    key = draw(st.sampled_from(sorted(place)))
    while isinstance(place[key], dict) and place[key] and draw(st.integers(0, 3)):
        place = place[key]
        key = draw(st.sampled_from(sorted(place)))
    place[draw(st.sampled_from([key, key, key, "chanelInfo"]))] = draw(any_values())
    return document


def _edges(schema: Any) -> st.SearchStrategy[Any]:
    """Values at the limits of `schema`, on both sides."""
    limits = [schema[key] for key in ("minimum", "maximum") if key in schema]
    numbers = [limit + step for limit in limits for step in (-1, 0, 1, 0.5)]
    lengths = [schema[key] for key in ("minLength", "maxLength") if key in schema]
    texts = ["x" * max(length + step, 0) for length in lengths for step in (-1, 0, 1)]
    return st.sampled_from([*numbers, *texts, *schema.get("enum", []), "2024-02-30", "north\n"])
