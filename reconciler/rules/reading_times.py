"""ESA622 to ESA628: the times of readings, and whether they are stored at these times."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_CONTRACT = "this tool's contract"

TIME_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA622",
        "The time of a reading is in a year that cannot be meant.",
        "Interval data is not older than 1990 and not younger than next year. Another year comes from a number that "
        "was taken for a date, or from a slip.",
        f"{_CONTRACT}: years from 1990 to next year",
        Certainty.ASSUMED,
        "correct the time in the file",
    ),
    Rule(
        "ESA623",
        "A reading of an interval shorter than a day has a date and no clock.",
        "All readings of the day would be at midnight, and overwrite each other.",
        f"{_CONTRACT}: a date alone is taken for channels with an interval of a day or more",
        Certainty.ASSUMED,
        "write the clock, too:  2026-03-30T00:15",
    ),
    Rule(
        "ESA624",
        "A local time does not exist.",
        "In spring clocks are set forward over an hour. A time in that hour is moved by an hour, onto another reading; "
        "it mostly comes from a logger that stays on standard time, whose other times are wrong in summer, too.",
        "GET /api/v202406/datapoint/{id}, dataPointTimeZone; the time zone database",
        Certainty.DOCUMENTED,
        "if the clocks of the file stay on standard time, say so, as in  --zone EST;  else correct the time",
    ),
    Rule(
        "ESA625",
        "A local time comes twice in its time zone, and nothing says which of the two is meant.",
        "In autumn clocks are set back and an hour is repeated. A reading at the wrong one of the two times overwrites "
        "the right one.",
        "GET /api/v202406/datapoint/{id}, dataPointTimeZone; the time zone database",
        Certainty.DOCUMENTED,
        "give the times of this hour with their offset, or keep both of its readings in the order of time",
    ),
    Rule(
        "ESA626",
        "The time zone of readings is not known.",
        "Local times that clocks skip in spring or repeat in autumn could not be found.",
        "GET /api/v202406/datapoint/{id}, dataPointTimeZone; that its code is a name of the time zone database, or of "
        "Windows, is not documented",
        Certainty.ASSUMED,
        "if the file has times of such a night, give them with their offset, or say --zone",
        Severity.WARNING,
    ),
    Rule(
        "ESA627",
        "The header of the times does not say in which time zone they are, or not the same as --zone.",
        "Read in another zone, all readings are hours away from where they belong.",
        f"{_CONTRACT}: what a header says about a time zone counts",
        Certainty.ASSUMED,
        "say  --zone,  or correct the header",
    ),
    Rule(
        "ESA628",
        "A reading that EnergyCAP says it imported is not stored as it was sent.",
        "Two readings may have fallen onto one time, or the time was read in another zone. An account of what was sent "
        "would hide that.",
        "GET /api/v3/channel/{id}/reading, read after the import",
        Certainty.INFERRED,
        "look at the channel in EnergyCAP at this time; if readings are hours away, look at the zone of the data point",
    ),
)
