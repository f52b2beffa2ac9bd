"""ESA622 to ESA628: the times of readings, and whether they are stored at these times."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_CONTRACT = "this tool's contract"

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
        "So local times that the clocks skip in spring or repeat in autumn were not checked.",
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
