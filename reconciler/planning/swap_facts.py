"""What a file says of meter swaps, checked against the readings around them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import (
    INTERVAL_MINUTES,
    OBSERVATION_RULE,
    OBSERVATION_RULE_ID,
    OBSERVATION_RULES,
    version_path,
)
from reconciler.model.registers import format_register, read_interval, shift
from reconciler.model.values import begin_key, canonical_time, has_zone
from reconciler.planning.register_falls import Register, find_falls, make_register
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Desired, DesiredVersion, Live
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Plan
    from reconciler.model.registers import ChannelReading, RegisterFall, SwapFacts
    from reconciler.model.values import Spec

# A short span is read first, and a long one only if its readings do not fit, or if there are none.
_NARROW, _WIDE = timedelta(hours=12), timedelta(days=62)


class SwapCheck(Struct, frozen=True):
    """The facts of one listed version, to be checked against readings of `live`.

    `before` and `after` are the registers of the two meters, None if a version has the Trip rule. `begins` are those of
    all versions of the channel.
    """

    desired: Desired
    live: Live
    version: DesiredVersion
    facts: SwapFacts
    before: Register | None
    after: Register | None
    begins: frozenset[str]

    @property
    def spans(self) -> tuple[tuple[datetime, datetime], ...]:
        """The spans of local time whose readings are to be read, one after the other until one is enough."""
        interval = read_interval(self.live.values.get(INTERVAL_MINUTES))
        begin = datetime.fromisoformat(self.version.begin)
        widths = (max(_NARROW, 2 * interval), max(_WIDE, 4 * interval))
        return tuple((shift(begin, -width), shift(begin, width)) for width in widths)


class SwapVerdict(Struct, frozen=True):
    """What readings say of the facts of a swap; `is_settled` if those of a longer span would say the same."""

    findings: tuple[Finding, ...]
    is_settled: bool


def list_swap_checks(plan: Plan, definitions: Definitions, channels: Iterable[Live]) -> tuple[SwapCheck, ...]:
    """A check for each version with facts, of the channels that are in `plan`."""
    planned = {change.name: change.channel_id for change in plan.changes}
    stated = [
        desired
        for desired in definitions.channels
        if desired.name in planned and any(one.swap for one in desired.versions)
    ]
    # Most plans have none, and there may be many channels.
    lives = {live.id: live for live in channels} if stated else {}
    return tuple(
        check
        for desired in sorted(stated, key=lambda desired: desired.name)
        if (live := lives.get(planned[desired.name])) and not live.flaw
        for check in _list_checks(desired, live)
    )


def doubt_new_swaps(plan: Plan, definitions: Definitions) -> tuple[Finding, ...]:
    """The notes that the facts of channels to be created were not checked: those have no readings yet."""
    created = {change.name for change in plan.changes if change.is_creation}
    return tuple(
        _doubt(desired, one, "the channel is to be created, so it has none yet")
        for desired in definitions.channels
        if desired.name in created
        for one in desired.versions
        if one.swap and one.begin
    )


def _list_checks(desired: Desired, live: Live) -> Iterator[SwapCheck]:
    settings = _find_settings(desired, live)
    begins = sorted(settings)
    for one in desired.versions:
        place = begins.index(one.begin)
        if one.swap and place:
            registers = (make_register(settings[begins[place - 1]]), make_register(settings[one.begin]))
            yield SwapCheck(desired, live, one, one.swap, *registers, frozenset(begins))


def _find_settings(desired: Desired, live: Live) -> Mapping[str, Spec]:
    """The versioned values of each version, live or listed, as they are planned, by its begin."""
    listed = {one.begin: one.spec for one in desired.versions}
    lives = {begin: version.values for version in live.versions if not has_zone(begin := begin_key(version.begin_date))}
    values: Spec = live.versions[0].values
    settings = {}
    for begin in sorted({*listed, *lives}):
        values = {**lives.get(begin, values), **_name_rule(listed.get(begin, {}))}
        settings[begin] = values
    return settings


def _name_rule(spec: Spec) -> Spec:
    rule = spec.get(OBSERVATION_RULE)
    return {**spec, OBSERVATION_RULE_ID: OBSERVATION_RULES.get(rule)} if isinstance(rule, str) else spec


def check_swap(check: SwapCheck, readings: Sequence[ChannelReading]) -> SwapVerdict:
    """What `readings` around the begin, in the order of time, say of the facts; nothing if they fit.

    The register of the old meter must have reached its last value by the begin, and that of the new one must go on from
    its first value. A reading at exactly the begin is one of the old meter.
    """
    if check.before is None or check.after is None:
        return SwapVerdict(
            (doubt_swap(check, "under the Trip rule, readings are not register values"),), is_settled=True
        )
    raws = [one for one in readings if one.raw is not None]
    if readings and not raws:
        return SwapVerdict((doubt_swap(check, "EnergyCAP gives readings without their raw value"),), is_settled=True)
    falls = list(find_falls(raws, check.before))
    if not any(_holds(fall, check.version.begin) for fall in falls):
        # A fall at the begin of another version is the swap of another meter.
        others = [fall for fall in falls if not any(_holds(fall, begin) for begin in check.begins)]
        if others:
            return SwapVerdict((_misplace(check, others),), is_settled=True)
    last = next((one for one in reversed(raws) if one.time <= check.version.begin), None)
    first = next((one for one in raws if one.time > check.version.begin), None)
    misfits = (*_check_final(check, check.before, last), *_check_initial(check, check.after, last, first))
    doubts = tuple(_list_doubts(check, last, first))
    return SwapVerdict((*misfits, *doubts), is_settled=not misfits and _has_no_more(check, last, first))


def doubt_swap(check: SwapCheck, reason: str, fix: str = "") -> Finding:
    """The note that the facts of a swap could not be checked, and why; `fix` is what would let them be."""
    return _doubt(check.desired, check.version, reason, fix)


def _doubt(desired: Desired, version: DesiredVersion, reason: str, fix: str = "") -> Finding:
    message = f"swap was not compared with readings: {reason}"
    return make_finding("ESA532", message, desired.locate(version_path(version.begin, "swap")), fix=fix)


def _path(check: SwapCheck) -> str:
    return version_path(check.version.begin, "swap")


def _holds(fall: RegisterFall, begin: str) -> bool:
    return fall.last_time <= begin < fall.first_time


def _has_no_more(check: SwapCheck, last: ChannelReading | None, first: ChannelReading | None) -> bool:
    """Whether no reading that is missing on either side of the begin can be in a longer span."""
    live, begin = check.live, check.version.begin
    # Where EnergyCAP does not say when its readings begin or end, there may be more.
    is_last_known = last is not None or canonical_time(live.first_reading or "") > begin
    is_first_known = first is not None or canonical_time(live.last_reading or "~") <= begin
    return live.has_readings is False or (is_last_known and is_first_known)


def _check_final(check: SwapCheck, register: Register, last: ChannelReading | None) -> Iterator[Finding]:
    final = check.facts.final
    if final is None or last is None or last.raw is None:
        return
    stood = float(last.raw)
    if _is_beyond(stood, final) and not register.has_rolled_over(stood, final):
        message = (
            f"final does not fit the readings: the register stood at {format_register(stood)} "
            f"at {last.time}, above {format_register(final)}"
        )
        yield _locate(make_finding("ESA530", message, check.desired.locate(_path(check))), "final")


def _check_initial(
    check: SwapCheck, register: Register, last: ChannelReading | None, first: ChannelReading | None
) -> Iterator[Finding]:
    initial = check.facts.initial
    if initial is None or first is None or first.raw is None:
        return
    begun = float(first.raw)
    value = format_register(begun)
    if _is_beyond(initial, begun, of=initial) and not register.has_rolled_over(initial, begun):
        found = f"the first reading after {check.version.begin} is {value} at {first.time}"
        message = f"initial does not fit the readings: {found}, below {format_register(initial)}"
    elif last and last.raw is not None and _goes_on(register, float(last.raw), begun, initial):
        found = (
            f"the register goes on from {format_register(float(last.raw))} at {last.time} to {value} at {first.time}"
        )
        message = f"initial does not fit the readings: {found}, not from {format_register(initial)}"
    else:
        return
    yield _locate(make_finding("ESA531", message, check.desired.locate(_path(check))), "initial")


def _goes_on(register: Register, last: float, first: float, initial: float) -> bool:
    """Whether the register continues at the begin, where it should start again far below."""
    return register.has_fallen(last, initial) and last <= first < last + (first - initial) / 2


def _is_beyond(value: float, limit: float, *, of: float | None = None) -> bool:
    """Whether `value` is above `limit`, even if `of`, else the limit, was written without its further digits."""
    # People note 48,213 where the register is sent as 48213.7.
    exponent = Decimal(repr(limit if of is None else of)).as_tuple().exponent
    digit = Decimal(1).scaleb(min(0, exponent) if isinstance(exponent, int) else 0)
    return Decimal(repr(value)) >= Decimal(repr(limit)) + digit


def _misplace(check: SwapCheck, falls: Sequence[RegisterFall]) -> Finding:
    begin = datetime.fromisoformat(check.version.begin)
    fall = min(falls, key=lambda fall: abs(datetime.fromisoformat(fall.last_time) - begin))
    message = (
        f"the register does not fall at {check.version.begin}, but falls from {format_register(fall.last_value)} at "
        f"{fall.last_time} to {format_register(fall.first_value)} at {fall.first_time}"
    )
    fix = f"if the meter was swapped then, {_explain_begin(check, fall.last_time)}"
    return _locate(make_finding("ESA533", message, check.desired.locate(_path(check)), fix=fix), "")


def _explain_begin(check: SwapCheck, begin: str) -> str:
    """How to let the version begin at another time: the list does not move one that EnergyCAP has."""
    written = f'beginDate: "{begin}"'
    begins = [begin_key(version.begin_date) for version in check.live.versions]
    if check.version.begin not in begins:
        return f"write  {written}"
    if check.version.begin != begins[-1]:
        return f"correct the date in EnergyCAP first, and then write  {written}"
    return f"move the version: write its settings under esaChannelVersion in place of channelVersions, with  {written}"


def _locate(finding: Finding, key: str) -> Finding:
    """`finding` at one of the facts, or at the begin of the version."""
    place = finding.location
    if place is None:
        return finding
    path = (*place.path, key) if key else (*place.path[:-1], "beginDate")
    return replace(finding, location=replace(place, path=path))


def _list_doubts(check: SwapCheck, last: ChannelReading | None, first: ChannelReading | None) -> Iterator[Finding]:
    """A note on each fact for which there is no reading in the longest of the spans."""
    begin, (start, _) = check.version.begin, check.spans[-1]
    days = (datetime.fromisoformat(begin) - start).days
    missing = [
        (name, where)
        for name, fact, reading, where in (
            ("final", check.facts.final, last, f"in the {days} days up to {begin}"),
            ("initial", check.facts.initial, first, f"in the {days} days after {begin}"),
        )
        if fact is not None and reading is None
    ]
    for name, where in missing:
        message = f"{name} was not compared with readings: EnergyCAP lists none {where}"
        yield _locate(make_finding("ESA532", message, check.desired.locate(_path(check))), name)
