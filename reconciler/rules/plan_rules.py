"""ESA4xx, ESA5xx and ESA7xx: preconditions, impact and guards, the service."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_EDIT = "PUT /api/v202406/esachannel/{id}, EsaChannelEdit"
_VERSION_EDIT = "PUT /api/v202406/esachannel/{id}, EsaChannelVersionEdit"
_RESPONSE = "PUT /api/v202406/esachannel/{id}, EsaChannelResponse"
_CONVERSION = f"{_EDIT}.isCalculated: 'Conversions from Non-Calculated Channel to Calculated Channel'"

PRECONDITION_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA401",
        "A simple channel becomes calculated only while it has no readings.",
        "A calculated channel has no readings of its own; those stored would belong to nothing.",
        f"{_CONVERSION}: 'If the channel has no readings'",
        Certainty.DOCUMENTED,
        "leave the channel simple and make a new calculated one in EnergyCAP, or delete its readings there first",
    ),
    Rule(
        "ESA402",
        "A simple channel becomes calculated only while it has one version.",
        "Calculated channels cannot be versioned.",
        f"{_CONVERSION}: 'If the channel has only one version'",
        Certainty.DOCUMENTED,
        "leave the channel simple and make a new calculated one in EnergyCAP, or delete its older versions there first",
    ),
    Rule(
        "ESA403",
        "A simple channel becomes calculated only while no formula uses it.",
        "A formula may only use simple channels, so these formulas would break.",
        f"{_CONVERSION}: 'If the channel is not in other formulas'",
        Certainty.DOCUMENTED,
        "take the channel out of these formulas first; a change of the same plan may do so",
    ),
    Rule(
        "ESA404",
        "A calculated channel becomes simple only while it has no readings.",
        "Its values were calculated; as readings of a simple channel they would be somebody's measurements.",
        f"{_EDIT}.isCalculated: 'Conversions from Calculated Channel to Non-Calculated Channel: If the channel has no "
        "readings'",
        Certainty.DOCUMENTED,
        "leave the channel calculated and make a new simple one in EnergyCAP",
    ),
    Rule(
        "ESA405",
        "A channel is converted only while EnergyCAP calls it convertible.",
        "The service keeps its own verdict and refuses the edit, also where nothing that can be read explains it.",
        f"{_RESPONSE}.isCalculatedConvertible",
        Certainty.DOCUMENTED,
        "look at the channel in EnergyCAP, or ask its support why it cannot be converted",
    ),
    Rule(
        "ESA406",
        "A demand channel does not have the Odometer rule.",
        "Demand is a value of its own at each time; the difference of two readings would be meaningless.",
        f"{_VERSION_EDIT}.observationRuleId: 'Demand channels cannot have the odometer observation rule'",
        Certainty.DOCUMENTED,
        "write observationRule: Trip, or an observation type that is no demand, with isPrimaryDemand: false",
    ),
    Rule(
        "ESA407",
        "The unit of a channel is not of a Money type.",
        "Channels hold measurements; the service refuses a unit of money.",
        f"{_VERSION_EDIT}.unitId: 'It cannot be a Money unit type'",
        Certainty.DOCUMENTED,
        "write the code of a unit that measures something",
    ),
    Rule(
        "ESA408",
        "An import id is given to a channel only while no other channel has it.",
        "Import ids are unique in EnergyCAP: the edit would be refused, or readings go to the wrong channel.",
        "the help centre on channels: the import id must be unique",
        Certainty.DOCUMENTED,
        "give the other channel another import id first, or none; a change of the same plan may do so",
    ),
    Rule(
        "ESA409",
        "A data point has one primary value, and at most one primary demand.",
        "The primary value is what a data point shows and rolls up. Where one channel takes it while another has it, "
        "the service is expected to demote the other, so both belong to one move.",
        "the help centre on channels: one primary value is required, one primary demand is optional; what the service "
        "demotes or refuses is not documented",
        Certainty.ASSUMED,
        "let one channel take it and the other give it up in the same plan",
    ),
    Rule(
        "ESA410",
        "A formula uses only simple channels of the same data point.",
        "The service refuses any other formula.",
        "POST /api/v202405/formula/validate: every channel used is a simple channel of the data point",
        Certainty.DOCUMENTED,
        "use simple channels of the same data point, or put the other channel's own formula in place of its name",
    ),
    Rule(
        "ESA411",
        "The current version begins after the one before it.",
        "A version's time ends where the next one begins; beginning earlier it would swallow the versions before it.",
        f"{_VERSION_EDIT}.beginDate: the valid period is exclusive of it; how overlaps are settled is not documented",
        Certainty.ASSUMED,
        "write a beginDate after that of the version before",
    ),
    Rule(
        "ESA412",
        "The service accepts the formula.",
        "A plan asks the service about each new formula before anything is sent; it would refuse the edit as well. Its "
        "words count places in the formula as it was sent, with ids in place of names.",
        "POST /api/v202405/formula/validate: errorMessages of a formula that is not valid",
        Certainty.DOCUMENTED,
        "correct the formula as the service says",
    ),
    Rule(
        "ESA413",
        "The begin date of the version has a time zone of unknown meaning.",
        "An edit sends the date back in the local time of the data point. If the zone is misread, the version begins "
        "hours too early or too late, and the readings in between get the wrong settings.",
        f"{_VERSION_EDIT}.beginDate: 'if any time zone information is provided, it will be ignored'; what a zone in an "
        "answer means is not documented",
        Certainty.ASSUMED,
        "look at the date in EnergyCAP, then set versionDates to wallTime or utc in the environment",
    ),
    Rule(
        "ESA415",
        "No id is known for a code in the files.",
        "EnergyCAP accepts ids only. Its list of codes could not be read, and no channel uses the code, so its id is "
        "unknown and the edit cannot be sent.",
        "GET /api/v202305/unit, GET /api/v3/observationtype",
        Certainty.DOCUMENTED,
        "plan again; if that does not help, give the key's user permission to read the list, or make this edit in "
        "EnergyCAP itself",
    ),
    Rule(
        "ESA416",
        "It is unknown what an id in the files means.",
        "No channel uses the id yet, and no list that could be read has it, so EnergyCAP may not have it at all.",
        "no endpoint lists summarization methods; a user may lack the permission to read the lists of units and of "
        "observation types",
        Certainty.ASSUMED,
        "look the id up in EnergyCAP",
        Severity.WARNING,
    ),
    Rule(
        "ESA417",
        "A channel cannot be read in full.",
        "EnergyCAP's answer for the channel is not as documented. An edit sends the whole channel back, so none is "
        "sent until all of it can be read.",
        f"{_RESPONSE}: what each property holds",
        Certainty.DOCUMENTED,
        "plan again; if that does not help, look at the channel in EnergyCAP: correct it there, or let the key's user "
        "see it; if nothing is wrong there, report this message",
    ),
    Rule(
        "ESA418",
        "An edit depends on another channel that cannot be read.",
        "Import ids are unique, a data point has one primary value, and formulas and readings go to the channels of a "
        "data point: a channel that cannot be read may stand in the way.",
        f"{_RESPONSE}: what each property holds",
        Certainty.INFERRED,
        "plan again; if that does not help, look at these channels in EnergyCAP: correct them there, or let the key's "
        "user see them; if nothing is wrong there, report this message",
    ),
    Rule(
        "ESA420",
        "A version's beginDate moves past stored readings.",
        "A reading belongs to the version that is valid at its time. If beginDate moves past stored readings, they "
        "fall under another version with other settings, or under none at all.",
        f"{_VERSION_EDIT}.beginDate: the valid period is exclusive of it; what happens to readings that lose their "
        "version is not documented",
        Certainty.INFERRED,
        "leave beginDate as it is; to change settings from a date on, make a new version in EnergyCAP",
    ),
)


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


SERVICE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA701",
        "The calls this tool makes are not deprecated.",
        "A replaced version of a call works beside the new one for some months, and then stops.",
        'EnergyCAP developer site, "Versioning": the header ECI-Deprecated names the replacement',
        Certainty.DOCUMENTED,
        "update this tool; if it is the latest release, report the message",
        Severity.WARNING,
    ),
    Rule(
        "ESA705",
        "A list of units or of observation types cannot be read.",
        "Codes are known only from the channels that use them. Edits that need the list are blocked; everything "
        "else continues.",
        "GET /api/v202305/unit, GET /api/v3/observationtype: it is not documented that a user may lack the permission",
        Certainty.ASSUMED,
        "plan again; if that does not help, give the key's user permission to read the list, or make the edits that "
        "need it in EnergyCAP itself",
        Severity.NOTE,
    ),
    Rule(
        "ESA706",
        "The answer for a channel is not as documented.",
        "The channel gets no edit. Edits that depend on it are blocked; everything else continues.",
        "GET /api/v202406/esachannel: EsaChannelResponse",
        Certainty.DOCUMENTED,
        "plan again; if that does not help, look at the channel in EnergyCAP: correct it there, or let the key's user "
        "see it; if nothing is wrong there, report this message",
        Severity.NOTE,
    ),
    Rule(
        "ESA707",
        "EnergyCAP did not say whether a formula is valid.",
        "The formula passed the checks of this tool and is sent; EnergyCAP may still refuse it.",
        "POST /api/v202405/formula/validate: it is not documented that a user may lack the permission",
        Certainty.ASSUMED,
        "plan again; if that does not help, give the key's user permission to validate formulas, or check it yourself",
        Severity.WARNING,
    ),
    Rule(
        "ESA711",
        "An inverse plan puts settings back, not what they did to readings.",
        "Readings that came in between were sent, computed and stored under the settings that are now taken back.",
        "this tool's contract: the journal holds before-images of settings, never readings",
        Certainty.INFERRED,
        "look at the readings of the channel since the apply",
        Severity.WARNING,
    ),
    Rule(
        "ESA712",
        "A conversion can be undone only while the channel has no readings.",
        "A calculated channel has summarized readings soon after it is one, and then it stays calculated.",
        "PUT /api/v202406/esachannel/{id}, EsaChannelEdit.isCalculated: 'If the channel has no readings'",
        Certainty.DOCUMENTED,
        "undo soon:  reconciler apply --undo JOURNAL  - once it has readings, make a new channel in EnergyCAP",
        Severity.WARNING,
    ),
    Rule(
        "ESA713",
        "What was written and reads otherwise, or may have been written, is not put back unseen.",
        "The value that would be put back may not be the one that was there, or not the one that is there now.",
        "this tool's contract: an account says exactly what was done",
        Certainty.ASSUMED,
        "go on with the apply first:  reconciler apply --resume  - or look at the channel in EnergyCAP",
    ),
    Rule(
        "ESA725",
        "A value that held an API key cannot be put back.",
        "The journal shows a placeholder for the key, which is not the value that the channel had.",
        "this tool's contract: no key is written to any file",
        Certainty.ASSUMED,
        "put the value back in EnergyCAP by hand, without the key, and replace the key",
    ),
)
