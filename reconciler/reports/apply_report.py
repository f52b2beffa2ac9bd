"""The result of an apply as text, as Markdown, and as lines of JSON while it runs."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.model.channels import is_new_id
from reconciler.model.outcomes import Finished, OutcomeCorrected, OutcomeStatus, Started, Verifying
from reconciler.reports.change_words import describe_reason, say_begin
from reconciler.reports.escaping import code, dump_line, escape_text, prose, shorten, shorten_text, size_of, tabulate
from reconciler.reports.formatting import count
from reconciler.reports.markdown_budget import BUDGET, DetailLevel, Section, SectionLine, fit_sections, note_shortened
from reconciler.reports.plan_summary import format_environment
from reconciler.reports.terminal import Style, chunk, split_words, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.outcomes import ApplyResult, Event, Outcome
    from reconciler.model.plan import Plan
    from reconciler.reports.terminal import Styler


# A wrong value in EnergyCAP is worse than a change that was not written.
WORST_FIRST = (OutcomeStatus.MISMATCH, OutcomeStatus.FAILED, OutcomeStatus.STALE, OutcomeStatus.NOT_TRIED)


class NextStep(Struct, frozen=True):
    """What to do next: a sentence, and the command."""

    sentence: str
    command: str


def summarize_result(plan: Plan, result: ApplyResult) -> str:
    """Says how the apply of `plan` went."""
    done = result.with_status(OutcomeStatus.DONE)
    already = sum(outcome.was_already_applied for outcome in done)
    text = f"{len(done)} of {count(len(result.outcomes), 'change')} done in {format_environment(plan)}"
    if already:
        text += f", {already} of them already applied"
    if created := len(find_created(result)):
        text += f", {count(created, 'channel')} created"
    if result.unread:
        text += f", {len(result.unread)} of them confirmed but not read back"
    if result.interrupted:
        return f"Interrupted: {text}."
    return f"Stopped: {text}." if result.aborted_because else f"{text}."


def count_outcomes(result: ApplyResult) -> str:
    """The counts by outcome, the last line of the report."""
    numbers = {status: len(result.with_status(status)) for status in OutcomeStatus}
    text = (
        f"Apply: {numbers[OutcomeStatus.DONE]} done, {numbers[OutcomeStatus.STALE]} stale, "
        f"{numbers[OutcomeStatus.FAILED]} failed, {numbers[OutcomeStatus.NOT_TRIED]} not tried"
    )
    differs = numbers[OutcomeStatus.MISMATCH]
    return f"{text}, {count(differs, 'differs', 'differ')}." if differs else f"{text}."


def group_by_message(outcomes: Sequence[Outcome]) -> tuple[tuple[Outcome, ...], ...]:
    """`outcomes` grouped by message, remark and fix, in the order of the first of each group."""
    groups: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.message, outcome.remark, outcome.fix), []).append(outcome)
    return tuple(map(tuple, groups.values()))


def find_remarked(result: ApplyResult) -> tuple[Outcome, ...]:
    """The outcomes that are done and have a remark."""
    return tuple(outcome for outcome in result.with_status(OutcomeStatus.DONE) if outcome.remark)


def find_created(result: ApplyResult) -> tuple[Outcome, ...]:
    """The outcomes of the channels that were created, with their new ids, however the rest of the change ended."""
    return tuple(outcome for outcome in result.outcomes if outcome.was_created)


class ExplainedVersion(Struct, frozen=True):
    """A version that was created, of the channel `name`, since when it holds, and why it begins."""

    name: str
    begin: str
    reason: str


def find_explained(plan: Plan, result: ApplyResult) -> tuple[ExplainedVersion, ...]:
    """The versions of done changes that the plan created, if their file says why they begin."""
    done = {outcome.name for outcome in result.with_status(OutcomeStatus.DONE)}
    versions = (
        (change.name, one) for change in plan.sendable if change.name in done for one in change.created_versions
    )
    explained = (ExplainedVersion(name, say_begin(one.begin), describe_reason(one)) for name, one in versions)
    return tuple(version for version in explained if version.reason)


def describe_blocked(plan: Plan) -> str:
    """Says how many blocked changes were not sent; "" if there are none."""
    blocked = len(plan.blocked)
    said = count(blocked, "blocked change was", "blocked changes were")
    return f"{said} not sent; the plan says why." if blocked else ""


def find_next_step(plan: Plan, result: ApplyResult) -> NextStep | None:
    """What to do next after an apply of `plan`; None if all is done."""
    if result.interrupted:
        return NextStep(
            "Next, continue where this stopped; changes that are done are recognized:", resume_command(plan)
        )
    if result.aborted_because:
        return NextStep("Next, fix the cause and continue where this stopped:", resume_command(plan))
    if result.unread or len(result.with_status(OutcomeStatus.DONE)) < len(result.outcomes):
        return NextStep("Next, plan again to see what is left:", plan_command(plan))
    return None


def resume_command(plan: Plan) -> str:
    """The command that continues an apply of `plan` after it was interrupted, stopped or killed.

    A rollback is started again from the same journal: values that are already restored count as done.
    """
    # The file of the journal is not known here, and a rollback is never resumed.
    how = "--undo JOURNAL" if plan.is_rollback else "--resume"
    return f"reconciler apply --environment {_quote_environment(plan)} {how}"


def plan_command(plan: Plan) -> str:
    """The command that plans again for the environment of `plan`."""
    return f"reconciler plan --environment {_quote_environment(plan)}"


def _quote_environment(plan: Plan) -> str:
    return quote(escape_text(plan.environment))


def render_result(plan: Plan, result: ApplyResult, styler: Styler) -> str:
    """The result of an apply of `plan`: a sentence, what is not done and why, what to do next, and the counts.

    Changes with the same outcome and message are shown together, each by name. Done changes with a remark come last,
    then the ids of the channels that were created, and why new versions begin.
    """
    shown = [*(result.with_status(status) for status in WORST_FIRST), find_remarked(result)]
    groups = [group for outcomes in shown for group in group_by_message(outcomes)]
    blocks = [
        [styler(summarize_result(plan, result), Style.HEADING)],
        [line for group in groups for line in _render_outcomes(group, styler)],
        [line for outcome in find_created(result) for line in _render_created(outcome, styler)],
        [line for version in find_explained(plan, result) for line in _render_explained(version, styler)],
        list(_render_next_step(plan, result)),
        [styler(count_outcomes(result), Style.HEADING)],
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if lines)


def outcome_label(status: OutcomeStatus) -> tuple[str, Style]:
    """The symbol and the word for an outcome, and their style."""
    match status:
        case OutcomeStatus.DONE:
            return "+ done", Style.DONE
        case OutcomeStatus.STALE:
            return "? stale", Style.STALE
        case OutcomeStatus.FAILED:
            return "! failed", Style.FAILED
        case OutcomeStatus.NOT_TRIED:
            return "- not tried", Style.NOT_TRIED
        case OutcomeStatus.MISMATCH:
            return "! differs", Style.FAILED
        case _:
            assert_never(status)


def _render_created(outcome: Outcome, styler: Styler) -> Iterator[str]:
    name = chunk(escape_text(outcome.name), Style.NAME)
    yield from wrap(
        (chunk("+ created", Style.DONE), name, chunk(_show_id(outcome))), styler, indent=0, hang=4, gap="  "
    )


def _render_explained(version: ExplainedVersion, styler: Styler) -> Iterator[str]:
    name = chunk(escape_text(version.name), Style.NAME)
    yield from wrap(
        (chunk("+ new version", Style.DONE), name, chunk(version.begin)), styler, indent=0, hang=4, gap="  "
    )
    yield from wrap(split_words(version.reason), styler, indent=4)


def _show_id(outcome: Outcome) -> str:
    return "new channel" if is_new_id(outcome.channel_id) else str(outcome.channel_id)


def _render_outcomes(group: Sequence[Outcome], styler: Styler) -> Iterator[str]:
    first = group[0]
    who = [chunk(escape_text(first.name), Style.NAME), chunk(_show_id(first))]
    if len(group) > 1:
        who = [chunk(count(len(group), "change"), Style.NAME)]
    yield from wrap((chunk(*outcome_label(first.status)), *who), styler, indent=0, hang=4, gap="  ")
    yield from wrap(split_words(first.message or first.remark), styler, indent=4)
    if first.fix:
        yield from wrap((chunk("fix:", Style.FIX), *split_words(first.fix)), styler, indent=4, hang=9)
    if len(group) > 1:
        yield from wrap([chunk(escape_text(outcome.name), Style.NAME) for outcome in group], styler, indent=4, gap="  ")


def _render_next_step(plan: Plan, result: ApplyResult) -> Iterator[str]:
    blocked, advice = describe_blocked(plan), find_next_step(plan, result)
    if blocked:
        yield blocked
    if advice:
        yield advice.sentence
        yield f"  {advice.command}"


# The events have the shape of Terraform's machine-readable output, which pipelines know.
EVENT_FORMAT_VERSION = "1.0"


def render_version_event(plan: Plan, changes: int) -> str:
    """The first line: the tool, the version of this format, the environment, and how many changes there are."""
    details: dict[str, object] = {
        "format_version": EVENT_FORMAT_VERSION,
        "tool_version": __version__,
        "environment": {"name": plan.environment, "url": plan.url},
        "changes": changes,
    }
    return _event_line("version", f"reconciler {__version__}", details)


def render_event(event: Event) -> str:
    """The line of one event: `apply_start`, `apply_complete`, `apply_errored`, or `apply_read_back`."""
    match event:
        case Started():
            message = f"{event.name}: applying ({event.index} of {event.of})"
            return _event_line("apply_start", message, _address_fields(event.name, event.channel_id))
        case Finished():
            return _render_outcome_event(event.outcome)
        case Verifying():
            message = f"reading {count(event.channels, 'channel')} again"
            return _event_line("apply_read_back", message, {"channels": event.channels})
        case OutcomeCorrected():
            return _render_outcome_event(event.outcome)
        case _:
            assert_never(event)


def render_summary_event(result: ApplyResult) -> str:
    """The last line: the counts by outcome, and why some changes were not tried."""
    counts: dict[str, object] = {
        status.value.replace(" ", "_"): len(result.with_status(status)) for status in OutcomeStatus
    }
    stops = {"interrupted": result.interrupted, "halted": result.aborted_because or None}
    return _event_line("change_summary", count_outcomes(result), {**counts, "unread": len(result.unread), **stops})


def _render_outcome_event(outcome: Outcome) -> str:
    details: dict[str, object] = {
        **_address_fields(outcome.name, outcome.channel_id),
        "ending": outcome.status.value,
        "requests": outcome.requests,
        **({"created": True} if outcome.was_created else {}),
    }
    if outcome.status is OutcomeStatus.DONE:
        return _render_done_event(outcome, details)
    message = f"{outcome.name}: {outcome.status.value}: {outcome.message}"
    failure = {"message": outcome.message, "fix": outcome.fix}
    return _event_line("apply_errored", message, {**details, **failure}, level="error")


def _render_done_event(outcome: Outcome, details: dict[str, object]) -> str:
    details |= {"already": outcome.was_already_applied, "remark": outcome.remark or None, "unread": outcome.unread}
    done = f"created channel {outcome.channel_id}" if outcome.was_created else "done"
    if not outcome.remark:
        return _event_line("apply_complete", f"{outcome.name}: {done}", details)
    return _event_line("apply_complete", f"{outcome.name}: {done}: {outcome.remark}", details, level="warn")


# As Terraform names a resource: its type and its name.
def _address_fields(name: str, channel_id: int) -> dict[str, object]:
    known = None if is_new_id(channel_id) else channel_id
    return {"address": f"esa_channel.{name}", "name": name, "channel_id": known}


def _event_line(kind: str, message: str, details: dict[str, object], *, level: str = "info") -> str:
    return dump_line({"type": kind, "@level": level, "@message": message, **details})


# The worst are the last to be shortened.
_ORDER = (*WORST_FIRST, OutcomeStatus.DONE)


def render_result_markdown(plan: Plan, result: ApplyResult, budget: int = BUDGET) -> str:
    """The result of an apply of `plan` as Markdown of at most `budget` bytes, for any budget from 4096 on.

    Counts come first. If not everything fits, done changes are shortened first and mismatches last, and the end of the
    report says which sections are not in full.
    """
    short = replace(plan, environment=shorten_text(plan.environment), url=shorten_text(plan.url))
    sections = [section for section in _make_sections(plan, result) if section.number]
    head, foot = _render_markdown_head(short, result), _render_markdown_foot(short, result)
    longest_note = _note_shortened((section, DetailLevel.LINES) for section in sections)
    shown = fit_sections(sections, budget - size_of(f"{head}{longest_note}{foot}"))
    note = _note_shortened((part.section, part.level) for part in shown)
    return f"{head}{''.join(part.text for part in shown)}{note}{foot}"


def _make_sections(plan: Plan, result: ApplyResult) -> Iterator[Section]:
    yield from (_make_section(outcome_label(status)[0], result.with_status(status)) for status in WORST_FIRST)
    done = outcome_label(OutcomeStatus.DONE)[0]
    yield _make_section(f"{done}, with a remark", find_remarked(result))
    created = [f"- {code(outcome.name)}: channel {outcome.channel_id}\n" for outcome in find_created(result)]
    yield _make_list_section("+ created", "channel", created)
    explained = [f"- {code(one.name)}, {one.begin}: {prose(one.reason)}\n" for one in find_explained(plan, result)]
    yield _make_list_section("+ new, with the reason", "version", explained)
    yield _make_done_section(done, result.with_status(OutcomeStatus.DONE))


def _make_section(label: str, outcomes: Sequence[Outcome]) -> Section:
    return Section(
        f"{label}: {count(len(outcomes), 'change')}",
        len(outcomes),
        lambda: [*map(_render_group, group_by_message(outcomes)), "\n"],
        lambda: (SectionLine(f"- {code(outcome.name)}: {_describe(outcome)}\n") for outcome in outcomes),
        is_ranked=True,
    )


def _make_list_section(label: str, noun: str, lines: Sequence[str]) -> Section:
    title = f"{label}: {count(len(lines), noun)}"
    return Section(title, len(lines), lambda: [*lines, "\n"], lambda: map(SectionLine, lines), is_ranked=True)


def _make_done_section(label: str, outcomes: Sequence[Outcome]) -> Section:
    names = [code(outcome.name) for outcome in outcomes]
    return Section(
        f"{label}: {count(len(names), 'change')}",
        len(names),
        lambda: [f"{', '.join(names)}\n"],
        lambda: (SectionLine(f"- {name}\n") for name in names),
        is_ranked=True,
        is_collapsed=True,
    )


def _render_markdown_head(plan: Plan, result: ApplyResult) -> str:
    statuses = [status for status in _ORDER if status is not OutcomeStatus.MISMATCH or result.with_status(status)]
    numbers = [str(len(result.with_status(status))) for status in statuses]
    table = tabulate([outcome_label(status)[0] for status in statuses], [numbers])
    project = f", project {code(shorten(plan.folder, 60))}" if plan.folder else ""
    title = f"## EnergyCAP apply to {code(plan.environment)}{project}"
    return f"{title}\n\n**{prose(summarize_result(plan, result))}**\n\n{table}\n"


def _render_markdown_foot(plan: Plan, result: ApplyResult) -> str:
    blocked, advice = describe_blocked(plan), find_next_step(plan, result)
    lines = [f"{blocked}\n\n"] if blocked else []
    if advice:
        lines.append(f"{advice.sentence} {code(advice.command)}\n\n")
    return "".join([*lines, f"{count_outcomes(result)}\n"])


def _note_shortened(levels: Iterable[tuple[Section, DetailLevel]]) -> str:
    return note_shortened(levels, "The JSON output and the journal have all of it.")


def _describe(outcome: Outcome) -> str:
    return prose(outcome.message or outcome.remark)


def _render_group(group: Sequence[Outcome]) -> str:
    first = group[0]
    words = _describe(first)
    fix = f"\n  - fix: {prose(first.fix)}" if first.fix else ""
    if len(group) == 1:
        return f"- **{code(first.name)}** ({_show_id(first)}): {words}{fix}\n"
    names = ", ".join(code(outcome.name) for outcome in group)
    return f"- **{count(len(group), 'change')}**: {words}{fix}\n  - {names}\n"
