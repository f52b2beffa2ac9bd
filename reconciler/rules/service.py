"""ESA7xx, the service and the apply."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

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
