"""ESA4xx, what must hold for a change to be legal."""

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
