"""ESA2xx and ESA3xx: the settings of one channel, and references between channels."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_EDIT = "PUT /api/v202406/esachannel/{id}, EsaChannelEdit"
_VERSION_EDIT = "PUT /api/v202406/esachannel/{id}, EsaChannelVersionEdit"
_RESPONSE = "PUT /api/v202406/esachannel/{id}, EsaChannelResponse"
_FORMULA_PAGE = "the vendor's page 'formula'"

DOMAIN_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA201",
        "intervalMinutes is not one of 5, 10, 15, 30, 60, 1440, 10080 and 43200.",
        "EnergyCAP has no other intervals: five minutes to an hour, a day, a week, a month of 30 days.",
        f"{_EDIT}.intervalMinutes: 'One of 5, 10, 15, 30, 60, 1440, 10080, 43200'",
        Certainty.DOCUMENTED,
        "write one of these; if the interval of the logger is not among them, write the next longer one",
    ),
    Rule(
        "ESA202",
        "A simple channel has no interval.",
        "Readings are stored and summarized by interval; without one, EnergyCAP rejects the edit.",
        f"{_EDIT}.intervalMinutes: 'Required when IsCalculated is set to False'",
        Certainty.DOCUMENTED,
        "write intervalMinutes, or isCalculated: true",
    ),
    Rule(
        "ESA203",
        "A calculated channel has an interval.",
        "EnergyCAP takes the interval of a calculated channel from the channels in its formula.",
        f"{_EDIT}.intervalMinutes: 'Must be null when IsCalculated is set to True'",
        Certainty.DOCUMENTED,
        "write intervalMinutes: null, or isCalculated: false",
    ),
    Rule(
        "ESA204",
        "A simple channel has a formula.",
        "A simple channel gets its values from readings. The formula would never be used, or EnergyCAP would reject "
        "the edit.",
        f"{_VERSION_EDIT}.formula: to be provided only when isCalculated is true",
        Certainty.DOCUMENTED,
        "write formula: null, or isCalculated: true",
    ),
    Rule(
        "ESA205",
        "A calculated channel has no formula.",
        "A calculated channel has no readings, so without a formula it has no values.",
        f"{_EDIT}.isCalculated: 'When IsCalculated is true, the formula will need to be provided in channel version'",
        Certainty.DOCUMENTED,
        "write the formula, or isCalculated: false",
    ),
    Rule(
        "ESA206",
        "A formula is blank.",
        "Blank text is neither a formula nor null, which clears one; how EnergyCAP treats it is not documented.",
        f"{_FORMULA_PAGE}, and this tool's contract: null clears, an empty text is a value",
        Certainty.INFERRED,
        "write a formula, or null for a channel that has none",
    ),
    Rule(
        "ESA207",
        "A formula has unbalanced parentheses.",
        "EnergyCAP would reject the formula. Little more of its grammar is published, so only this is checked here.",
        f"{_FORMULA_PAGE}: a formula must be syntactically correct",
        Certainty.INFERRED,
        "add or remove parentheses",
    ),
    Rule(
        "ESA208",
        "A channel(…) in a formula does not name exactly one channel.",
        "Neither this tool nor EnergyCAP could tell which channel is meant.",
        f"{_FORMULA_PAGE}: a channel is referenced as channel(<channelId>)",
        Certainty.DOCUMENTED,
        "write one name or id between the parentheses, without quotes or spaces, for example channel(north-use)",
    ),
    Rule(
        "ESA209",
        "A formula uses no channel.",
        "A formula of constants has no channel to take its interval from; usually channel(…) was left out.",
        f"{_FORMULA_PAGE}, and the help centre on calculated channels: the interval is that of the channels used",
        Certainty.ASSUMED,
        "write channel(…) around the name of each channel",
        Severity.WARNING,
    ),
    Rule(
        "ESA210",
        "An operator in a formula has no value on one side.",
        "No grammar of formulas allows that, except for a sign before a value, so EnergyCAP would reject the formula.",
        f"{_FORMULA_PAGE}: a formula must be syntactically correct",
        Certainty.INFERRED,
        "add the missing value, or remove the operator",
    ),
    Rule(
        "ESA211",
        "minimumReading is above maximumReading.",
        "No computed reading could be within such limits.",
        f"{_VERSION_EDIT}.minimumReading and .maximumReading, the lowest and the highest computed reading",
        Certainty.INFERRED,
        "swap the two, or write null for a limit that you do not want",
    ),
    Rule(
        "ESA212",
        "A channel has no name in EnergyCAP.",
        "channelInfo is what people see in EnergyCAP, and it is required.",
        f"{_EDIT}.channelInfo: 'Required'",
        Certainty.DOCUMENTED,
        "write the channel's name, or remove the line to keep the name it has",
    ),
    Rule(
        "ESA213",
        "A channel without the Trip rule has an offset.",
        "Under the Odometer rule a value is the difference of two readings, so an offset would cancel out.",
        f"{_VERSION_EDIT}.offset: 'Exclusive to the Trip observation rule'",
        Certainty.DOCUMENTED,
        "write offset: null, or observationRule: Trip",
    ),
    Rule(
        "ESA214",
        "rolloverValue is set under the Trip rule.",
        "Under the Trip rule each reading is a value of its own: no register can roll over.",
        f"{_VERSION_EDIT}.rolloverValue: 'Must be null when ObservationRuleId is set to Trip'",
        Certainty.DOCUMENTED,
        "remove the line, or write observationRule: Odometer",
    ),
    Rule(
        "ESA215",
        "rollbackAllowance is set under the Trip rule.",
        "Under the Trip rule each reading is a value of its own: no register can run backwards.",
        f"{_VERSION_EDIT}.rollbackAllowance: 'Must be null when ObservationRuleId is set to Trip'",
        Certainty.DOCUMENTED,
        "remove the line, or write observationRule: Odometer",
    ),
    Rule(
        "ESA216",
        "A formula has characters other than + - * / and decimal points.",
        "EnergyCAP may reject a decimal comma, a percent sign, a leading = or a typographic sign, or read it "
        "differently; the full grammar is not published.",
        f"{_FORMULA_PAGE}, and the help centre on calculated channels: + - * / and constants",
        Certainty.INFERRED,
        "write + - * / and decimal points",
        Severity.WARNING,
    ),
    Rule(
        "ESA217",
        "A name, code or import id begins or ends with a space.",
        "The space is hard to see, and lookups by the text, including those for readings, then find nothing.",
        "the vendor does not say whether such spaces are dropped or compared",
        Certainty.ASSUMED,
        "remove the space",
        Severity.WARNING,
    ),
    Rule(
        "ESA218",
        "An import id is blank.",
        "null means that a channel has no import id. A blank one may count as an import id, and import ids must be "
        "unique.",
        "the vendor does not say whether an empty import id counts as one",
        Certainty.ASSUMED,
        "write null, or the import id",
        Severity.WARNING,
    ),
    Rule(
        "ESA219",
        "A multiplier is 0.",
        "Every reading is multiplied by it, so every value would become 0.",
        f"{_VERSION_EDIT}.multiplier: 'The channel multiplier'",
        Certainty.INFERRED,
        "write the factor, for example  multiplier: 1",
        Severity.WARNING,
    ),
    Rule(
        "ESA221",
        "Two channels have the same import id.",
        "Import ids are unique in EnergyCAP: the second edit would be rejected, and readings would go to the wrong "
        "channel.",
        "the help centre on channels: the import id must be unique",
        Certainty.DOCUMENTED,
        "give each channel an import id of its own",
    ),
    Rule(
        "ESA222",
        "A data point has more than one primary value channel.",
        "The primary value is what a data point shows and rolls up; which of the two would win is not documented.",
        f"{_RESPONSE}.isPrimaryValue: 'Indicates if the channel is the primary value channel for the data point'",
        Certainty.DOCUMENTED,
        "write isPrimaryValue: false for all but one channel of the data point",
    ),
    Rule(
        "ESA223",
        "A data point has more than one primary demand channel.",
        "The primary demand is what a data point shows as its demand; which of the two would win is not documented.",
        f"{_RESPONSE}.isPrimaryDemand: 'Indicates if the channel is the primary demand channel for the data point'",
        Certainty.DOCUMENTED,
        "write isPrimaryDemand: false for all but one channel of the data point",
    ),
)


_CONTRACT = "this tool's contract"
_VALIDATE_FORMULA = "POST /api/v202405/formula/validate"
_IDENTIFICATION = "POST /api/v3/reading, 'Channel Identification'"

# Found when the files meet the service.
_LIVE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA301",
        "No channel in EnergyCAP matches a channel of the files.",
        "This tool edits channels and never creates one, and a channel that does not match is never skipped silently.",
        f"{_CONTRACT}: nothing found is an error; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "correct the identifiers, or create the channel in EnergyCAP; if it exists, let the API key's user see it",
    ),
    Rule(
        "ESA302",
        "Several channels in EnergyCAP match a channel of the files.",
        "Nothing says which of them is meant.",
        f"{_CONTRACT}: more than one left at the end is an error; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "select by channelId, or add identifiers that only one of these channels has",
    ),
    Rule(
        "ESA303",
        "Two channels of the files match the same channel in EnergyCAP.",
        "Each would undo the edits of the other.",
        f"{_CONTRACT}: two channels that find the same live channel are refused",
        Certainty.PROJECT,
        "keep one of the two, or let each select a channel of its own",
    ),
    Rule(
        "ESA304",
        "A channel is not on the data point that its file names.",
        "Identifiers that match a channel on another data point are usually a mistake, and the edits would change "
        "the wrong meter.",
        f"{_CONTRACT}: dataPoint is checked against live, never edited",
        Certainty.PROJECT,
        "correct dataPoint or the identifiers; no edit can move a channel to another data point",
    ),
    Rule(
        "ESA305",
        "select has other values than the channel has now.",
        "The channel was changed in EnergyCAP, and matches only because the file sets the new value too.",
        f"{_CONTRACT}: a plan after a renamed import id is empty; the same goes for the other identifiers of select",
        Certainty.PROJECT,
        "write the channel's current values under select",
        Severity.NOTE,
    ),
    Rule(
        "ESA306",
        "After its change, a channel will no longer match its select.",
        "The change removes the value that select uses, or gives it to another channel, so the next plan would not "
        "find the channel.",
        f"{_CONTRACT}: plan after apply is empty",
        Certainty.INFERRED,
        "select by channelId, or correct select after the change is applied",
        Severity.WARNING,
    ),
    Rule(
        "ESA307",
        "A pattern of --only matches no channel.",
        "A mistyped pattern would otherwise look like a plan without changes.",
        f"{_CONTRACT}: a selection that matches nothing is an error",
        Certainty.PROJECT,
        "correct the pattern; it is compared with the names of the channels in these files and is case-sensitive",
    ),
    Rule(
        "ESA308",
        "An update would copy the values of a channel that the file may not mean.",
        "If both the name and the observation type differ, the identifiers may match another channel by now.",
        "Import ids may be handed on, and of two channels on a data point one may take what the other was found by",
        Certainty.INFERRED,
        "correct select; if this is the right channel, select it by channelId",
    ),
    Rule(
        "ESA310",
        "EnergyCAP does not have a code or name in the files.",
        "EnergyCAP accepts ids only, and a code without an id cannot be sent.",
        "GET /api/v202305/unit, GET /api/v3/observationtype, and the summarization methods of live channels",
        Certainty.DOCUMENTED,
        "write a code that EnergyCAP has; codes are case-sensitive",
    ),
    Rule(
        "ESA311",
        "A code or name in the files has several ids.",
        "Nothing says which of them is meant.",
        "the vendor does not say that codes and names are unique",
        Certainty.ASSUMED,
        "write the id instead",
    ),
    Rule(
        "ESA312",
        "EnergyCAP does not have an id in the files.",
        "EnergyCAP would reject the edit. Ids differ between environments, codes do not.",
        "GET /api/v202305/unit, GET /api/v3/observationtype",
        Certainty.DOCUMENTED,
        "write the code instead, which is the same in every environment",
    ),
    Rule(
        "ESA313",
        "A channel named in a formula does not match a channel in EnergyCAP.",
        "Names are replaced by ids before a formula is sent; without the live channel there is no id.",
        f"{_CONTRACT}: channel(…) holds the name of a channel in the files, or an id",
        Certainty.PROJECT,
        "correct the finding about that channel first",
    ),
    Rule(
        "ESA314",
        "EnergyCAP does not have a channel whose id is in a formula.",
        "EnergyCAP rejects a formula that uses a channel it does not have. Ids differ between environments.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "write the id of a live channel, or the name of one in these files",
    ),
)

# Seen in the files alone, without a look at the service.
OFFLINE_REFERENCE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA320",
        "A formula names a channel that is not in these files.",
        "Names are replaced by ids before a formula is sent; EnergyCAP itself knows channels in formulas by id only.",
        f"{_CONTRACT}: channel(…) holds the name of a channel in the files, or an id",
        Certainty.PROJECT,
        "write the name of a channel in these files, or the id of one that is not managed here",
    ),
    Rule(
        "ESA321",
        "A formula uses the id of a channel that these files manage.",
        "Ids differ between environments; the name is right in all of them.",
        f"{_CONTRACT}: ids differ between environments, names do not",
        Certainty.PROJECT,
        "write the channel's name in place of its id",
        Severity.NOTE,
    ),
    Rule(
        "ESA322",
        "A formula uses a calculated channel.",
        "EnergyCAP rejects a formula that uses a calculated channel.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "put the formula of the other channel in place of its name",
    ),
    Rule(
        "ESA323",
        "A formula uses its own channel.",
        "A channel with a formula is calculated, and a formula may use simple channels only.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "name another channel",
    ),
    Rule(
        "ESA324",
        "Formulas use each other in a cycle.",
        "Each channel of the cycle would have to be calculated before itself.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel, so a circle is impossible",
        Certainty.DOCUMENTED,
        "make each formula of the cycle use simple channels only",
    ),
    Rule(
        "ESA325",
        "A formula uses a channel of another data point.",
        "EnergyCAP rejects a formula that uses channels of another data point; a calculated meter may use them.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "use channels of the same data point; if both files mean the same one, write the same dataPoint in both",
    ),
    Rule(
        "ESA331",
        "A channel has no select, channelId or channelImportId.",
        "Without identifiers it matches no channel in EnergyCAP, and nothing of it would ever be applied.",
        f"{_CONTRACT}: select, else channelId, else channelImportId; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "write select: with channelImportId or channelId, or with dataPointImportId and what distinguishes its "
        "channels",
    ),
    Rule(
        "ESA332",
        "Two channels select the same live channel.",
        "Each would undo the edits of the other.",
        f"{_CONTRACT}: two channels that find the same live channel are refused",
        Certainty.PROJECT,
        "keep one of the two, or let each select a channel of its own",
    ),
    Rule(
        "ESA341",
        "A feed expects a channel that is not in these files.",
        "The channel that a feed expects is compared with the one that its readings go to; an unknown name protects "
        "nothing.",
        f"{_CONTRACT}: expect names the channel that must get the feed's readings",
        Certainty.PROJECT,
        "write the name of a channel in these files",
    ),
    Rule(
        "ESA342",
        "A feed has no identifier that finds a channel.",
        "Readings find channels by channelId, channelImportId or meterImportId; the other identifiers choose among "
        "those found.",
        _IDENTIFICATION,
        Certainty.DOCUMENTED,
        "write the channelId, channelImportId or meterImportId that the logger or import profile sends",
    ),
    Rule(
        "ESA343",
        "Feeds with the same identifiers expect different channels.",
        "Their readings go to one channel, so one of the two expectations would always fail.",
        _IDENTIFICATION,
        Certainty.DOCUMENTED,
        "correct the identifiers of one feed, or let both expect the same channel",
    ),
)

REFERENCE_RULES: tuple[Rule, ...] = (*_LIVE_RULES, *OFFLINE_REFERENCE_RULES)
