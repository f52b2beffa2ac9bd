"""What formulas in the files refer to: unknown names, calculated channels, circles, other data points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.canonical import is_blank
from reconciler.model.fields import FORMULA, IS_CALCULATED
from reconciler.model.formulas import find_references
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.citing import cite, place_reference, shorten
from reconciler.planning.formula_cycles import find_cycles
from reconciler.planning.nearest import suggest_channels
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding

_LONGEST_CYCLE = 8


class _Reference(Struct, frozen=True):
    """One `channel(…)` in the formula of `user`; `target` is the channel of the files that it leads to, if any."""

    user: Desired
    text: str
    target: Desired | None

    @property
    def found(self) -> str:
        return f"found channel({shorten(self.text)})"


def check_references(channels: Sequence[Desired]) -> Iterator[Finding]:
    """What is wrong with the references in the formulas of `channels`.

    Ids are not judged, as EnergyCAP may have a formula with them already; one that a name may stand for is noted.
    """
    named = {channel.name: channel for channel in channels}
    references = tuple(_list_references(channels, named))
    yield from _check_names(references, channels)
    cycles = find_cycles(_list_uses(references))
    yield from (_circle([named[name] for name in cycle]) for cycle in cycles)
    circular = {pair for cycle in cycles for pair in zip(cycle, (*cycle[1:], cycle[0]), strict=True)}
    for reference in references:
        if reference.target is not None:
            yield from _check_target(reference, reference.target, circular)


def _list_references(channels: Iterable[Desired], named: Mapping[str, Desired]) -> Iterator[_Reference]:
    numbered = {
        str(channel.select.channel_id): channel
        for channel in channels
        if channel.select is not None and channel.select.channel_id is not None
    }
    for channel in channels:
        formula = channel.spec.get(FORMULA)
        for text in find_references(formula) if isinstance(formula, str) else ():
            target = numbered.get(text.lstrip("0")) if _is_number(text) else named.get(text)
            yield _Reference(channel, text, target)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _list_uses(references: Iterable[_Reference]) -> dict[str, set[str]]:
    uses: dict[str, set[str]] = {}
    for reference in references:
        user, target = reference.user, reference.target
        if target is not None and target is not user:
            uses.setdefault(user.name, set()).add(target.name)
    return uses


def _is_calculated(channel: Desired) -> bool:
    """Whether the files say so: in as many words, or by giving a formula, which only a calculated channel has."""
    if IS_CALCULATED in channel.spec:
        return channel.spec[IS_CALCULATED] is True
    formula = channel.spec.get(FORMULA)
    return formula is not None and not is_blank(formula)


def _check_names(references: Iterable[_Reference], channels: Sequence[Desired]) -> Iterator[Finding]:
    unknown = [reference for reference in references if reference.target is None and not _is_number(reference.text)]
    nearest = suggest_channels((reference.text for reference in unknown), channels)
    for reference in unknown:
        near = nearest.get(reference.text)
        yield make_finding(
            "ESA320",
            f"formula names an unknown channel, {reference.found}",
            place_reference(reference.user, reference.text),
            fix=f"did you mean  channel({near}){tell_apart(reference.text, near)}" if near else "",
        )


def _check_target(reference: _Reference, target: Desired, circular: set[tuple[str, str]]) -> Iterator[Finding]:
    user = reference.user
    if target is user:
        yield make_finding(
            "ESA323", f"formula uses its own channel, {reference.found}", place_reference(user, reference.text)
        )
        return
    found = tuple(_check_use(reference, target, circular))
    if not _is_number(reference.text):
        yield from found
    elif not found:
        yield _uses_number(reference, target)


def _check_use(reference: _Reference, target: Desired, circular: set[tuple[str, str]]) -> Iterator[Finding]:
    """What forbids to name `target`. An id may stay for all that: EnergyCAP may have the formula already (ESA410)."""
    user = reference.user
    if _is_calculated(target) and (user.name, target.name) not in circular:
        yield _uses_calculated(reference, target)
    if None not in (user.data_point, target.data_point) and user.data_point != target.data_point:
        yield _uses_other_data_point(reference, target)


def _uses_calculated(reference: _Reference, target: Desired) -> Finding:
    return make_finding(
        "ESA322",
        f"formula uses a calculated channel, {reference.found}",
        place_reference(reference.user, reference.text),
        detail=(f"calculated: {cite(target)}",),
    )


def _uses_other_data_point(reference: _Reference, target: Desired) -> Finding:
    here, there = shorten(str(reference.user.data_point)), shorten(str(target.data_point))
    return make_finding(
        "ESA325",
        f"formula uses a channel of another data point, {reference.found}",
        place_reference(reference.user, reference.text),
        detail=(f"this channel: data point {here}", f"{cite(target)}: data point {there}"),
    )


def _uses_number(reference: _Reference, target: Desired) -> Finding:
    return make_finding(
        "ESA321",
        f"formula uses the id of a channel that has a name here, {reference.found}",
        place_reference(reference.user, reference.text),
        fix=f"write  channel({target.name})",
        detail=(f"the same channel: {cite(target)}",),
    )


def _circle(cycle: Sequence[Desired]) -> Finding:
    names = [channel.name for channel in cycle]
    if len(names) > _LONGEST_CYCLE:
        names[_LONGEST_CYCLE - 1 :] = [f"... {len(names) - _LONGEST_CYCLE + 1} more"]
    return make_finding(
        "ESA324",
        f"formulas go round in a circle, found {' → '.join((*names, names[0]))}",
        cycle[0].locate(FORMULA),
        detail=tuple(f"in the circle: {cite(channel)}" for channel in cycle[1:_LONGEST_CYCLE]),
    )
