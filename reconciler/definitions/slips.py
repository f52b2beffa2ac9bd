"""What a schema without oneOf cannot say of a channel file: one thing said twice, impossible days, no content."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.definitions.problems import FileProblem
from reconciler.definitions.subjects import describe_mapping
from reconciler.model.fields import CHANNEL_FIELDS, VERSION, VERSION_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.definitions.problems import Keys
    from reconciler.model.fields import Field

    Pairs = tuple[tuple[str, str], ...]


def _aliases(fields: Iterable[Field]) -> Pairs:
    return tuple((field.alias.rpartition(".")[2], field.key) for field in fields if field.alias)


_CHANNEL_PAIRS = (*_aliases(CHANNEL_FIELDS), ("select", "channelId"))
_VERSION_PAIRS = _aliases(VERSION_FIELDS)
_IDENTIFIER_PAIRS = (("meterImportId", "dataPointImportId"),)


def check_consistency(tree: object) -> tuple[FileProblem, ...]:
    """What is wrong with `tree` beyond its schema. Looks only at what has the right type, and never raises."""
    if not isinstance(tree, dict):
        return ()
    return (
        *_check_content(tree),
        *_check_settings(("defaults",), tree.get("defaults")),
        *(problem for keys, channel in _members(tree, "channels") for problem in _check_channel(keys, channel)),
        *(problem for keys, feed in _members(tree, "feeds") for problem in _check_pairs(keys, feed, _IDENTIFIER_PAIRS)),
    )


def _members(tree: Mapping[str, Any], section: str) -> Iterator[tuple[Keys, object]]:
    members = tree.get(section)
    if isinstance(members, dict):
        for name, member in members.items():
            yield (section, name), member


def _check_content(tree: Mapping[str, Any]) -> Iterator[FileProblem]:
    if tree and "channels" not in tree and "feeds" not in tree:
        yield FileProblem(
            "ESA113", (), "the file has neither channels nor feeds", "write the channels under  channels:"
        )


def _check_channel(keys: Keys, channel: object) -> Iterator[FileProblem]:
    yield from _check_settings(keys, channel)
    if isinstance(channel, dict) and "select" in channel:
        yield from _check_pairs((*keys, "select"), channel["select"], _IDENTIFIER_PAIRS)


def _check_settings(keys: Keys, settings: object) -> Iterator[FileProblem]:
    yield from _check_pairs(keys, settings, _CHANNEL_PAIRS)
    version = settings.get(VERSION) if isinstance(settings, dict) else None
    if isinstance(version, dict):
        yield from _check_pairs((*keys, VERSION), version, _VERSION_PAIRS)
        yield from _check_date((*keys, VERSION, "beginDate"), version.get("beginDate"))


def _check_pairs(keys: Keys, mapping: object, pairs: Pairs) -> Iterator[FileProblem]:
    for one, other in pairs:
        if isinstance(mapping, dict) and one in mapping and other in mapping:
            message = f"{one} and {other} say one thing twice in {describe_mapping(keys)}"
            yield FileProblem(
                "ESA129", (*keys, other), message, f"keep {one} and delete {other}, or the reverse", at_key=True
            )


def _check_date(keys: Keys, text: object) -> Iterator[FileProblem]:
    if isinstance(text, str) and not _is_day(text[:10]):
        yield FileProblem("ESA128", keys, f"beginDate must be a day that exists, found {text}")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
