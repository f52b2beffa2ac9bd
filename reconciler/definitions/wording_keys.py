"""Keys that are missing or unknown, in words: the nearest known one, or the mapping where the key belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.definitions.accept import compile_validator, resolve
from reconciler.definitions.odd_spaces import FIX, ODD, find_odd_spaces, name_odd_space
from reconciler.definitions.problems import FileProblem
from reconciler.definitions.subjects import describe_mapping, shorten
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.messages import find_nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.problems import Keys
    from reconciler.definitions.schema import Schema

_LONGEST_COMPARED = 64
_SECRETS = frozenset({"apikey", "eciapikey", "key", "token", "accesstoken", "password", "secret"})
_ALIASES = {field.key: field.alias.rpartition(".")[2] for field in (*CHANNEL_FIELDS, *VERSION_FIELDS) if field.alias}
_ALTERNATIVES = _ALIASES | {alias: key for key, alias in _ALIASES.items()}
# What other keys of EnergyCAP's, or of people's own making, come to here.
_ELSEWHERE = {
    "enddate": "delete it: a version ends where the next one begins",
    "esachannelversions": "write the current version under esaChannelVersion:; EnergyCAP keeps the earlier ones",
    "versions": "write the current version under esaChannelVersion:; EnergyCAP keeps the earlier ones",
}
# Where an unknown key belongs when one of these mappings knows it, by the name of the schema's definition.
_HOMES = {
    "esaChannelVersion": "write it under esaChannelVersion:",
    "channel": "write it beside esaChannelVersion:, under the channel's name",
    "select": "write it under select:",
    "feed": "write it under a feed's name in feeds:",
    "environment": "write it under an environment's name in environments:",
    "guards": "write it under guards:",
}


def word_missing(keys: Keys, mapping: Mapping[str, object], schema: Schema) -> FileProblem:
    """That a key is missing in `mapping`."""
    missing = next(key for key in schema["required"] if key not in mapping)
    title = schema["properties"][missing]["title"]
    example = schema["properties"][missing]["examples"][0]
    fix = f"write  {missing}: {example}  ({title})"
    return FileProblem("ESA122", keys, f"{describe_mapping(keys)} needs {missing}", fix, at_key=True)


def word_unknown(keys: Keys, value: object, schema: Schema, root: Schema) -> FileProblem:
    """That the last of `keys`, with `value`, is none that `schema` knows."""
    key, where = keys[-1], describe_mapping(keys[:-1])
    if key.casefold().replace("-", "").replace("_", "") in _SECRETS:
        return FileProblem("ESA142", keys, f"no key, token or password belongs in a file, found {key}", at_key=True)
    fix = _find_pasted(key) or _find_correction(keys, value, schema["properties"], root)
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
    """`key`, or the other key for the same setting if that alone takes `value`: unitCode for a text, unitId for 1."""
    twin = _ALTERNATIVES.get(key)
    if twin not in known or compile_validator(known[key], root)(value):
        return key
    return twin if compile_validator(known[twin], root)(value) else key


def _properties(schema: Any, root: Schema) -> Mapping[str, object]:
    properties: Mapping[str, object] = resolve(schema, root)["properties"] if schema else {}
    return properties
