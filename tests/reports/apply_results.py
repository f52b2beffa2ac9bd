"""The result of an apply in which a change ended in each way there is."""

from __future__ import annotations

from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus

DONE = Outcome("nb-elec-use", 1042, OutcomeStatus.DONE, requests=1)
ALREADY = Outcome("nb-elec-demand", 1049, OutcomeStatus.DONE, was_already_applied=True)
STALE = Outcome(
    "nb-elec-net",
    1044,
    OutcomeStatus.STALE,
    "multiplier is neither what the plan saw (1) nor what it wants (0.001), found 7",
    "plan again, and look at who changed it",
)
FAILED = Outcome(
    "nb-elec-losses",
    1043,
    OutcomeStatus.FAILED,
    'PUT /api/v202406/esachannel/1043 answered 400: "channelInfo is too long"',
    "mend what the service names, and plan again",
    requests=1,
)
NOT_TRIED = Outcome("sb-gas", 1060, OutcomeStatus.NOT_TRIED, "waits for nb-elec-losses, which failed")
DIFFERS = Outcome(
    "sb-heat", 1061, OutcomeStatus.MISMATCH, "offset was sent as 2, and reads 0", "look at it", requests=2
)

REMARKED = Outcome(
    "sb-water",
    1062,
    OutcomeStatus.DONE,
    requests=1,
    remark='somebody else, or EnergyCAP itself, changed it after this write: channelDescription from null to "Roof"',
)
UNREAD = Outcome(
    "sb-steam",
    1063,
    OutcomeStatus.DONE,
    requests=1,
    remark="EnergyCAP confirmed the write, but the channel could not be read again at the end: GET answered 500",
    fix="once EnergyCAP answers, check that nothing is left to do: reconciler plan",
    unread=True,
)

RESULT = ApplyResult((DONE, ALREADY, STALE, FAILED, NOT_TRIED, DIFFERS, REMARKED, UNREAD))
