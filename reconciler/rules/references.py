"""ESA3xx, finding the live channel, and what the files refer to."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_CONTRACT = "this tool's contract"
_VALIDATE_FORMULA = "POST /api/v202405/formula/validate"
_IDENTIFICATION = "POST /api/v3/reading, 'Channel Identification'"

# Found when the files meet the service.
_LIVE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA301",
        "A channel of the files is found in EnergyCAP.",
        "This tool edits channels and creates none; one that is not found is never taken for one to be left alone.",
        f"{_CONTRACT}: nothing found is an error; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "correct the pointer, or create the channel in EnergyCAP first; or let the key's user see it, if it is there",
    ),
    Rule(
        "ESA302",
        "A channel of the files is one channel in EnergyCAP.",
        "With several left at the last step nothing says which of them is meant.",
        f"{_CONTRACT}: more than one left at the end is an error; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "select by channelId, or give the identifiers that tell these channels apart",
    ),
    Rule(
        "ESA303",
        "Two channels of the files are two channels in EnergyCAP.",
        "Each would undo what the other wants.",
        f"{_CONTRACT}: two channels that find the same live channel are refused",
        Certainty.DOCUMENTED,
        "keep one of the two, or let each point to a channel of its own",
    ),
    Rule(
        "ESA304",
        "A channel is on the data point that its file names.",
        "A pointer that leads to another data point is mostly a mistake, and the edits would change the wrong meter.",
        f"{_CONTRACT}: dataPoint is checked against live, never edited",
        Certainty.DOCUMENTED,
        "correct dataPoint or the pointer; no edit can move a channel to another data point",
    ),
    Rule(
        "ESA305",
        "select names what the channel has now.",
        "The channel was edited in what it is found by, and is found only because the file itself wants the new value.",
        f"{_CONTRACT}: a renamed import id converges; the other pointers of select likewise",
        Certainty.DOCUMENTED,
        "write in select what the channel has now",
        Severity.NOTE,
    ),
    Rule(
        "ESA306",
        "A channel is found again after its change.",
        "The change takes away, or gives to another channel, what select goes by: the next plan would not find it.",
        f"{_CONTRACT}: plan after apply is empty",
        Certainty.INFERRED,
        "select by channelId, or correct select once the change is applied",
        Severity.WARNING,
    ),
    Rule(
        "ESA307",
        "A pattern of --only matches a channel.",
        "A mistyped pattern would otherwise look like a plan without changes.",
        f"{_CONTRACT}: a selection that matches nothing is an error",
        Certainty.DOCUMENTED,
        "correct the pattern: it is compared with the channels' names in these files, letter case included",
    ),
    Rule(
        "ESA308",
        "An update takes over the values of the channel that the file means.",
        "Where name and observation type both differ, the pointer may lead to another channel by now.",
        "Import ids may be handed on, and of two channels on a data point one may take what the other was found by",
        Certainty.INFERRED,
        "correct select; where this is the channel all the same, select it by channelId",
    ),
    Rule(
        "ESA310",
        "A code or name in the files is one that the service has.",
        "The service takes ids only; a code that stands for none cannot be sent.",
        "GET /api/v202305/unit, GET /api/v3/observationtype, and the summarization methods of live channels",
        Certainty.DOCUMENTED,
        "write a code that the service has, letter case included",
    ),
    Rule(
        "ESA311",
        "A code or name in the files stands for one id.",
        "Where several ids have one code, nothing says which of them is meant.",
        "the vendor does not say that codes and names are unique",
        Certainty.ASSUMED,
        "write the id instead",
    ),
    Rule(
        "ESA312",
        "An id in the files is one that the service has.",
        "The service refuses the edit; ids differ between environments, codes do not.",
        "GET /api/v202305/unit, GET /api/v3/observationtype",
        Certainty.DOCUMENTED,
        "write the code instead, which is the same in every environment",
    ),
    Rule(
        "ESA313",
        "A channel named in a formula is found in EnergyCAP.",
        "Names are turned into ids before a formula is sent; without the live channel there is no id.",
        f"{_CONTRACT}: channel(…) holds the name of a channel in the files, or an id",
        Certainty.DOCUMENTED,
        "mend the finding on the channel that the formula names",
    ),
    Rule(
        "ESA314",
        "A channel numbered in a formula is in EnergyCAP.",
        "The service refuses a formula that uses a channel it does not have; ids differ between environments.",
        f"{_VALIDATE_FORMULA}: every channel used is a simple channel of the same data point",
        Certainty.DOCUMENTED,
        "write the id of a live channel, or the name of one in these files",
    ),
)

# Seen in the files alone, without a look at the service.
OFFLINE_REFERENCE_RULES: tuple[Rule, ...] = (
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
        "use channels of the same data point; if both files mean one, write dataPoint alike in both",
    ),
    Rule(
        "ESA331",
        "A channel says how to find its live one.",
        "Without a pointer no channel of the service can be found for it, and nothing of it would ever be applied.",
        f"{_CONTRACT}: select, else channelId, else channelImportId; {_IDENTIFICATION}",
        Certainty.DOCUMENTED,
        "write select: with channelImportId or channelId, or with dataPointImportId and what tells its channels apart",
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

REFERENCE_RULES: tuple[Rule, ...] = (*_LIVE_RULES, *OFFLINE_REFERENCE_RULES)
