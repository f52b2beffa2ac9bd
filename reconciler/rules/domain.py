"""ESA2xx, the domain, as far as the files alone decide."""

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
        "intervalMinutes is one of 5, 10, 15, 30, 60, 1440, 10080 and 43200.",
        "The service knows no other intervals: five minutes to an hour, a day, a week, a month of 30 days.",
        f"{_EDIT}.intervalMinutes: 'One of 5, 10, 15, 30, 60, 1440, 10080, 43200'",
        Certainty.DOCUMENTED,
        "write one of these; where the logger's interval is none of them, the next longer one",
    ),
    Rule(
        "ESA202",
        "A simple channel has an interval.",
        "Readings are stored and summarized by interval; without one the service refuses the edit.",
        f"{_EDIT}.intervalMinutes: 'Required when IsCalculated is set to False'",
        Certainty.DOCUMENTED,
        "write intervalMinutes, or isCalculated: true",
    ),
    Rule(
        "ESA203",
        "A calculated channel has no interval of its own.",
        "The service takes the interval of a calculated channel from the channels in its formula.",
        f"{_EDIT}.intervalMinutes: 'Must be null when IsCalculated is set to True'",
        Certainty.DOCUMENTED,
        "write intervalMinutes: null, or isCalculated: false",
    ),
    Rule(
        "ESA204",
        "Only a calculated channel has a formula.",
        "A simple channel gets its values from readings; the formula would never be used, or the edit be refused.",
        f"{_VERSION_EDIT}.formula: to be provided only when isCalculated is true",
        Certainty.DOCUMENTED,
        "write formula: null, or isCalculated: true",
    ),
    Rule(
        "ESA205",
        "A calculated channel has a formula.",
        "A calculated channel has no readings; without a formula it has no values at all.",
        f"{_EDIT}.isCalculated: 'When IsCalculated is true, the formula will need to be provided in channel version'",
        Certainty.DOCUMENTED,
        "write the formula, or isCalculated: false",
    ),
    Rule(
        "ESA206",
        "A formula is not blank.",
        "Blank text is neither a formula nor null, which clears one; what the service makes of it is not documented.",
        f"{_FORMULA_PAGE}, and this tool's contract: null clears, an empty text is a value",
        Certainty.INFERRED,
        "write a formula, or null for a channel that has none",
    ),
    Rule(
        "ESA207",
        "The parentheses of a formula are balanced.",
        "The service would refuse the formula. Little more of its grammar is published, so only this is judged here.",
        f"{_FORMULA_PAGE}: a formula must be syntactically correct",
        Certainty.INFERRED,
        "close what is opened, and open what is closed",
    ),
    Rule(
        "ESA208",
        "Each channel(…) in a formula names one channel, or gives its id.",
        "Anything else is no reference, so neither this tool nor the service could tell which channel is meant.",
        f"{_FORMULA_PAGE}: a channel is referenced as channel(<channelId>)",
        Certainty.DOCUMENTED,
        "write one name or id between the parentheses, without quotes or spaces, as in channel(north-use)",
    ),
    Rule(
        "ESA209",
        "A formula uses at least one channel.",
        "A formula of constants alone has no channel to take its interval from; mostly channel(…) was left out.",
        f"{_FORMULA_PAGE}, and the help centre on calculated channels: the interval is that of the channels used",
        Certainty.ASSUMED,
        "write channel(…) around the name of each channel",
        Severity.WARNING,
    ),
    Rule(
        "ESA211",
        "minimumReading is not above maximumReading.",
        "No computed reading could lie within such limits.",
        f"{_VERSION_EDIT}.minimumReading and .maximumReading, the lowest and the highest computed reading",
        Certainty.INFERRED,
        "exchange the two, or write null for a limit that is not wanted",
    ),
    Rule(
        "ESA212",
        "A channel has a name in EnergyCAP.",
        "channelInfo is what people see in EnergyCAP; the service requires it.",
        f"{_EDIT}.channelInfo: 'Required'",
        Certainty.DOCUMENTED,
        "write the channel's name, or remove the line to keep the name it has",
    ),
    Rule(
        "ESA213",
        "Only the Trip rule has an offset.",
        "Under the Odometer rule a value is the difference of two readings, from which an offset would fall out.",
        f"{_VERSION_EDIT}.offset: 'Exclusive to the Trip observation rule'",
        Certainty.DOCUMENTED,
        "write offset: null, or observationRule: Trip",
    ),
    Rule(
        "ESA214",
        "rolloverValue is null under the Trip rule.",
        "Under the Trip rule each reading is a value by itself: there is no register that could roll over.",
        f"{_VERSION_EDIT}.rolloverValue: 'Must be null when ObservationRuleId is set to Trip'",
        Certainty.DOCUMENTED,
        "remove the line, or write observationRule: Odometer",
    ),
    Rule(
        "ESA215",
        "rollbackAllowance is null under the Trip rule.",
        "Under the Trip rule each reading is a value by itself: there is no register that could run backwards.",
        f"{_VERSION_EDIT}.rollbackAllowance: 'Must be null when ObservationRuleId is set to Trip'",
        Certainty.DOCUMENTED,
        "remove the line, or write observationRule: Odometer",
    ),
    Rule(
        "ESA217",
        "Names, codes and import ids do not begin or end with a space.",
        "The space is hard to see, and what is looked up by such a text, readings included, is then not found.",
        "the vendor does not say whether such spaces are dropped or compared",
        Certainty.ASSUMED,
        "take the space out",
        Severity.WARNING,
    ),
    Rule(
        "ESA218",
        "An import id is not blank.",
        "null says that a channel has no import id; a blank one may count as an import id, and those must be unique.",
        "the vendor does not say whether an empty import id counts as one",
        Certainty.ASSUMED,
        "write null, or the import id",
        Severity.WARNING,
    ),
    Rule(
        "ESA221",
        "No two channels have the same import id.",
        "Import ids are unique in EnergyCAP: the second edit would be refused, and readings would go astray.",
        "the help centre on channels: the import id must be unique",
        Certainty.DOCUMENTED,
        "give each channel an import id of its own",
    ),
    Rule(
        "ESA222",
        "A data point has at most one primary value channel.",
        "The primary value is what a data point shows and rolls up; which of two would win is not documented.",
        f"{_RESPONSE}.isPrimaryValue: 'Indicates if the channel is the primary value channel for the data point'",
        Certainty.DOCUMENTED,
        "write isPrimaryValue: false for all but one channel of the data point",
    ),
    Rule(
        "ESA223",
        "A data point has at most one primary demand channel.",
        "The primary demand is what a data point shows as its demand; which of two would win is not documented.",
        f"{_RESPONSE}.isPrimaryDemand: 'Indicates if the channel is the primary demand channel for the data point'",
        Certainty.DOCUMENTED,
        "write isPrimaryDemand: false for all but one channel of the data point",
    ),
)
