"""How a channel must read after a write, and in what it reads otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.fields import CHANNEL_FIELDS, OBSERVATION_RULE_ID, VERSION_FIELDS
from reconciler.planning.messages import show_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.channels import Live
    from reconciler.model.fields import Field
    from reconciler.model.values import Spec


_VERSIONS = "the versions"


class _Other(Struct, frozen=True):
    """What reads otherwise: its path, what was expected and what was found, and the version where that is an older one.

    All as a sentence has it.
    """

    path: str
    expected: str
    found: str
    place: str = ""


def expect(before: Live, wanted: Spec) -> Live:
    """`before` as it must read once `wanted`, by the paths of EsaChannelEdit, is written and nothing else."""
    versioned = {field.path: wanted[field.path] for field in VERSION_FIELDS if field.path in wanted}
    current = replace(before.current, values={**before.current.values, **versioned})
    return replace(before, values={**before.values, **wanted}, versions=(*before.versions[:-1], current))


def describe_gone(channel_id: int) -> str:
    """What is known of a channel that EnergyCAP has no more: it answers 404 to what a user may not see, too."""
    return f"EnergyCAP has no channel {channel_id} now: it was deleted, or the key's user may no longer see it"


def find_differences(expected: Live, found: Live) -> tuple[str, ...]:
    """In what `found` reads otherwise than `expected`: values, and versions other than the current; one sentence each.

    What the service fills in or rounds is no difference. Not compared is what follows from other values: codes from
    their ids, the end of a version from the begin of the next.
    """
    return tuple(
        f"its versions are {other.found}, expected {other.expected}"
        if other.path == _VERSIONS
        else f"{other.place}{other.path} is {other.found}, expected {other.expected}"
        for other in _find_others(expected, found)
    )


def find_changes(written: Live, found: Live) -> tuple[str, ...]:
    """The same as what became of it since the channel was `written`: `channelInfo from "Main" to "Other"`."""
    return tuple(
        f"{other.place}{other.path} from {other.expected} to {other.found}" for other in _find_others(written, found)
    )


def _find_others(expected: Live, found: Live) -> Iterator[_Other]:
    yield from _find_other_values(CHANNEL_FIELDS, expected.values, found.values)
    ids, found_ids = ([version.id for version in live.versions] for live in (expected, found))
    if ids != found_ids:
        yield _Other(_VERSIONS, str(ids), str(found_ids))
        return
    yield from _find_other_values(VERSION_FIELDS, expected.current.values, found.current.values)
    for older, found_older in zip(expected.versions[:-1], found.versions[:-1], strict=True):
        others = _find_other_values(VERSION_FIELDS, older.values, found_older.values)
        yield from (replace(other, place=f"in version {older.id}, ") for other in others)


def _find_other_values(fields: Iterable[Field], expected: Spec, found: Spec) -> Iterator[_Other]:
    rule_id = expected.get(OBSERVATION_RULE_ID)
    for field in fields:
        value, found_value = expected.get(field.path), found.get(field.path)
        if not is_same(field.path, value, found_value, rule_id):
            yield _Other(field.path, *show_values(value, found_value))
