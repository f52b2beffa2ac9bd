"""A plan: the changes in order, and what they were planned against. Frozen, saved and reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from reconciler.model.channels import DataPoint
from reconciler.model.effects import Effect
from reconciler.model.fields import BEGIN_DATE, FIELD_AT, FORMULA, INTERVAL_MINUTES, SUMMARIZATION_METHOD, Impact
from reconciler.model.findings import Finding, Severity, TemplateValue
from reconciler.model.identifiers import Identifiers, ResolutionFailure
from reconciler.model.registers import RegisterFall, SwapFacts
from reconciler.model.values import Spec, Value, begin_key

Evidence: TypeAlias = Mapping[str, object]

# Reports show so many changes with the same edits, or more, as one.
MIN_IDENTICAL = 5

# What decides which summarized values there are, beside the settings that decide the values.
_DERIVING = frozenset(FIELD_AT[path].path for path in (FORMULA, INTERVAL_MINUTES, SUMMARIZATION_METHOD))

# The start of the definitions' digest in a plan that was made from a journal to revert an apply.
INVERSE = "inverse of "


class Action(Enum):
    """What is done to a channel."""

    NO_OP = "no-op"
    UPDATE = "update"
    CREATE = "create"


class Verdict(Enum):
    """Whether a change may be sent."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"  # a precondition fails
    UNKNOWN = "unknown"  # a precondition is unknown; never sent either


class Origin(Enum):
    """Why an edit is there: the files changed since the base, or somebody edited the channel in EnergyCAP."""

    CHANGE = "change"
    DRIFT = "drift"
    UNKNOWN = "unknown"  # what the files said at the base could not be read


class Edit(Struct, frozen=True):
    """One value at one path, before and after, in the file's own vocabulary.

    `implied_by` is the path of the edit that forces this one; None if the file itself asks for it. `warnings` say why
    it is probably a mistake, each with a code and a sentence. `source` is where the value after it was written if a
    template gives it.
    """

    path: str
    before: Value
    after: Value
    impact: Impact
    implied_by: str | None = None
    origin: Origin | None = None
    warnings: tuple[str, ...] = ()
    source: TemplateValue | None = None


class Blocker(Struct, frozen=True):
    """A precondition that fails or is unknown: the rule, the evidence, and what would unblock the change."""

    rule: str
    message: str
    evidence: Evidence
    unblock: str
    is_unknown: bool = False


class VersionSpan(Struct, frozen=True):
    """A version of a live channel: it holds after `begin_date`, up to and including `end_date`; None if open."""

    id: int
    begin_date: str | None
    end_date: str | None


class History(Struct, frozen=True):
    """A live channel over time, as the plan saw it.

    `versions` are all versions, oldest first; the last is the current one. The other values are
    those of `Live`: None if the service did not give them.
    """

    versions: tuple[VersionSpan, ...]
    has_readings: bool | None = None
    first_reading: str | None = None
    last_reading: str | None = None


class VersionAction(Enum):
    """What is done to a version that is not the current one."""

    CREATE = "create"
    UPDATE = "update"


class VersionChange(Struct, frozen=True):
    """An edit of a version that is not the current one, or the creation of a version.

    `begin` is local time, "" from the beginning; `end` is the begin of the next version as planned, None for the last.
    `version_id` is None for a new version. `before` and `after` hold the managed values in the file's own vocabulary,
    by the paths of the current version; `inherited` what a new version takes over from the one before it. `live` holds
    every versioned field as the plan saw it; for a new version, as planned for the one before it. `target_values` holds
    what is sent, for a new version every field. Both have the paths and ids of EsaChannelEdit.
    `first_reading` and `last_reading` enclose the stored readings in its time, None where there are none or the service
    did not say. `because` is the reason that the file gives, `swap` what was read when the meter was installed.
    """

    action: VersionAction
    begin: str
    version_id: int | None
    end: str | None
    before: Spec
    after: Spec
    inherited: Spec
    live: Spec
    target_values: Spec
    first_reading: str | None = None
    last_reading: str | None = None
    because: str = ""
    swap: SwapFacts | None = None


class MovedSpan(Struct, frozen=True):
    """The time that changes hands if a version begins at another time: after `after`, up to and including `up_to`.

    It leaves the version with the id `from_version` and joins `to_version`, which are next to each other.
    """

    after: str
    up_to: str
    from_version: int
    to_version: int


class Change(Struct, frozen=True):
    """One step of a plan: an action on one channel, or the record that it needs none.

    `before` and `after` hold the managed values in the file's own vocabulary. `live` holds every field of the channel
    and its current version as the plan saw it, `target_values` the managed and implied values, both by the paths of
    EsaChannelEdit and with its ids; both are empty for a no-op. `depends_on` names the changes that come before.
    `history` is None for a no-op. `feeds` names the feeds that the edits reroute, for a time or for good.
    `versions` are the versions beside the current one that are edited or created, oldest first; their edits are among
    `edits`, with paths that name the version.
    A new channel has no id yet: `channel_id` is what `new_channel_id` gives its name, and formulas of other changes may
    use it. Everything in `before` and `live` is None, `target_values` hold every field, and `edits` all values but
    null; `version_id` and `version_count` are 0, `fingerprint` is "" and `history` None. `versions` come after its
    first one, which begins at the beginning.
    """

    name: str
    channel_id: int
    channel_info: str
    data_point: DataPoint
    file: str
    line: int
    action: Action
    edits: tuple[Edit, ...]
    before: Spec
    after: Spec
    live: Spec
    target_values: Spec
    # The current version at planning time, and how many there were: apply refuses the change if either differs.
    version_id: int
    version_count: int
    verdict: Verdict
    blocked_by: tuple[Blocker, ...]
    depends_on: tuple[str, ...]
    # Digest of the live channel this change was planned against.
    fingerprint: str
    history: History | None = None
    feeds: tuple[str, ...] = ()
    versions: tuple[VersionChange, ...] = ()
    # Where the readings show that the meter was probably swapped. It is a guess for readers, and no part of what they
    # approve.
    register_fall: RegisterFall | None = None
    # What it does to stored values. Numbers change with each new reading, so they are no part of it either.
    effect: Effect | None = None

    @property
    def created_versions(self) -> tuple[VersionChange, ...]:
        """The versions that the change creates, oldest first."""
        return tuple(one for one in self.versions if one.action is VersionAction.CREATE)

    @property
    def is_creation(self) -> bool:
        return self.action is Action.CREATE

    @property
    def may_alter_values(self) -> bool:
        """Whether the change may alter values that are stored, or what is made of them."""
        if self.action is not Action.UPDATE or (self.history and self.history.has_readings is False):
            return False
        return any(edit.impact is Impact.HISTORY or FIELD_AT[edit.path].path in _DERIVING for edit in self.edits)

    @property
    def moved_span(self) -> MovedSpan | None:
        """The time that passes between the current version and the one before it; None if it does not.

        It does if the current version is to begin at another time, and after the one before it.
        """
        edit = next((edit for edit in self.edits if edit.path == BEGIN_DATE), None)
        if edit is None or self.history is None or len(self.history.versions) < 2:
            return None
        earlier, current = self.history.versions[-2:]
        before, after = begin_key(edit.before), begin_key(edit.after)
        if min(before, after) <= begin_key(earlier.begin_date):
            return None
        if after > before:
            return MovedSpan(before, after, current.id, earlier.id)
        return MovedSpan(after, before, earlier.id, current.id)

    @property
    def is_sendable(self) -> bool:
        return self.action is not Action.NO_OP and self.verdict is Verdict.ALLOWED


class Summary(Struct, frozen=True):
    """The counts of a plan: `create` and `update` are sendable changes, `blocked` those with any other verdict."""

    update: int
    blocked: int
    no_op: int
    unmanaged: int
    drift: int
    # Plans of the first versions of this tool have none.
    create: int = 0


class FeedStep(Struct, frozen=True):
    """A step of a plan that reroutes a feed: the change called `change`, by its edits at `paths`.

    `channel_id` is the channel that gets the readings after it; None if not a single one, and `failure` says why.
    """

    change: str
    paths: tuple[str, ...]
    channel_id: int | None
    failure: ResolutionFailure | None = None


class FeedRoute(Struct, frozen=True):
    """The channels that a feed reaches before and after a plan, by id; None if it matches no single channel.

    `steps` are the changes that reroute it, in the order of apply; there may be some although both ends are equal.
    `is_change_blocked` says that the plan blocks the change that would reroute the feed: it stays as `before`, and
    `after` is what would happen without the block. `findings` are sentences. `identifiers` are the feed's own: apply
    resolves them again.
    """

    name: str
    expect: str
    before: int | None
    after: int | None
    findings: tuple[str, ...]
    steps: tuple[FeedStep, ...] = ()
    is_change_blocked: bool = False
    identifiers: Identifiers = Identifiers()


class ChannelLabel(Struct, frozen=True):
    """What readers know a channel by: its id, its name in the files (None if not managed), its name in EnergyCAP."""

    id: int
    name: str | None
    info: str


class FormulaLink(Struct, frozen=True):
    """One channel whose formula, in any version, uses another.

    `before` says whether it does live, `after` whether it would with all changes of the plan applied, even blocked
    ones.
    """

    user: ChannelLabel
    used: ChannelLabel
    before: bool
    after: bool


class RemovedDefinition(Struct, frozen=True):
    """What the files managed at the base and do not now: a channel, a feed, or a setting of a channel.

    `kind` says which. `path` is that of the setting, None for the others, and `value` what it was. `file` is where it
    was.
    """

    kind: str
    name: str
    file: str
    path: str | None = None
    value: Value = None


class LeftOut(Struct, frozen=True):
    """What `only` leaves out of the environment of a plan, by name: channels, and the feeds that expect one of them."""

    channels: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


# `dict` is for what is found once: reports ask a dozen times, and most of many changes are no-ops.
class Plan(Struct, frozen=True, dict=True):
    """The changes in the order of apply, with all managed channels that need none, and what they were planned against.

    `created` is an ISO date and time in UTC, and so is `snapshot`: the time of the copy of the live state that the plan
    was made against; None if it was made against the service. `managed` counts the channels of the files that were
    found, including those that a filter left out. `filter` holds the patterns that selected channels; empty for a
    complete plan. `released` is what the files managed at the base and do not manage now; empty without a base.
    `uncommitted` says whether the files differ from `commit`; None if that is unknown. `formula_links` are the channels
    that the formulas of edited channels use, and those whose formulas use them, directly or not; each pair once,
    ordered by the ids of user and used. `folder` is the project's folder in its repository, "" for the root.
    """

    tool_version: str
    environment: str
    url: str
    created: str
    commit: str | None
    definitions_digest: str
    filter: tuple[str, ...]
    changes: tuple[Change, ...]
    unmanaged: int
    managed: int
    findings: tuple[Finding, ...]
    feeds: tuple[FeedRoute, ...] = ()
    formula_links: tuple[FormulaLink, ...] = ()
    snapshot: str | None = None
    folder: str = ""
    uncommitted: bool | None = None
    released: tuple[RemovedDefinition, ...] = ()
    left_out: LeftOut = LeftOut()

    @property
    def is_complete(self) -> bool:
        return not self.filter

    @property
    def is_rollback(self) -> bool:
        """Whether the plan reverts an apply: it has no files to be made from again, so `apply FILE` refuses it.

        Anybody can write this into a plan file. So it may be a reason to refuse something, but never to allow anything.
        """
        return self.definitions_digest.startswith(INVERSE)

    @property
    def has_errors(self) -> bool:
        """Whether an error was found: such a plan can be shown, but never applied."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    @cached_property
    def sendable(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_sendable)

    @property
    def creations(self) -> tuple[Change, ...]:
        """The channels that the plan creates, in the order of apply."""
        return tuple(change for change in self.sendable if change.is_creation)

    @cached_property
    def blocked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.verdict is not Verdict.ALLOWED)

    @property
    def blocked_dependents(self) -> Mapping[str, tuple[Change, ...]]:
        """The blocked changes that wait for one that can be sent, by the name of that one."""
        sendable = {change.name for change in self.sendable}
        waiting: dict[str, tuple[Change, ...]] = {}
        for change in self.blocked:
            waiting |= {name: (*waiting.get(name, ()), change) for name in change.depends_on if name in sendable}
        return waiting

    @cached_property
    def summary(self) -> Summary:
        return Summary(
            update=len(self.sendable) - len(self.creations),
            blocked=len(self.blocked),
            no_op=sum(change.action is Action.NO_OP for change in self.changes),
            unmanaged=self.unmanaged,
            drift=sum(edit.origin is Origin.DRIFT for change in self.changes for edit in change.edits),
            create=len(self.creations),
        )
