"""Summarizes a plan in sentences, with the same words in every report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.model.fields import Impact
from reconciler.model.findings import Severity
from reconciler.model.plan import Origin
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count, join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import FeedRoute, Plan


# The rules about readings that a plan sends to another channel.
_REROUTING = frozenset(("ESA601", "ESA602", "ESA603", "ESA604"))
# What a rollback says of a channel that was created, and of one that may have been.
_CREATED, _MAYBE_CREATED = "ESA715", "ESA716"

_NAMES = 5
# As many digits as git shows of a short commit.
_COMMIT_DIGITS = 7


def summarize_plan(plan: Plan) -> str:
    """A few sentences: what would change and where, what is risky about it, and what is blocked."""
    sentences = (
        _describe_left_behind(plan),
        _describe_changes(plan),
        _describe_creations(plan),
        _describe_drift(plan),
        _describe_unknown(plan),
        _describe_errors(plan),
        _describe_warnings(plan),
        _describe_snapshot(plan),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def describe_filter(plan: Plan) -> str:
    """A sentence that says which channels the plan leaves out; "" if it has all of them."""
    if plan.is_complete:
        return ""
    patterns = join_words([escape_text(pattern) for pattern in plan.filter])
    return f"Filtered: only channels that match {patterns}, with what they depend on; all others were left out."


def describe_left_out(plan: Plan) -> str:
    """A sentence on what the files have and leave out of this environment; "" if that is nothing."""
    channels, feeds = plan.left_out.channels, plan.left_out.feeds
    if not channels:
        return ""
    them = "it" if len(channels) == 1 else "them"
    with_feeds = f", and with {them} {_list_names('feed', feeds)}" if feeds else ""
    return f"Left out by the key only, which lists other environments: {_list_names('channel', channels)}{with_feeds}."


def _list_names(noun: str, names: Sequence[str]) -> str:
    shown = [escape_text(name) for name in names[:_NAMES]]
    more = [f"{len(names) - _NAMES} more"] if len(names) > _NAMES else []
    return f"{count(len(names), noun)} ({join_words([*shown, *more])})"


def count_changes(plan: Plan) -> str:
    """The counts of a plan, the last line of every report."""
    if not is_compared(plan):
        return "Plan: none, as there are errors and nothing was compared."
    summary = plan.summary
    created = f"{summary.create} to create, " if summary.create else ""
    return (
        f"Plan: {created}{summary.update} to update, {summary.blocked} blocked, "
        f"{summary.no_op} unchanged, {summary.unmanaged} unmanaged."
    )


def describe_uncommitted(plan: Plan) -> str:
    """A sentence that says that some files were not committed; "" if all were."""
    if not plan.uncommitted:
        return ""
    return f"Planned from commit {escape_text((plan.commit or '')[:_COMMIT_DIGITS])} + uncommitted changes."


def is_compared(plan: Plan) -> bool:
    """Whether the files were compared with EnergyCAP; with errors in the files, they are not."""
    return not plan.has_errors or bool(plan.changes or plan.managed or plan.unmanaged)


def count_findings(findings: Iterable[Finding]) -> str:
    """How many `findings` there are of each severity, the worst first: 1 error, 2 warnings and 1 note."""
    severities = [finding.severity for finding in findings]
    numbers = ((severity, severities.count(severity)) for severity in Severity)
    return join_words([count(number, severity.value) for severity, number in numbers if number])


def format_environment(plan: Plan) -> str:
    """The environment of the plan, with its URL if that says more than the name."""
    name = escape_text(plan.environment)
    return name if plan.url == plan.environment else f"{name} ({escape_text(plan.url)})"


def find_feeds_to_review(plan: Plan) -> tuple[tuple[FeedRoute, str], ...]:
    """The feeds that would reach another channel, or that have findings, each with its route in words."""
    moved = [feed for feed in plan.feeds if feed.before != feed.after or feed.findings]
    ends = {end for feed in moved for end in (feed.before, feed.after)}
    names = {change.channel_id: escape_text(change.name) for change in plan.changes if change.channel_id in ends}

    def name(end: int | None) -> str:
        return "no channel" if end is None else names.get(end, f"channel {end}")

    return tuple((feed, _describe_route(feed, name(feed.before), name(feed.after))) for feed in moved)


def _describe_route(feed: FeedRoute, before: str, after: str) -> str:
    if feed.before == feed.after:
        return before
    return f"stays at {before}; it would reach {after}" if feed.is_change_blocked else f"{before} → {after}"


def _describe_left_behind(plan: Plan) -> str:
    """What a rollback cannot take away, so that a person must; "" if nothing, and for any other plan."""
    codes = [finding.code for finding in plan.findings if plan.is_rollback]
    created, doubtful = codes.count(_CREATED), codes.count(_MAYBE_CREATED)
    sentences = []
    if created:
        them = "it" if created == 1 else "them"
        stay = count(created, "channel that was created stays", "channels that were created stay")
        sentences.append(f"{stay}: delete {them} in EnergyCAP by hand if you do not want {them}.")
    if doubtful:
        sentences.append(f"{count(doubtful, 'channel')} may have been created: {_MAYBE_CREATED} says where to look.")
    return " ".join(sentences)


def _describe_changes(plan: Plan) -> str:
    summary = plan.summary
    if not plan.sendable and not summary.blocked:
        return _describe_no_changes(plan)
    numbers = [
        f"{count(number, noun)} would {verb}"
        for number, noun, verb in (
            (summary.create, "new channel", "be created"),
            (summary.update, "channel", "change"),
        )
        if number
    ]
    parts = [f"{' and '.join(numbers) or 'no channel would change'} in {format_environment(plan)}"]
    # Blocked edits are not counted: they are not sent, so they rewrite nothing.
    rewriting = sum(edit.impact is Impact.HISTORY for change in plan.sendable for edit in change.edits)
    if rewriting:
        parts.append(f"{count(rewriting, 'edit')} may rewrite stored values")
    if summary.blocked:
        noun = "more change" if plan.sendable else "change"
        parts.append(f"{count(summary.blocked, f'{noun} is', f'{noun}s are')} blocked and would not be sent")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _describe_no_changes(plan: Plan) -> str:
    if plan.has_errors:
        return f"Nothing is planned for {format_environment(plan)}."
    channels = plan.summary.no_op
    if plan.is_rollback:
        return f"The journal has no value to put back in {format_environment(plan)}."
    if not channels:
        return f"No changes: the files have no channels for {format_environment(plan)}."
    managed = "the one managed channel" if channels == 1 else f"all {channels} managed channels"
    verb = "matches" if channels == 1 else "match"
    return f"No changes: {managed} in {format_environment(plan)} {verb} the files."


def _describe_creations(plan: Plan) -> str:
    # No call of EnergyCAP that deletes a channel is documented.
    return "Once created, a channel cannot be deleted by this tool." if plan.creations else ""


def _describe_drift(plan: Plan) -> str:
    edits = [edit for change in plan.changes for edit in change.edits]
    drift = sum(edit.origin is Origin.DRIFT for edit in edits)
    if not drift:
        return ""
    share = f"{drift} of {count(len(edits), 'edit')}"
    verb = "is" if drift == 1 else "are"
    return f"{share} {verb} drift, not from this change: the files had these values before, and EnergyCAP has others."


def _describe_unknown(plan: Plan) -> str:
    edits = [edit for change in plan.changes for edit in change.edits]
    unknown = sum(edit.origin is Origin.UNKNOWN for edit in edits)
    if not unknown:
        return ""
    noun = "1 edit" if unknown == len(edits) == 1 else f"{unknown} of {count(len(edits), 'edit')}"
    return f"The origin of {noun} is unknown: a file could not be read at the base."


def _describe_errors(plan: Plan) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in plan.findings)
    return f"{count(errors, 'error was', 'errors were')} found: this plan cannot be applied." if errors else ""


def _describe_warnings(plan: Plan) -> str:
    mild = [finding for finding in plan.findings if finding.severity is not Severity.ERROR]
    rerouting = sum(finding.code in _REROUTING for finding in mild)
    if not rerouting:
        return f"{count_findings(mild)}." if mild else ""
    share = "" if rerouting == len(mild) else " some of them"
    return f"{count_findings(mild)},{share} about where readings would go."


def _describe_snapshot(plan: Plan) -> str:
    if plan.snapshot is None:
        return ""
    taken = escape_text(plan.snapshot) or "at an unknown time"
    age = _format_age(plan)
    return f"Planned against a snapshot taken {taken}{age}; to apply, plan against the live service."


def _format_age(plan: Plan) -> str:
    try:
        age = datetime.fromisoformat(plan.created) - datetime.fromisoformat(plan.snapshot or "")
    # A saved plan or a snapshot may have any text as its time.
    except (ValueError, TypeError):
        return ""
    if age < timedelta(hours=1):
        return ""
    return f", {count(age.days, 'day')} ago" if age.days else f", {count(age.seconds // 3600, 'hour')} ago"
