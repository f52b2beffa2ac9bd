"""Made-up documents: sound channel files, nearly sound ones, and any of JSON's values."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.definitions.schema import Format, read_schema

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
    """Any of JSON's values."""
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    )


def nearly(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Values that fit `schema`, mostly: now and then a key is unknown or missing, or a value is anything."""
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
    """Files of `format_` that are nearly sound, as values."""
    root = read_schema(format_)
    return nearly(root, root)


def _edges(schema: Any) -> st.SearchStrategy[Any]:
    """Values at the limits of `schema`, on both sides of them."""
    limits = [schema[key] for key in ("minimum", "maximum") if key in schema]
    numbers = [limit + step for limit in limits for step in (-1, 0, 1, 0.5)]
    lengths = [schema[key] for key in ("minLength", "maxLength") if key in schema]
    texts = ["x" * max(length + step, 0) for length in lengths for step in (-1, 0, 1)]
    return st.sampled_from([*numbers, *texts, *schema.get("enum", []), "2024-02-30", "north\n"])
