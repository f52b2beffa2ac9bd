"""ESA4xx and ESA7xx: preconditions, apply and the service."""

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
        "A simple channel with readings would become calculated.",
        "A calculated channel has no readings of its own, so the stored readings would be orphaned.",
        f"{_CONVERSION}: 'If the channel has no readings'",
        Certainty.DOCUMENTED,
        "leave the channel simple and create a calculated one in EnergyCAP, or delete its readings there first",
    ),
    Rule(
        "ESA402",
        "A simple channel with several versions would become calculated.",
        "Calculated channels cannot be versioned.",
        f"{_CONVERSION}: 'If the channel has only one version'",
        Certainty.DOCUMENTED,
        "leave the channel simple and create a calculated one in EnergyCAP, or delete its older versions there first",
    ),
    Rule(
        "ESA403",
        "A simple channel that formulas use would become calculated.",
        "A formula may use only simple channels, so these formulas would break.",
        f"{_CONVERSION}: 'If the channel is not in other formulas'",
        Certainty.DOCUMENTED,
        "remove the channel from these formulas first; a change of the same plan may do so",
    ),
    Rule(
        "ESA404",
        "A calculated channel with readings would become simple.",
        "Its values were calculated; as readings of a simple channel they would look like measurements.",
        f"{_EDIT}.isCalculated: 'Conversions from Calculated Channel to Non-Calculated Channel: If the channel has no "
        "readings'",
        Certainty.DOCUMENTED,
        "leave the channel calculated and create a simple one in EnergyCAP",
    ),
    Rule(
        "ESA405",
        "EnergyCAP says that the channel cannot be converted.",
        "EnergyCAP decides this itself and rejects the edit, even if nothing that can be read explains it.",
        f"{_RESPONSE}.isCalculatedConvertible",
        Certainty.DOCUMENTED,
        "look at the channel in EnergyCAP, or ask its support why it cannot be converted",
    ),
    Rule(
        "ESA406",
        "A demand channel has the Odometer rule.",
        "Each demand reading stands for itself; the difference between two of them would be meaningless.",
        f"{_VERSION_EDIT}.observationRuleId: 'Demand channels cannot have the odometer observation rule'",
        Certainty.DOCUMENTED,
        "write observationRule: Trip, or an observation type that is not demand, with isPrimaryDemand: false",
    ),
    Rule(
        "ESA407",
        "The unit of a channel is of a Money type.",
        "Channels hold measurements, and EnergyCAP rejects a unit of money.",
        f"{_VERSION_EDIT}.unitId: 'It cannot be a Money unit type'",
        Certainty.DOCUMENTED,
        "write the code of a unit that measures something",
    ),
    Rule(
        "ESA408",
        "Another channel already has the import id.",
        "Import ids are unique in EnergyCAP: it would reject the edit, or readings would go to the wrong channel.",
        "the help centre on channels: the import id must be unique",
        Certainty.DOCUMENTED,
        "give the other channel another import id first, or none; a change of the same plan may do so",
    ),
    Rule(
        "ESA409",
        "A data point would have no primary value, or two primary channels of one kind.",
        "The primary value is what a data point shows and rolls up. If one channel becomes primary while another "
        "one is, EnergyCAP is expected to demote the other one, so both changes belong together.",
        "the help centre on channels: one primary value is required, one primary demand is optional; what the service "
        "demotes or refuses is not documented",
        Certainty.ASSUMED,
        "make one channel primary and the other one not primary in the same plan",
    ),
    Rule(
        "ESA410",
        "A formula uses a calculated channel or a channel of another data point.",
        "EnergyCAP rejects the formula.",
        "POST /api/v202405/formula/validate: every channel used is a simple channel of the data point",
        Certainty.DOCUMENTED,
        "use simple channels of the same data point, or put the formula of the other channel in place of its name",
    ),
    Rule(
        "ESA411",
        "The current version would begin before the previous one.",
        "A version ends when the next one begins; if this one began earlier, it would replace the versions before it.",
        f"{_VERSION_EDIT}.beginDate: the valid period is exclusive of it; how overlaps are settled is not documented",
        Certainty.ASSUMED,
        "write a beginDate after that of the previous version",
    ),
    Rule(
        "ESA412",
        "EnergyCAP rejects the formula.",
        "A plan asks EnergyCAP about each new formula before anything is sent; it would reject the edit as well. "
        "Its message counts positions in the formula as it was sent, with ids in place of names.",
        "POST /api/v202405/formula/validate: errorMessages of a formula that is not valid",
        Certainty.DOCUMENTED,
        "correct the formula as EnergyCAP says",
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
        "The meaning of an id in the files is unknown.",
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
        "The only version of a channel would begin after stored readings.",
        "A reading gets its settings from the version that is valid at its time, and readings before the first version "
        "get none. If there is a version before it, that one takes them over, so the begin date may move.",
        f"{_VERSION_EDIT}.beginDate: the valid period is exclusive of it; what happens to readings that lose their "
        "version is not documented",
        Certainty.INFERRED,
        "leave beginDate as it is; to change settings from a date on, list the versions under channelVersions, with a "
        "new one that begins then",
    ),
    Rule(
        "ESA421",
        "A calculated channel lists several versions.",
        "Calculated channels cannot be versioned: EnergyCAP keeps one formula for all of their time.",
        "the vendor's help pages on calculated channels, 'cannot be versioned'",
        Certainty.DOCUMENTED,
        "list one version, or leave the channel simple",
    ),
    Rule(
        "ESA422",
        "A version would be created before the latest one.",
        "It would end where the next version begins, and take over the readings in between. Whether EnergyCAP accepts "
        "that is not documented. A begin date with a typing error looks the same.",
        "POST /api/v202406/esachannel/{id}/version: what happens between live versions is not documented",
        Certainty.ASSUMED,
        "correct beginDate if a live version is meant, or create the version in EnergyCAP and list it; once you know "
        "that EnergyCAP accepts this, set  versionInsert: allow  in the environment",
    ),
    Rule(
        "ESA423",
        "It is unknown whether the data point of a channel to be created exists.",
        "A channel is never created on a data point that EnergyCAP may not have.",
        "GET /api/v202406/datapoint/{id}",
        Certainty.DOCUMENTED,
        "plan against EnergyCAP itself, with a key whose user may see the data point",
    ),
    Rule(
        "ESA427",
        "Two live versions begin at the same time.",
        "The list finds a version by its begin date, so it is unknown which of the two is meant, and an edit might go "
        "to the wrong one. Dates up to the first moment of 1900 all mean the beginning.",
        "this tool's contract: versions are matched by beginDate",
        Certainty.PROJECT,
        "correct the begin date of one of them in EnergyCAP",
    ),
)


SERVICE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA701",
        "A request that this tool makes is deprecated.",
        "The old version of a request works beside the new one for some months, and then stops.",
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
        "The response for a channel is not as documented.",
        "The channel is not edited. Edits that depend on it are blocked; everything else continues.",
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
        "A rollback restores settings, not what they did to readings.",
        "Readings that arrived in between were sent, computed and stored under the settings that are now reverted.",
        "this tool's contract: the journal holds before-images of settings, never readings",
        Certainty.INFERRED,
        "check the readings of the channel since the apply",
        Severity.WARNING,
    ),
    Rule(
        "ESA712",
        "A conversion cannot be rolled back once the channel has readings.",
        "A calculated channel soon has summarized readings, and then it stays calculated.",
        "PUT /api/v202406/esachannel/{id}, EsaChannelEdit.isCalculated: 'If the channel has no readings'",
        Certainty.DOCUMENTED,
        "roll back soon:  reconciler apply --undo JOURNAL  - once it has readings, create a new channel in EnergyCAP",
        Severity.WARNING,
    ),
    Rule(
        "ESA713",
        "A value differs from what was written, or may have been written, so it is not rolled back.",
        "The value to restore may not be the one that was there, or the one there now may be somebody else's.",
        "this tool's contract: the result of an apply says exactly what was done",
        Certainty.ASSUMED,
        "continue the apply first:  reconciler apply --resume  - or check the channel in EnergyCAP",
    ),
    Rule(
        "ESA714",
        "A rollback leaves a version that was created.",
        "No call of EnergyCAP that deletes a version is documented. With the settings of the version before it, it has "
        "no effect.",
        "no page of the vendor documents DELETE for a version",
        Certainty.ASSUMED,
        "delete the version in EnergyCAP if it must go",
        Severity.NOTE,
    ),
    Rule(
        "ESA715",
        "A rollback does not delete a channel that was created.",
        "No call of EnergyCAP that deletes a channel is documented. The channel keeps its import id, and readings with "
        "that id still go to it.",
        "no page of the vendor documents DELETE for a channel",
        Certainty.ASSUMED,
        "delete it in EnergyCAP by hand if it is not wanted",
        Severity.WARNING,
    ),
    Rule(
        "ESA716",
        "It is unknown whether a channel was created, so a rollback cannot say what it leaves.",
        "The answer to its creation was lost, or several channels have its import id.",
        "this tool's contract: the result of an apply says exactly what was done",
        Certainty.ASSUMED,
        "continue the apply first:  reconciler apply --resume  - or look in EnergyCAP for the import id",
        Severity.WARNING,
    ),
    Rule(
        "ESA725",
        "A value that held an API key cannot be restored.",
        "The journal has a placeholder for the key, which is not the value that the channel had.",
        "this tool's contract: no key is written to any file",
        Certainty.ASSUMED,
        "restore the value in EnergyCAP by hand, without the key, and replace the key",
    ),
)
