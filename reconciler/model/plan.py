"""A plan: the changes in order, and what they were planned against. Frozen, saved and reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from reconciler.model.channels import DataPoint
from reconciler.model.fields import Impact
from reconciler.model.findings import Finding, Severity
from reconciler.model.identifiers import Identifiers, ResolutionFailure
from reconciler.model.values import Spec, Value

Evidence: TypeAlias = Mapping[str, object]

# What the definitions' digest of a plan starts with that was made from a journal, to put back what an apply did.
INVERSE = "inverse of "


class Action(Enum):
    """What is done to a channel."""

    NO_OP = "no-op"
    UPDATE = "update"


class Verdict(Enum):
    """Whether a change may be sent."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"  # a precondition fails
    UNKNOWN = "unknown"  # a precondition cannot be known; never sent either


class Origin(Enum):
    """Why an edit is there: the files differ from the base, or the service moved."""

    CHANGE = "change"
    DRIFT = "drift"
    UNKNOWN = "unknown"  # what the files said at the base could not be read


class Edit(Struct, frozen=True):
    """One value at one path, before and after, in the file's own vocabulary.

    `implied_by` is the path of the edit that forces this one; None where the file itself asks for it. `warnings` say
    why it is hardly meant, a code and a sentence each.
    """

    path: str
    before: Value
    after: Value
    impact: Impact
    implied_by: str | None = None
    origin: Origin | None = None
    warnings: tuple[str, ...] = ()


class Blocker(Struct, frozen=True):
    """A precondition that fails or cannot be known: the rule, the evidence read, and what would unblock it."""

    rule: str
    message: str
    evidence: Evidence
    unblock: str
    is_unknown: bool = False


class VersionSpan(Struct, frozen=True):
    """A version of a live channel and its time: after `begin_date`, up to and including `end_date`; None where open."""

    id: int
    begin_date: str | None
    end_date: str | None


class History(Struct, frozen=True):
    """A live channel over time, as the plan saw it.

    `versions` are all of them, oldest first; the last is the current one, which edits go to. What is said of readings
    is as `Live` has it: None where the service did not say.
    """

    versions: tuple[VersionSpan, ...]
    has_readings: bool | None = None
    first_reading: str | None = None
    last_reading: str | None = None


class Change(Struct, frozen=True):
    """One step of a plan: an action on one channel, or the record that nothing is to be done.

    `before` and `after` hold the managed values in the file's own vocabulary. `live` holds every field of the channel
    and its current version as the plan saw it, `target_values` the managed and implied values, both by the paths of
    EsaChannelEdit and with its ids; both are empty for a no-op. `depends_on` names the changes that come before.
    `history` is None for a no-op. `feeds` names the feeds that the edits reroute, for a time or for good.
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
    # The current version at planning time, and how many there were: apply refuses the step when these moved.
    version_id: int
    version_count: int
    verdict: Verdict
    blocked_by: tuple[Blocker, ...]
    depends_on: tuple[str, ...]
    # Digest of the live channel this change was planned against.
    fingerprint: str
    history: History | None = None
    feeds: tuple[str, ...] = ()

    @property
    def is_sendable(self) -> bool:
        return self.action is Action.UPDATE and self.verdict is Verdict.ALLOWED


class Summary(Struct, frozen=True):
    """The counts of a plan: `update` are sendable changes, `blocked` those with any other verdict."""

    update: int
    blocked: int
    no_op: int
    unmanaged: int
    drift: int


class FeedStep(Struct, frozen=True):
    """A step of a plan that reroutes a feed: the change called `change`, by its edits at `paths`.

    `channel_id` is the channel that gets the readings after it; None if it is no single one, and `failure` says why.
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
    """A channel as a reader may know it: its id, its name in the files (None: not managed), its name in EnergyCAP."""

    id: int
    name: str | None
    info: str


class FormulaLink(Struct, frozen=True):
    """That the formula of one channel uses another, in any of its versions.

    `before` says whether it does so live, `after` whether it would with every change of the plan made, blocked ones
    too.
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


class Plan(Struct, frozen=True):
    """The changes in the order of apply, with all managed channels that need none, and what they were planned against.

    `created` is an ISO date and time in UTC, and so is `snapshot`: when the copy of the live state was taken that the
    plan was made against; None for the service itself. `managed` counts the channels of the files that were found,
    those that a filter left out included. `filter` holds the patterns that picked channels; empty for a whole plan.
    `released` is what the files no longer manage that they did at the base; empty without one.
    `uncommitted` says whether the files were not all as `commit` has them; None where that is not known.
    `formula_links` is the neighbourhood of the channels with edits: what their formulas use, and whose formulas use
    them, users of users included; each pair once, ordered by the ids of user and used. `folder` is where the project is
    in its repository, "" for its root.
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

    @property
    def is_complete(self) -> bool:
        return not self.filter

    @property
    def is_rollback(self) -> bool:
        """Whether it puts back what another did: no files stand behind it, so it may be looked at, never applied.

        The plan says so of itself, so this may refuse something, and must never permit anything.
        """
        return self.definitions_digest.startswith(INVERSE)

    @property
    def has_errors(self) -> bool:
        """Whether an error was found: such a plan may be looked at, never applied."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def sendable(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_sendable)

    @property
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

    @property
    def summary(self) -> Summary:
        return Summary(
            update=len(self.sendable),
            blocked=len(self.blocked),
            no_op=sum(change.action is Action.NO_OP for change in self.changes),
            unmanaged=self.unmanaged,
            drift=sum(edit.origin is Origin.DRIFT for change in self.changes for edit in change.edits),
        )
