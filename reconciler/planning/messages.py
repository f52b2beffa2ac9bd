"""How findings quote values, name channels and suggest similar names."""

from __future__ import annotations

from enum import IntEnum, auto
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from reconciler.masking import hide_likely
from reconciler.model.fields import CHANNEL_IMPORT_ID, FORMULA, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.lookalikes import distinguish, look

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.model.channels import Desired, Live
    from reconciler.model.findings import Location, TemplateValue
    from reconciler.model.values import Value


_LONGEST = 60


def shorten(text: str) -> str:
    """`text` with API keys masked, cut to 60 characters if it is longer."""
    text = hide_likely(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def show_value(value: Value) -> str:
    """`value` as JSON, cut to 60 characters if it is longer."""
    return shorten(_write_json(value))


def _write_json(value: Value) -> str:
    import json  # noqa: PLC0415 - most runs have nothing to quote

    return json.dumps(value, ensure_ascii=False)


def describe_channel(channel: Live) -> str:
    """A live channel in one line: id, name, import id, and what identifies its readings."""
    minutes = channel.values.get(INTERVAL_MINUTES)
    interval = None if minutes is None else f"{minutes} minutes"
    parts = (
        f"{channel.id} {show_value(channel.name)}",
        f"import id {show_value(channel.values.get(CHANNEL_IMPORT_ID))}",
        channel.values.get(OBSERVATION_TYPE_CODE),
        channel.values.get(UNIT_CODE),
        "calculated" if channel.is_calculated else interval,
    )
    return ", ".join(str(part) for part in parts if part is not None)


def show_values(one: Value, other: Value) -> tuple[str, str]:
    """Two values side by side, as JSON, so that they look different if they are: invisible characters are escaped.

    They are cut only if their difference stays visible.
    """
    texts = distinguish(_write_json(one), _write_json(other))
    shortened = (shorten(texts[0]), shorten(texts[1]))
    return (hide_likely(texts[0]), hide_likely(texts[1])) if shortened[0] == shortened[1] else shortened


def format_reference(channel: Desired) -> str:
    """A channel of the files with its location: name (file:line)."""
    return f"{channel.name} ({channel.file}:{channel.line})"


def name_select(channel: Desired) -> str:
    """What finds the live channel of `channel`, in words: select, or the entry of selectIn for its environment."""
    return f"selectIn for {shorten(channel.selected_in)}" if channel.selected_in else "select"


def describe_source(source: TemplateValue) -> str:
    """Where a value came from: from template pm8000, channels/templates.yaml:3, with ct 160."""
    given = ", ".join(f"{name} {show_value(value)}" for name, value in source.given)
    place = f"from template {source.template}, {source.file}:{source.line}"
    return f"{place}, with {given}" if given else place


def locate_identifiers(channel: Desired) -> Location:
    """The location of what the live channel is found by: its id, else its import id, else all of `select`."""
    if channel.select is None:
        return channel.locate(CHANNEL_IMPORT_ID)
    if channel.select.channel_id is not None:
        return channel.locate("select.channelId")
    return channel.locate("select.channelImportId" if channel.select.channel_import_id else "select")


def locate_reference(channel: Desired, reference: str) -> Location:
    """The location of the `channel(…)` with `reference` in the formula of `channel`."""
    from reconciler.model.formulas import find_written  # noqa: PLC0415 - most formulas are right

    return channel.locate(FORMULA, find_written(str(channel.spec[FORMULA]), reference))


# Comparing two texts well is slow: only the names that share most pairs of letters are compared.
_COMPARED = 40
# A longer text is not a misspelt name, and slow to compare.
_LONGEST_NAME = 255
# A reader follows the first few suggestions; ten thousand of them would take minutes.
_SUGGESTED = 20
# A reader can still choose between so many names for one misspelt code.
_OFFERED = 3


def suggest_names(unknown: Iterable[str], names: Collection[str]) -> dict[str, str]:
    """The most similar name for each of the first 20 of `unknown` that has one."""
    nearest = {name: find_nearest(name, names) for name in islice(dict.fromkeys(unknown), _SUGGESTED)}
    return {name: found for name, found in nearest.items() if found is not None}


def suggest_channels(unknown: Iterable[str], channels: Collection[Desired]) -> dict[str, str]:
    """The name of the channel that each of the first 20 of `unknown` most likely means, if there is one.

    An import id, or the name that EnergyCAP shows, means the channel that has it, even if the name of another channel
    is similar; one that two channels have means neither.
    """
    unknown = tuple(islice(dict.fromkeys(unknown), _SUGGESTED))
    owners = find_owners(unknown, channels)
    near = suggest_names((text for text in unknown if text not in owners), [channel.name for channel in channels])
    return near | {text: names[0] for text, names in owners.items() if len(names) == 1}


def find_owners(texts: Iterable[str], channels: Iterable[Desired]) -> dict[str, tuple[str, ...]]:
    """The names of the channels whose import id or name in EnergyCAP each of `texts` is, whatever its case.

    Texts that are neither are left out.
    """
    texts = tuple(texts)
    owners: dict[str, dict[str, None]] = {text.casefold(): {} for text in texts}
    # Most files refer to nothing unknown, and there may be many channels.
    for channel in channels if owners else ():
        import_id = channel.select.channel_import_id if channel.select else None
        for title in (import_id, channel.spec.get(CHANNEL_IMPORT_ID), channel.spec.get("channelInfo")):
            if isinstance(title, str) and title.casefold() in owners:
                owners[title.casefold()][channel.name] = None
    return {text: tuple(owners[text.casefold()]) for text in texts if owners[text.casefold()]}


def find_nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is most likely a misspelling of, whatever their case; None if none is similar."""
    return next(iter(suggest(name, names)), None)


def suggest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The few of `names` that `name` is most likely a misspelling of, whatever their case; the most likely first.

    Most are one typo away: other letter case or letters that only look the same, then two letters swapped, then one
    letter more, less or wrong. A short code is one typo away from several others, and suggesting only one of them would
    mislead. If no name is one typo away, the one that shares most letters with `name` is suggested.
    """
    if len(name) > _LONGEST_NAME:
        return ()
    names, folded = tuple(names), _fold(name)
    typos = [(_find_typo(folded, _fold(candidate)), candidate) for candidate in names]
    near = sorted(found for found in typos if found[0] is not _Typo.SEVERAL)
    if not near:
        return _find_alike(folded, names)
    farthest = _Typo.CASE if near[0][0] is _Typo.CASE else _Typo.ONE_LETTER
    return tuple(candidate for typo, candidate in near if typo <= farthest)[:_OFFERED]


def find_misspelt(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that is one typo away from `name`; None if there is none.

    Names that differ in a digit are not typos of each other: channels of one kind are numbered. Two digits that changed
    places are.
    """
    folded = _fold(name)
    return next(
        (
            other
            for other in sorted(names)
            if _find_typo(folded, _fold(other)) is not _Typo.SEVERAL and not _differ_in_digits(folded, _fold(other))
        ),
        None,
    )


def _differ_in_digits(one: str, other: str) -> bool:
    pairs = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    is_swapped = sorted(one) == sorted(other)
    return len(one) == len(other) and not is_swapped and all(a.isdigit() and b.isdigit() for a, b in pairs)


def _fold(name: str) -> str:
    return look(name).casefold()


class _Typo(IntEnum):
    """How a misspelt name differs from the one that is meant, likeliest first."""

    CASE = auto()
    SWAPPED = auto()
    ONE_LETTER = auto()
    SEVERAL = auto()


def _find_typo(one: str, other: str) -> _Typo:
    if one == other:
        return _Typo.CASE
    shorter = min(len(one), len(other))
    # A name of one letter has nothing left to recognize after a typo.
    if shorter < 2:
        return _Typo.SEVERAL
    start = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    one, other = one[start:], other[start:]
    if one[1:] == other[1:] or one[1:] == other or one == other[1:]:
        return _Typo.ONE_LETTER
    return _Typo.SWAPPED if one[:2] == other[1::-1] and one[2:] == other[2:] else _Typo.SEVERAL


def _find_alike(folded: str, names: Iterable[str]) -> tuple[str, ...]:
    # Imported here, as most runs have nothing to suggest.
    from difflib import get_close_matches  # noqa: PLC0415
    from heapq import nlargest  # noqa: PLC0415

    pairs = set(pairwise(folded))
    likely = nlargest(
        _COMPARED, names, key=lambda candidate: (len(pairs.intersection(pairwise(candidate.casefold()))), candidate)
    )
    by_folded = {candidate.casefold(): candidate for candidate in likely}
    return tuple(by_folded[match] for match in get_close_matches(folded, by_folded, n=1))
