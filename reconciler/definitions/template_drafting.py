"""Channels that are alike, drafted as one template, and what each of them then says itself."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.definitions.channel_writer import (
    make_tree,
    name_schema,
    render_member,
)
from reconciler.definitions.templates import SECTION, USE, WITH, escape_braces, put
from reconciler.model.fields import (
    INTERVAL_MINUTES,
    IS_CALCULATED,
    OBSERVATION_RULE,
    OBSERVATION_TYPE_CODE,
    SUMMARIZATION_METHOD,
    UNIT_CODE,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.channel_writer import Tree
    from reconciler.definitions.file_problems import Keys
    from reconciler.model.channels import Desired
    from reconciler.model.values import Value


# Of two channels that differ only in a name, a template saves nothing.
MIN_ALIKE = 3
# What a channel measures, and how: channels that differ in it are not of one kind.
_KIND = (OBSERVATION_TYPE_CODE, SUMMARIZATION_METHOD, INTERVAL_MINUTES, IS_CALCULATED, UNIT_CODE, OBSERVATION_RULE)
_METER, _PART = "meter", "part"
_LONGEST_NAME = 64


class DraftedTemplate(Struct, frozen=True):
    """A template called `name` with its settings, and what is left of each channel that uses it, by its name."""

    name: str
    settings: Tree
    channels: Mapping[str, Tree]


def draft_templates(channels: Sequence[Desired], taken: Iterable[str]) -> tuple[DraftedTemplate, ...]:
    """A template for each kind of at least three of `channels`, under a name that is not `taken`.

    Channels are of one kind if they have the same keys, and measure the same in the same way. A value that all of them
    have is in the template. One that differs only by the code of the data point, or by a text by which another value
    differs too, is there with a placeholder. The rest stays in the channel. One that lists its versions uses none.
    """
    kinds: defaultdict[object, list[Desired]] = defaultdict(list)
    for channel in channels:
        if not channel.versions:
            shape = tuple(keys for keys, _ in _list_values(make_tree(channel.select, channel.spec)))
            kinds[shape, tuple(channel.spec.get(path) for path in _KIND)].append(channel)
    names = set(taken)
    drafted = []
    for alike in kinds.values():
        if len(alike) >= MIN_ALIKE:
            template = _draft(alike, _name(alike, names))
            # Channels may have nothing but their keys in common.
            if template.settings:
                names.add(template.name)
                drafted.append(template)
    return tuple(drafted)


def name_file(folder: str, taken: Container[str]) -> str:
    """A new file for templates in `folder` that is not among `taken`, which are in lower case."""
    start = "" if folder == "." else f"{folder}/"
    names = (f"{start}templates{f'-{number}' if number else ''}.yaml" for number in count())
    return next(name for name in names if name.casefold() not in taken)


def render_templates(file: str, templates: Sequence[DraftedTemplate]) -> str:
    """The text of a new `file` with `templates` alone."""
    lines = [f"# yaml-language-server: $schema={name_schema(posixpath.dirname(file))}", f"{SECTION}:"]
    for number, template in enumerate(templates):
        lines += [""] if number else []
        lines += render_member(template.name, template.settings, "  ")
    return "\n".join([*lines, ""])


def _list_values(tree: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Value]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _list_values(value, (*keys, key))
        else:
            yield (*keys, key), value


def _draft(alike: Sequence[Desired], name: str) -> DraftedTemplate:
    trees = [make_tree(channel.select, channel.spec) for channel in alike]
    columns = {keys: [dict(_list_values(tree))[keys] for tree in trees] for keys, _ in _list_values(trees[0])}
    given: list[dict[str, Value]] = [{} for _ in alike]
    shared: dict[Keys, Value] = dict(_find_placeholders(alike, columns, given))
    for keys, values in columns.items():
        if keys not in shared and all(type(value) is type(values[0]) and value == values[0] for value in values):
            shared[keys] = escape_braces(values[0]) if isinstance(values[0], str) else values[0]
    settings = _keep(put(trees[0], shared), shared)
    channels = {}
    for channel, tree, with_ in zip(alike, trees, given, strict=True):
        own = _keep(tree, columns.keys() - shared.keys())
        channels[channel.name] = {USE: name, **({WITH: with_} if with_ else {}), **own}
    return DraftedTemplate(name, settings, channels)


def _keep(tree: Any, kept: Container[Keys], keys: Keys = ()) -> dict[str, Any]:
    """`tree` with only the values at `kept`, and without mappings that are then empty."""
    left: dict[str, Any] = {}
    for key, value in tree.items():
        inner = _keep(value, kept, (*keys, key)) if isinstance(value, dict) else value
        if inner if isinstance(value, dict) else (*keys, key) in kept:
            left[key] = inner
    return left


def _find_placeholders(
    alike: Sequence[Desired], columns: Mapping[Keys, Sequence[Value]], given: list[dict[str, Value]]
) -> Iterator[tuple[Keys, str]]:
    """The texts with placeholders that stand for the values of `columns`; what fills them is added to `given`."""
    codes = [channel.data_point or "" for channel in alike]
    parts: dict[tuple[str, ...], list[tuple[Keys, str, str]]] = defaultdict(list)
    for keys, values in columns.items():
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) < len(values) or len(set(texts)) == 1:
            continue
        filled = {_replace(text, code) for text, code in zip(texts, codes, strict=True)}
        if len(filled) == 1 and f"{{{_METER}}}" in next(iter(filled)) and len(set(codes)) > 1:
            for one, code in zip(given, codes, strict=True):
                one[_METER] = code
            yield keys, filled.pop()
        else:
            start, middles, end = _split(texts)
            parts[tuple(middles)].append((keys, start, end))
    several = ((middles, places) for middles, places in parts.items() if len(places) > 1)
    for number, (between, places) in enumerate(several):
        name = f"{_PART}{number + 1}" if number else _PART
        for one, middle in zip(given, between, strict=True):
            one[name] = middle
        for keys, start, end in places:
            yield keys, f"{escape_braces(start)}{{{name}}}{escape_braces(end)}"


def _replace(text: str, code: str) -> str:
    """`text` as a template has it, with a placeholder for the `code` of its data point."""
    return f"{{{_METER}}}".join(map(escape_braces, text.split(code))) if code else escape_braces(text)


def _split(texts: Sequence[str]) -> tuple[str, list[str], str]:
    """The beginning and the end that all `texts` share, and what is between them in each; no word is cut."""
    start = re.sub(r"\w+\Z", "", _find_start(texts))
    rest = [text[len(start) :] for text in texts]
    end = re.sub(r"\w+\Z", "", _find_start([text[::-1] for text in rest]))[::-1]
    return start, [text[: len(text) - len(end)] for text in rest], end


def _find_start(texts: Sequence[str]) -> str:
    # Every text is between the first and the last one in their order, so that what these share, all share.
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((place for place, (one, other) in pairs if one != other), min(len(first), len(last)))]


def _name(alike: Sequence[Desired], taken: Container[str]) -> str:
    """The words that all names begin and end with, else what the channels measure; numbered if that is taken."""
    start, _, end = _split([channel.name for channel in alike])
    base = "-".join(part for part in (start.strip("-_."), end.strip("-_.")) if part)
    if not any(character.isalpha() for character in base):
        base = str(alike[0].spec.get(OBSERVATION_TYPE_CODE) or "channel").lower()
    base = re.sub(r"[^A-Za-z0-9_.-]+", "-", base).strip("-_.")[: _LONGEST_NAME - 4] or "channel"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
