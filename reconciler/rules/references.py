"""ESA3xx, finding the live channel, and what the files refer to."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_CONTRACT = "this tool's contract"
_VALIDATE_FORMULA = "POST /api/v202405/formula/validate"
_IDENTIFICATION = "POST /api/v3/reading, 'Channel Identification'"

# Seen in the files alone, without a look at the service.
_OFFLINE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA320",
        "A name in a formula is the name of a channel in these files.",
        "Names are turned into ids before a formula is sent; the service itself knows channels in formulas by id only.",
        f"{_CONTRACT}: channel(…) holds the name of a channel in the files, or an id",
        Certainty.DOCUMENTED,
        "write the name of a channel in these files, or the id of one that is not managed here",
    ),
    Rule(
        "ESA321",
        "A channel that these files manage is named in formulas, not numbered.",
        "Ids differ between environments; the name leads to the right channel in each.",
        f"{_CONTRACT}: ids differ between environments, names do not",
        Certainty.DOCUMENTED,
        "write the channel's name in place of its id",
        Severity.NOTE,
    ),
    Rule(
        "ESA322",
        "A formula uses simple channels only.",
        "The service refuses a formula that uses a calculated channel.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "put the other channel's own formula in place of its name",
    ),
    Rule(
        "ESA323",
        "A formula does not use its own channel.",
        "A channel with a formula is calculated, and a formula may use simple channels only.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "name another channel",
    ),
    Rule(
        "ESA324",
        "Formulas do not go round in a circle.",
        "Each channel of the circle would have to be calculated before itself.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel, so a circle is impossible",
        Certainty.DOCUMENTED,
        "make each formula of the circle use simple channels only",
    ),
    Rule(
        "ESA325",
        "A formula uses channels of its own data point only.",
        "The service refuses a formula that reaches into another data point; a calculated meter may do that.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "use channels of the same data point; if it is the same one, write dataPoint alike in both files",
    ),
    Rule(
        "ESA331",
        "A channel says how to find its live one.",
        "Without a pointer no channel of the service can be found for it, and nothing of it would ever be applied.",
        f"{_CONTRACT}: select, else channelId, else channelImportId; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "write select: with channelImportId, channelId, or dataPointImportId and what tells its channels apart",
    ),
    Rule(
        "ESA332",
        "No two channels find the same live channel.",
        "Each would undo what the other wants.",
        f"{_CONTRACT}: two channels that find the same live channel are refused",
        Certainty.DOCUMENTED,
        "keep one of the two, or let each point to a channel of its own",
    ),
    Rule(
        "ESA341",
        "A feed expects a channel of these files.",
        "What a feed expects is compared with where its readings land; a name that leads nowhere protects nothing.",
        f"{_CONTRACT}: expect names the channel that must get the feed's readings",
        Certainty.DOCUMENTED,
        "write the name of a channel in these files",
    ),
    Rule(
        "ESA342",
        "A feed has an identifier by which readings find a channel.",
        "Readings find channels by channelId, channelImportId or meterImportId; the others choose among those found.",
        _IDENTIFICATION,
        Certainty.DOCUMENTED,
        "write the channelId, channelImportId or meterImportId that the logger or import profile sends",
    ),
    Rule(
        "ESA343",
        "Feeds with the same identifiers expect the same channel.",
        "Their readings land on one channel, so one of the two expectations would always fail.",
        _IDENTIFICATION,
        Certainty.DOCUMENTED,
        "correct the identifiers of one feed, or let both expect the same channel",
    ),
)

REFERENCE_RULES: tuple[Rule, ...] = (*_OFFLINE_RULES,)
