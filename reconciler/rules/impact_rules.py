"""ESA5xx: what edits do beyond the setting, what is notable in a plan, and guards."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_PLAUSIBLE = "this tool's contract: an allowed edit that is probably a mistake is a warning"
_UNITS = "GET /api/v202305/unit: unitType"
_BASE = "this tool's contract: --base reports what a change to the files does"
_GUARDS = "this tool's contract: guards stop apply, never plan"

# ESA501 to ESA503 were the impacts of edits, which a plan shows beside each edit and not as findings.
IMPACT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA511",
        "A plan changes more channels than guards.maxChanges allows.",
        "A wrong default or pattern changes many channels at once; stopping costs less than a rollback.",
        _GUARDS,
        Certainty.PROJECT,
        "apply in parts with --only, or raise guards.maxChanges in the project file",
    ),
    Rule(
        "ESA512",
        "A plan may rewrite stored values, which guards.historyRewrites does not allow.",
        "Reports and bills that were made from these values may no longer match them. With ask, a saved plan counts as "
        "reviewed and may be applied; with forbid, no plan with such edits may.",
        _GUARDS,
        Certainty.PROJECT,
        "save the plan with  reconciler plan --out plan.json,  have it reviewed, and then apply it:  "
        "reconciler apply plan.json",
    ),
    Rule(
        "ESA513",
        "A plan has blocked changes, which guards.blocked does not allow.",
        "The other changes would be applied without the blocked ones, so only some of the files would be in effect.",
        _GUARDS,
        Certainty.PROJECT,
        "unblock these changes or remove them from the files, or write  blocked: skip",
    ),
    Rule(
        "ESA514",
        "The new unit measures something else.",
        "The new unit is of another type, such as volume instead of energy. Stored values keep their numbers, but "
        "would count in the new unit.",
        f"{_UNITS}; {_PLAUSIBLE}",
        Certainty.INFERRED,
        "check the unit code; for a new meter that measures something else, make a new channel in EnergyCAP",
        Severity.WARNING,
    ),
    Rule(
        "ESA515",
        "A multiplier changes by a factor of more than 1,000.",
        "Such a change is usually a mistake: a power of ten too many, or a unit conversion applied twice.",
        _PLAUSIBLE,
        Certainty.ASSUMED,
        "check the multiplier against the meter's nameplate, its transformers and the unit of its register",
        Severity.WARNING,
    ),
    Rule(
        "ESA516",
        "A multiplier becomes 0 or changes its sign.",
        "A multiplier of 0 makes every value 0; a change of sign turns use into generation.",
        _PLAUSIBLE,
        Certainty.ASSUMED,
        "check the multiplier: a new sign is right only if the meter is wired backwards, 0 only if every value should "
        "be 0",
        Severity.WARNING,
    ),
    Rule(
        "ESA517",
        "The unit changes to a multiple of the old one, but the multiplier does not change to match.",
        "The same readings would count 1,000 times more or less, for example: one MWH is 1,000 KWH.",
        f"{_UNITS}; {_PLAUSIBLE}",
        Certainty.INFERRED,
        "change the multiplier as well; if the unit was wrong all along, there is nothing to do",
        Severity.WARNING,
    ),
    Rule(
        "ESA518",
        "This change removes channels, settings or feeds from the files.",
        "EnergyCAP keeps them, but they are no longer managed: later plans report neither drift nor mistakes in them.",
        _BASE,
        Certainty.PROJECT,
        "nothing to do if you meant this; if not, put them back into the files",
        Severity.WARNING,
    ),
    Rule(
        "ESA519",
        "A channel has a new name in the files.",
        "It is still the same channel of EnergyCAP, so it counts as renamed, not as removed. Formulas, feeds, --only "
        "and journals use its name.",
        _BASE,
        Certainty.PROJECT,
        "nothing to do if you meant this; if not, restore the old name",
        Severity.NOTE,
    ),
    Rule(
        "ESA520",
        "A name in the files now selects another channel in EnergyCAP.",
        "Its settings now go to that channel, and the previous channel is no longer managed under this name.",
        _BASE,
        Certainty.PROJECT,
        "check the identifiers under select; nothing to do if a new meter takes over the name",
        Severity.WARNING,
    ),
    Rule(
        "ESA521",
        "A formula adds or subtracts channels with different units.",
        "The sum of KWH and KW, or of KWH and MWH, is in neither unit.",
        f"{_UNITS}; {_PLAUSIBLE}",
        Certainty.ASSUMED,
        "check that these are the right channels; to convert one, multiply it by its conversion factor in the formula",
        Severity.WARNING,
    ),
    Rule(
        "ESA522",
        "A live version is not in the list of versions.",
        "Its settings are not managed: they may be wrong, or change, and no plan says so. Nothing is deleted.",
        "this tool's contract: what the files do not name is not managed",
        Certainty.PROJECT,
        "list the version too, with its beginDate as EnergyCAP has it",
        Severity.NOTE,
    ),
    Rule(
        "ESA523",
        "A version that is created cannot be deleted again.",
        "No call of EnergyCAP that deletes a version is documented. A rollback gives it the settings of the version "
        "before it, so that it has no effect, and the version stays.",
        "no page of the vendor documents DELETE for a version",
        Certainty.ASSUMED,
        "check the begin date before you apply",
        Severity.NOTE,
    ),
    Rule(
        "ESA524",
        "A channel to be created has nearly the same name or import id as an existing one.",
        "A mistyped import id or name would make a second channel beside the one that is meant, and readings would be "
        "split between the two.",
        "this tool's contract: a creation that is probably a mistake is a warning",
        Certainty.PROJECT,
        "if the other channel is meant, select it and remove create: true; otherwise there is nothing to do",
        Severity.WARNING,
    ),
    Rule(
        "ESA525",
        "A data point gets a new channel but has no primary value.",
        "Without a primary value channel, a data point shows no values and passes none on to totals.",
        "the help centre on channels: each meter that stores interval data needs one primary value channel",
        Certainty.DOCUMENTED,
        "write  isPrimaryValue: true  for one channel of the data point",
        Severity.WARNING,
    ),
    Rule(
        "ESA534",
        "A listed version may be meant for a live one that begins at another time.",
        "The list finds a version by its begin date, so another date means another version: the live one does not "
        "change, and the listed one is created, or refused. A version that was created by mistake cannot be deleted "
        "again.",
        "this tool's contract: versions are matched by beginDate",
        Certainty.PROJECT,
        "write beginDate as EnergyCAP has it if the live version is meant, or list that one too",
        Severity.WARNING,
    ),
    Rule(
        "ESA535",
        "A plan creates more channels than guards.maxCreates allows.",
        "A mistake in a template can create many channels at once, and this tool cannot delete a channel that was "
        "created.",
        _GUARDS,
        Certainty.PROJECT,
        "create in parts with --only, or raise guards.maxCreates in the project file",
    ),
    Rule(
        "ESA536",
        "A channel is not in EnergyCAP and is skipped.",
        "guards.notFound lets the other changes go ahead without it. Nothing of the channel is compared or sent, and "
        "what depends on it is blocked. If none of the channels is found, that is still an error.",
        _GUARDS,
        Certainty.PROJECT,
        "nothing to do if it is still to be made there; if not, correct its identifiers, or leave it out with only",
        Severity.WARNING,
    ),
    Rule(
        "ESA537",
        "A version would begin in an hour that the clocks of its data point skip or repeat.",
        "A beginDate is local time of the data point, without an offset. Which moment EnergyCAP takes such a time for "
        "is not documented, so readings around it may come under the settings before or after it.",
        "PUT /api/v202406/esachannel/{id}: beginDate is in the data point's time zone, and an offset is ignored",
        Certainty.ASSUMED,
        "write a beginDate outside of that hour",
        Severity.WARNING,
    ),
)
