"""What a schema without oneOf cannot say of a channel file: one thing said twice, impossible days, no content."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.definitions.document import Problem
from reconciler.definitions.subjects import name_where
from reconciler.model.fields import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.definitions.document import Keys

    Pairs = tuple[tuple[str, str], ...]


_CHANNEL_PAIRS = (("select", "channelId"),)
_POINTER_PAIRS = (("meterImportId", "dataPointImportId"),)


def find_slips(tree: object) -> tuple[Problem, ...]:
    """What is wrong with `tree` beyond its schema. Looks only at what has the right type, and never raises."""
    if not isinstance(tree, dict):
        return ()
    return (
        *_check_content(tree),
        *_check_date(("defaults",), tree.get("defaults")),
        *(problem for keys, channel in _members(tree, "channels") for problem in _check_channel(keys, channel)),
        *(problem for keys, feed in _members(tree, "feeds") for problem in _check_pairs(keys, feed, _POINTER_PAIRS)),
    )


def _members(tree: Mapping[str, Any], section: str) -> Iterator[tuple[Keys, object]]:
    members = tree.get(section)
    if isinstance(members, dict):
        for name, member in members.items():
            yield (section, name), member


def _check_content(tree: Mapping[str, Any]) -> Iterator[Problem]:
    if tree and "channels" not in tree and "feeds" not in tree:
        yield Problem("ESA113", (), "the file has neither channels nor feeds", "write the channels under  channels:")


def _check_channel(keys: Keys, channel: object) -> Iterator[Problem]:
    if isinstance(channel, dict):
        yield from _check_date(keys, channel)
        if "select" in channel:
            yield from _check_pairs(keys, channel, _CHANNEL_PAIRS)
            yield from _check_pairs((*keys, "select"), channel["select"], _POINTER_PAIRS)


def _check_pairs(keys: Keys, mapping: object, pairs: Pairs) -> Iterator[Problem]:
    for one, other in pairs:
        if isinstance(mapping, dict) and one in mapping and other in mapping:
            message = f"{one} and {other} say one thing twice in {name_where(keys)}"
            yield Problem(
                "ESA129", (*keys, other), message, f"keep {one} and delete {other}, or the reverse", at_key=True
            )


def _check_date(keys: Keys, settings: object) -> Iterator[Problem]:
    version = settings.get(VERSION) if isinstance(settings, dict) else None
    text = version.get("beginDate") if isinstance(version, dict) else None
    if isinstance(text, str) and not _is_day(text[:10]):
        yield Problem("ESA128", (*keys, VERSION, "beginDate"), f"beginDate must be a day that exists, found {text}")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
