"""What is wrong with a channel file beyond its schema: what contradicts something else in it, and impossible dates."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from reconciler.definitions.file_problems import FileProblem, describe_mapping
from reconciler.definitions.templates import SECTION, check_templates
from reconciler.model.channels import SELECT, SELECT_IN
from reconciler.model.fields import CHANNEL_FIELDS, VERSION, VERSION_FIELDS, VERSIONS
from reconciler.model.values import begin_key, is_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.file_problems import Keys
    from reconciler.model.fields import Field

    Pairs = tuple[tuple[str, str], ...]


def _aliases(fields: Iterable[Field]) -> Pairs:
    return tuple((field.alias.rpartition(".")[2], field.key) for field in fields if field.alias)


_CHANNEL_PAIRS = (*_aliases(CHANNEL_FIELDS), (SELECT, "channelId"))
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
        *(problem for keys, template in _members(tree, SECTION) for problem in _check_channel(keys, template)),
        *check_templates(tree),
    )


def _members(tree: Mapping[str, Any], section: str) -> Iterator[tuple[Keys, object]]:
    members = tree.get(section)
    if isinstance(members, dict):
        for name, member in members.items():
            yield (section, name), member


def _check_content(tree: Mapping[str, Any]) -> Iterator[FileProblem]:
    if tree and tree.keys().isdisjoint(("channels", "feeds", SECTION)):
        message = "the file has no channels, feeds or templates"
        yield FileProblem("ESA113", (), message, "write the channels under  channels:")


def _check_channel(keys: Keys, channel: object) -> Iterator[FileProblem]:
    yield from _check_settings(keys, channel)
    if not isinstance(channel, dict):
        return
    yield from _check_pairs((*keys, SELECT), channel.get(SELECT), _IDENTIFIER_PAIRS)
    selects = channel.get(SELECT_IN)
    for environment, select in selects.items() if isinstance(selects, dict) else ():
        yield from _check_pairs((*keys, SELECT_IN, environment), select, _IDENTIFIER_PAIRS)


def _check_settings(keys: Keys, settings: object) -> Iterator[FileProblem]:
    yield from _check_pairs(keys, settings, _CHANNEL_PAIRS)
    if not isinstance(settings, dict):
        return
    yield from _check_version((*keys, VERSION), settings.get(VERSION))
    listed = settings.get(VERSIONS)
    if isinstance(listed, list):
        yield from _check_versions((*keys, VERSIONS), listed)
        if VERSION in settings:
            message = f"{VERSION} and {VERSIONS} are both set in {describe_mapping(keys)}"
            fix = f"move the settings of {VERSION} into the last version under {VERSIONS}"
            yield FileProblem("ESA119", (*keys, VERSION), message, fix, at_key=True)


def _check_version(keys: Keys, version: object) -> Iterator[FileProblem]:
    if isinstance(version, dict):
        yield from _check_pairs(keys, version, _VERSION_PAIRS)
        yield from _check_date((*keys, "beginDate"), version.get("beginDate"))


def _check_versions(keys: Keys, listed: Sequence[object]) -> Iterator[FileProblem]:
    """Each version by itself, and each begin beside the one before it: later, and only the first from the beginning."""
    for index, version in enumerate(listed):
        yield from _check_version((*keys, str(index)), version)
    begins = [(index, _find_begin(version)) for index, version in enumerate(listed)]
    known = [(index, begin) for index, begin in begins if begin is not None]
    for (_, before), (index, begin) in pairwise(known):
        if begin <= before:
            yield _misplaced((*keys, str(index), "beginDate"), begin, before)


def _find_begin(version: object) -> str | None:
    """When a listed version begins, "" from the beginning; None where that cannot be read."""
    begin = version.get("beginDate", 0) if isinstance(version, dict) else 0
    is_readable = begin is None or (isinstance(begin, str) and is_time(begin) and _is_day(begin[:10]))
    return begin_key(begin) if is_readable else None


def _misplaced(keys: Keys, begin: str, before: str) -> FileProblem:
    word = begin or "null (from the beginning)"
    if begin == before:
        message, fix = (
            f"two versions begin at the same time, found {word}",
            "delete one of the two, or correct its date",
        )
    else:
        message = f"{VERSIONS} must be in order, oldest first, found {word} after {before}"
        fix = "move the version to where it belongs"
    return FileProblem("ESA120", keys, message, fix)


def _check_pairs(keys: Keys, mapping: object, pairs: Pairs) -> Iterator[FileProblem]:
    for one, other in pairs:
        if isinstance(mapping, dict) and one in mapping and other in mapping:
            message = f"{one} and {other} mean the same, and both are set in {describe_mapping(keys)}"
            yield FileProblem(
                "ESA129", (*keys, other), message, f"keep {one} and delete {other}, or the reverse", at_key=True
            )


def _check_date(keys: Keys, text: object) -> Iterator[FileProblem]:
    # A text with a brace is a placeholder of a template, or no date at all, as the schema says.
    if isinstance(text, str) and "{" not in text and not _is_day(text[:10]):
        yield FileProblem("ESA128", keys, f"beginDate must be an existing date, found {text}")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
