"""ESA5xx, what a change does, and the guards that stop it."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_PLAUSIBLE = "this tool's contract: an allowed edit that is probably a mistake is a warning"
_UNITS = "GET /api/v202305/unit: unitType"
_BASE = "this tool's contract: --base reports what a change to the files does"
_GUARDS = "this tool's contract: guards stop apply, never plan"

IMPACT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA501",
        "An edit of settings that stored values were computed with may rewrite these values.",
        "Readings are kept as they came, and values computed from them by multiplier, unit, rule, offset and rollover; "
        "edited on a version that already has readings, these may be applied to the past as well.",
        "the help centre on types of readings; whether an edit in place computes the past anew is not documented",
        Certainty.INFERRED,
        "where only the future is meant, make a new version from a date in EnergyCAP and let the files govern that one",
        Severity.WARNING,
    ),
    Rule(
        "ESA502",
        "An edit of what readings find their channel by may send them to another channel.",
        "Loggers and import profiles name their channel by import id, or by meter, type, unit and interval.",
        "POST /api/v3/reading, 'Channel Identification'",
        Certainty.DOCUMENTED,
        "look at what sends readings here, and change it together with the channel",
        Severity.WARNING,
    ),
    Rule(
        "ESA503",
        "A conversion or a moved primary flag changes what a data point is.",
        "Converted channels lose or gain a formula, and the primary value is what its data point shows and rolls up.",
        "PUT /api/v202406/esachannel/{id}, EsaChannelEdit.isCalculated and EsaChannelResponse.isDataRolledUp",
        Certainty.DOCUMENTED,
        "look at the reports and formulas that use the data point",
        Severity.WARNING,
    ),
    Rule(
        "ESA511",
        "A plan changes no more channels than guards.maxChanges allows.",
        "A wrong default or pattern changes many channels at once; stopping costs less than undoing.",
        _GUARDS,
        Certainty.DOCUMENTED,
        "apply in parts with --only, or raise guards.maxChanges in the project file",
    ),
    Rule(
        "ESA512",
        "Stored values are rewritten only as guards.historyRewrites allows.",
        "What was reported and billed from these values may no longer be what the reports say.",
        _GUARDS,
        Certainty.DOCUMENTED,
        "save it with  reconciler plan --out plan.json,  have it reviewed, and then:  reconciler apply plan.json",
    ),
    Rule(
        "ESA513",
        "A plan with blocked changes is applied only as guards.blocked allows.",
        "What can be sent would be sent without what is blocked, and the files be true in part only.",
        _GUARDS,
        Certainty.DOCUMENTED,
        "unblock these changes or take them out of the files, or write  blocked: skip",
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
        Certainty.DOCUMENTED,
        "nothing to do if you meant this; if not, put them back into the files",
        Severity.WARNING,
    ),
    Rule(
        "ESA519",
        "A channel has a new name in the files.",
        "It is still the same channel of EnergyCAP, so it counts as renamed, not as removed. Formulas, feeds, --only "
        "and journals use its name.",
        _BASE,
        Certainty.DOCUMENTED,
        "nothing to do if you meant this; if not, restore the old name",
        Severity.NOTE,
    ),
    Rule(
        "ESA520",
        "A name in the files now selects another channel in EnergyCAP.",
        "Its settings now go to that channel, and the previous channel is no longer managed under this name.",
        _BASE,
        Certainty.DOCUMENTED,
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
)
