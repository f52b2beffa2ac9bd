"""ESA6xx: feeds, files of readings, and the times of readings; ESA230 and ESA53x: meter swaps in readings."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_CONTRACT = "this tool's contract"
_IDENTIFICATION = "POST /api/v3/reading, 'Channel Identification'"
_READINGS = "POST /api/v3/reading and POST /api/v202407/esaReading"

# Found when a plan is made.
_PLAN_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA601",
        "Readings of a feed would go to another channel.",
        "A data logger does not know channels: it sends an import id, or a meter with type, unit and interval. "
        "After a channel's settings change, the readings of the logger may go to another channel and overwrite its "
        "values, and nobody notices for weeks.",
        _IDENTIFICATION,
        Certainty.DOCUMENTED,
        "leave these settings as they are; or change the logger too, and its feed in the same plan",
        Severity.WARNING,
    ),
    Rule(
        "ESA602",
        "Readings of a feed would match several channels.",
        "EnergyCAP cannot tell which channel is meant, so the readings are not stored.",
        f"{_IDENTIFICATION}; that readings are rejected if several channels match is not documented",
        Certainty.INFERRED,
        "leave these settings as they are, or let the logger send identifiers that only one of these channels has",
        Severity.WARNING,
    ),
    Rule(
        "ESA603",
        "Readings of a feed would match no channel.",
        "If no channel matches what a data logger sends, its readings are not stored and are lost.",
        f"{_IDENTIFICATION}; that readings are rejected if no channel matches is not documented",
        Certainty.INFERRED,
        "leave these settings as they are; or change the logger too, and its feed in the same plan",
        Severity.WARNING,
    ),
    Rule(
        "ESA604",
        "A channel would start getting readings that match no channel today.",
        "What a data logger sends matches no channel, or several, so its readings are not stored. After the plan "
        "one channel matches and gets them: they may be what you want, or the readings of something else.",
        _IDENTIFICATION,
        Certainty.DOCUMENTED,
        "nothing to do if these readings belong there; if not, find the logger that sends them, and stop or change it "
        "first",
        Severity.NOTE,
    ),
    Rule(
        "ESA605",
        "A feed does not reach the channel that it expects.",
        "With or without this plan, the readings of this feed go to another channel, or to none.",
        f"{_CONTRACT}: expect names the channel that must get the feed's readings",
        Certainty.PROJECT,
        "if the logger sends other identifiers, correct those of the feed; if its readings belong to the other "
        "channel, correct expect; if neither, correct the settings of the channel",
        Severity.WARNING,
    ),
)

# Found in files of readings.
_FILE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA611",
        "A file of readings cannot be read.",
        "A file that cannot be read to its end is not sent in part, because nobody would know which part.",
        f"{_CONTRACT}: CSV with headers, a JSON array as the API takes it, or JSON lines, in UTF-8",
        Certainty.PROJECT,
        "write the file again as CSV with headers, as a JSON array, or as JSON lines, in UTF-8",
    ),
    Rule(
        "ESA612",
        "A reading has no time or value that the API accepts.",
        "EnergyCAP rejects the reading, or reads it differently from what was meant.",
        f"{_READINGS}: time is a date-time, value a double, both required",
        Certainty.DOCUMENTED,
        "correct the value in the file, or remove the row",
    ),
    Rule(
        "ESA613",
        "An identifier of readings has a type or length that the API does not accept.",
        "EnergyCAP rejects the whole request because of one of them.",
        f"{_READINGS}: channelId int32, import ids up to 255 characters, codes up to 16",
        Certainty.DOCUMENTED,
        "correct the identifier in the file",
    ),
    Rule(
        "ESA614",
        "Readings do not say which channel they are for.",
        "A type, a unit and an interval only choose among the channels of a meter; without a channel or a meter "
        "there is nothing to choose from.",
        f"{_IDENTIFICATION}; what the service does then is not documented",
        Certainty.INFERRED,
        "give channelId, channelImportId or meterImportId",
    ),
    Rule(
        "ESA615",
        "Readings match no channel.",
        "EnergyCAP rejects readings that match no channel.",
        f"{_IDENTIFICATION}; what the service does then is not documented",
        Certainty.INFERRED,
        "correct the identifiers in the file, or the channel's settings in EnergyCAP",
    ),
    Rule(
        "ESA616",
        "Readings match several channels.",
        "Nothing says which of them is meant.",
        f"{_IDENTIFICATION}; what the service does then is not documented",
        Certainty.INFERRED,
        "add identifiers that only one of these channels has, or channelImportId",
    ),
    Rule(
        "ESA617",
        "The identifiers of readings contradict the channel that they match.",
        "Only the first identifiers count: if one of them is wrong, the readings go to the wrong channel although "
        "the others are right.",
        f"{_IDENTIFICATION}: what comes first decides, what is left is not compared",
        Certainty.DOCUMENTED,
        "correct the identifiers that do not match, or remove those that do not count",
        Severity.WARNING,
    ),
    Rule(
        "ESA618",
        "Readings are for a calculated channel.",
        "A calculated channel gets its values from its formula and accepts no readings.",
        "the help centre on calculated channels: they have no source readings",
        Certainty.INFERRED,
        "send the readings to a simple channel that the formula uses",
    ),
    Rule(
        "ESA619",
        "EnergyCAP rejected readings.",
        "It reports success even if it stored only some of them, and lists the others one by one.",
        f"{_READINGS}: failedReadings, failedReadingsCount",
        Certainty.DOCUMENTED,
        "correct the rows in the file of rejected readings, and import that file",
    ),
    Rule(
        "ESA620",
        "A channel gets two values for one time.",
        "The later reading overwrites the earlier one, and nothing says which of them is right. When clocks are set "
        "back, the same local times occur twice.",
        "POST /api/v202407/esaReading: a reading at the same time is overwritten; the v3 page does not say",
        Certainty.INFERRED,
        "keep the one that is right; in the hour that clocks repeat, give times with their offset",
    ),
    Rule(
        "ESA621",
        "A reading is in the file twice.",
        "Sending the same value twice does no harm. But in the hour that clocks repeat, two readings can have the "
        "same local time, and one of them is lost.",
        "POST /api/v202407/esaReading: a reading at the same time is overwritten; the v3 page does not say",
        Certainty.INFERRED,
        "remove one of the two; in the hour that clocks repeat, give times with their offset",
        Severity.WARNING,
    ),
    Rule(
        "ESA630",
        "The readings are not in the unit of their channel.",
        "EnergyCAP stores the numbers unconverted: Wh in a kWh channel are a thousand times too much, and nobody "
        "notices until the bill. The unit of a reading comes from unitCode, or from the header of the value column.",
        f"{_READINGS}: a reading has a value and no unit of its own",
        Certainty.INFERRED,
        "convert the values, or send the readings to a channel with their unit",
    ),
    Rule(
        "ESA631",
        "The unit of the readings is unknown.",
        "It cannot be compared with the unit of the channel.",
        f"{_READINGS}: unitCode is a code of the tenant's own list of units",
        Certainty.INFERRED,
        "write a unit code that EnergyCAP has",
        Severity.WARNING,
    ),
    Rule(
        "ESA632",
        "A column that describes the readings is not used.",
        "Loggers and meter data systems mark readings that are missing, estimated or wrong in a column of their own, "
        "or give a multiplier or a direction there. The API has no such property, so the values are sent as they are.",
        f"{_READINGS}: a reading has time, value, estimated and note",
        Certainty.DOCUMENTED,
        "say what its values mean with --bad or --estimated, or remove the rows that are not good",
        Severity.WARNING,
    ),
    Rule(
        "ESA633",
        "The file says that a reading is bad.",
        "A column such as error, or one named with --bad, marks this reading. If it were sent like a good one, the 0 "
        "of a meter that did not answer would count as no use at all.",
        f"{_READINGS}: a reading has time, value, estimated and note, and no property that says it is bad",
        Certainty.DOCUMENTED,
        "remove the row; if the column does not matter, ignore it with --map",
    ),
    Rule(
        "ESA634",
        "After a meter swap, the first value is computed from the registers of two meters.",
        "Under the Odometer rule a value is the difference of two readings. The register of a new meter starts "
        "at another number, so the first difference may be far off. All later ones are right.",
        "the help centre on kinds of readings: a computed value is the difference from the previous reading; "
        "what happens when a version begins is not documented",
        Certainty.INFERRED,
        "send the closing reading of the old meter first, then only the first reading of the new one, and check its "
        "value in EnergyCAP",
        Severity.WARNING,
    ),
)

FEED_RULES: tuple[Rule, ...] = (*_PLAN_RULES, *_FILE_RULES)


TIME_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA622",
        "The year of a reading is implausible.",
        "Interval data is from 1990 at the earliest and from next year at the latest. Any other year is a typing "
        "mistake, or a number that was mistaken for a date.",
        f"{_CONTRACT}: years from 1990 to next year",
        Certainty.ASSUMED,
        "correct the time in the file",
    ),
    Rule(
        "ESA623",
        "A reading has a date without a time of day, but its interval is shorter than a day.",
        "All readings of the day would be at midnight and overwrite each other.",
        f"{_CONTRACT}: a date alone is accepted for channels with an interval of a day or more",
        Certainty.ASSUMED,
        "write the time of day as well:  2026-03-30T00:15",
    ),
    Rule(
        "ESA624",
        "A local time does not exist.",
        "In spring the clocks skip an hour. A time in that hour would be moved by an hour, onto another reading. It "
        "usually comes from a logger that stays on standard time, so its other times are wrong all summer.",
        "GET /api/v202406/datapoint/{id}, dataPointTimeZone; the time zone database",
        Certainty.DOCUMENTED,
        "correct the time; if the logger stays on standard time, name its zone, for example with  --zone EST",
    ),
    Rule(
        "ESA625",
        "A local time occurs twice, and nothing says which of the two is meant.",
        "In autumn the clocks repeat an hour. A reading at the wrong one of the two times overwrites the right one.",
        "GET /api/v202406/datapoint/{id}, dataPointTimeZone; the time zone database",
        Certainty.DOCUMENTED,
        "write the times of this hour with their offset, or keep its readings in chronological order",
    ),
    Rule(
        "ESA626",
        "The time zone of the readings is unknown.",
        "Local times that the clocks skip in spring or repeat in autumn were not checked.",
        "GET /api/v202406/datapoint/{id}, dataPointTimeZone; that its code is a name of the time zone database, or of "
        "Windows, is not documented",
        Certainty.ASSUMED,
        "if the file has times in such an hour, write them with their offset, or give the zone with --zone; a copy for "
        "--snapshot has the zones if it was made with  snapshot --time-zones",
        Severity.WARNING,
    ),
    Rule(
        "ESA627",
        "The time zone in the header of the time column is unclear, or differs from --zone.",
        "In the wrong time zone, all readings would be stored hours too early or too late.",
        f"{_CONTRACT}: a time zone in a header counts",
        Certainty.ASSUMED,
        "give the right zone with --zone, or correct the header",
    ),
    Rule(
        "ESA628",
        "EnergyCAP confirmed a reading, but does not store it as it was sent.",
        "Two readings may have ended up at the same time, or EnergyCAP read the time in another zone. A count of what "
        "was sent would hide that.",
        "GET /api/v3/channel/{id}/reading, read after the import",
        Certainty.INFERRED,
        "look at this time in EnergyCAP; if readings are hours off, check the time zone of the data point",
    ),
)


_LIST = "GET /api/v202407/esaReading"
_CHECKED = f"{_LIST}, compared with what the file says"

SWAP_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA230",
        "The facts of a meter swap are given for a version that has none before it.",
        "They compare the register of the old meter with that of the new one, so they need the versions of both.",
        _CONTRACT,
        Certainty.PROJECT,
        "list the version of the old meter before it, or delete swap",
    ),
    Rule(
        "ESA530",
        "The last value of the old meter does not fit the readings.",
        "A register does not run backwards. Either the value or the date of the swap is wrong, or the channel has "
        "readings of another meter.",
        _CHECKED,
        Certainty.INFERRED,
        "compare final and beginDate with the work order, and correct what is wrong",
        Severity.WARNING,
    ),
    Rule(
        "ESA531",
        "The first value of the new meter does not fit the readings.",
        "A register does not run backwards. Either the value or the date of the swap is wrong, or the channel has "
        "readings of another meter.",
        _CHECKED,
        Certainty.INFERRED,
        "compare initial and beginDate with the work order, and correct what is wrong",
        Severity.WARNING,
    ),
    Rule(
        "ESA532",
        "The facts of a meter swap could not be compared with readings.",
        "A wrong value or date of the swap would not be noticed. The facts are not sent, so nothing else depends on "
        "them.",
        f"{_LIST}, whose response is not documented",
        Certainty.ASSUMED,
        "nothing to do if the readings are still to come; otherwise compare those in EnergyCAP with the work order",
        Severity.NOTE,
    ),
    Rule(
        "ESA533",
        "The register does not fall when the version of the new meter begins, but at another time.",
        "Readings between the two times are computed with the settings of the wrong meter.",
        _CHECKED,
        Certainty.INFERRED,
        "correct beginDate; a reading stamped at exactly that time still belongs to the old meter",
        Severity.WARNING,
    ),
)
