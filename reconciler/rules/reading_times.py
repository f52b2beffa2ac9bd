"""ESA622 to ESA627, the times of readings."""

from __future__ import annotations

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
        "ESA627",
        "The header of the times does not say in which time zone they are, or not the same as --zone.",
        "Read in another zone, all readings are hours away from where they belong.",
        f"{_CONTRACT}: what a header says about a time zone counts",
        Certainty.ASSUMED,
        "say  --zone,  or correct the header",
    ),
)
