"""ESA1xx: the files themselves; those about more than one file are in `project_rules`."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.project_rules import BASE_RULES, ENVIRONMENT_RULES, PROJECT_RULES, TEMPLATE_RULES
from reconciler.rules.rule import Certainty, Rule

_FORMAT = "this tool's contract: the format of its files"
_YAML = "this tool's contract: YAML is read as JSON's types only"
_EDIT = "PUT /api/v202406/esachannel/{id}, EsaChannelEdit"

_READING_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA101",
        "A definition file cannot be read.",
        "If it were skipped silently, its channels would look like channels that nobody manages.",
        _FORMAT,
        Certainty.PROJECT,
        "make it a regular file that you may read, or move it out of the folder",
    ),
    Rule(
        "ESA102",
        "A definitions folder does not exist or has no files.",
        "A mistyped folder must not look like a project without changes.",
        'this tool\'s contract: no file found is an error, never "no changes"',
        Certainty.PROJECT,
        "correct definitions: in reconciler.yaml, or put a channel file (*.yaml) into the folder",
    ),
    Rule(
        "ESA103",
        "A file is larger than 5 MiB or holds more than a million values.",
        "Nobody writes files that large by hand, and they slow down every commit.",
        _YAML,
        Certainty.PROJECT,
        "split the file, for example one file for each data point",
    ),
    Rule(
        "ESA104",
        "A file is not UTF-8.",
        "In another encoding, names and descriptions would reach EnergyCAP garbled. A byte order mark is allowed.",
        _YAML,
        Certainty.PROJECT,
        "save the file as UTF-8",
    ),
    Rule(
        "ESA105",
        "A file contains control characters.",
        "Editors and reviews do not show them, and terminals act on them.",
        _YAML,
        Certainty.PROJECT,
        "delete the character",
    ),
    Rule(
        "ESA106",
        "A file contains tabs.",
        "YAML does not allow tabs for indentation, and elsewhere they look like spaces.",
        _YAML,
        Certainty.PROJECT,
        "use spaces; inside a text write \\t and put the text in double quotes",
    ),
    Rule(
        "ESA107",
        "A file is not valid YAML.",
        "A file that cannot be parsed cannot be checked.",
        "YAML 1.1 and 1.2",
        Certainty.DOCUMENTED,
        "check the indentation, the quotes and the colons of this line and the one before",
    ),
)

_STRICTNESS_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA108",
        "A key appears twice.",
        "YAML parsers keep the last value and do not warn, so the first one would be lost silently.",
        _YAML,
        Certainty.PROJECT,
        "keep one of the two",
    ),
    Rule(
        "ESA109",
        "A file uses YAML tags or directives.",
        "They make YAML parsers build types that JSON does not have.",
        _YAML,
        Certainty.PROJECT,
        "remove the tag; if the ! belongs to the text, put the text in quotes",
    ),
    Rule(
        "ESA110",
        "A file has too many aliases, an alias without an anchor, or a merge key.",
        "A few lines of aliases can expand to gigabytes, and a merge key hides what a channel is set to.",
        _YAML,
        Certainty.PROJECT,
        "write the values out, or put them under defaults:",
    ),
    Rule(
        "ESA111",
        "A value is nested deeper than 20 levels.",
        "Definitions need four levels; deeper nesting is a mistake or an attack.",
        _YAML,
        Certainty.PROJECT,
        "look for a bracket that is never closed, or a list inside a list",
    ),
    Rule(
        "ESA112",
        "A file holds more than one document.",
        "Most parsers read only the first of several documents, so the others would be lost.",
        _YAML,
        Certainty.PROJECT,
        "put what follows the --- into a file of its own",
    ),
    Rule(
        "ESA113",
        "A file, mapping or list is empty.",
        "It is usually what is left of an unfinished edit.",
        _FORMAT,
        Certainty.PROJECT,
        "write what is missing, or delete what is empty",
    ),
    Rule(
        "ESA114",
        "A key has no value.",
        'Absent, null and "" are three things: a key without a value could be meant as any of them.',
        'this tool\'s contract: absent, null and "" are three things',
        Certainty.PROJECT,
        'write null to clear the value, "" for the empty text, or delete the key to leave the value alone',
    ),
    Rule(
        "ESA115",
        "A key is not text.",
        "JSON has no other keys.",
        _YAML,
        Certainty.PROJECT,
        "write a name before the colon",
    ),
    Rule(
        "ESA116",
        "A number cannot be stored as written: it has more than 15 decimal places or 30 digits, or EnergyCAP would "
        "round it.",
        "EnergyCAP would store a different number from the one in the file, and every plan would show the difference.",
        f"{_EDIT}: max scale of 15, max precision of 30, number (double)",
        Certainty.DOCUMENTED,
        "write fewer digits; if it is an id or a code, put it in quotes",
    ),
    Rule(
        "ESA117",
        "A # after a space cuts a text short.",
        "YAML reads the rest of the line as a comment, so the text ends before it.",
        "YAML 1.1 and 1.2: a # after a space starts a comment",
        Certainty.DOCUMENTED,
        "put the whole text in quotes; if it is a comment, write a space after the #",
        Severity.WARNING,
    ),
    Rule(
        "ESA118",
        "A file is not read because of its extension.",
        "Only *.yaml and *.yml are read, so the channels of any other file are not managed.",
        _FORMAT,
        Certainty.PROJECT,
        "rename it to end in .yaml, or move it out of the folder",
        Severity.WARNING,
    ),
    Rule(
        "ESA119",
        "A channel has both esaChannelVersion and channelVersions.",
        "esaChannelVersion is the current version, and channelVersions may list that too: the two could contradict "
        "each other.",
        _FORMAT,
        Certainty.PROJECT,
        "move the settings of esaChannelVersion into the last version under channelVersions",
    ),
    Rule(
        "ESA120",
        "The versions of a channel are not in order.",
        "A version ends where the next one begins, so the list has to be in order of beginDate, and no two may begin "
        "at the same time.",
        _FORMAT,
        Certainty.PROJECT,
        "list the versions by beginDate, oldest first; only the first may have null",
    ),
)

_SHAPE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA121",
        "A key is unknown.",
        "If the key is mistyped, the value that it is meant for stays unmanaged.",
        _FORMAT,
        Certainty.PROJECT,
        "correct or delete the key",
    ),
    Rule(
        "ESA122",
        "A required key is missing.",
        "The rest has no meaning without it.",
        _FORMAT,
        Certainty.PROJECT,
        "write the missing key",
    ),
    Rule(
        "ESA123",
        "A value has the wrong type.",
        'YAML can mislead: "15" is text, yes is text here, and 15 is a number.',
        f"{_YAML}; {_EDIT}",
        Certainty.DOCUMENTED,
        "write a value of that type",
    ),
    Rule(
        "ESA124",
        "A value is not one that the property allows.",
        "EnergyCAP rejects any other value.",
        f"{_FORMAT}; {_EDIT}",
        Certainty.DOCUMENTED,
        "write one of the allowed values",
    ),
    Rule(
        "ESA125",
        "A text is too long or too short.",
        "EnergyCAP rejects longer texts. It counts characters as .NET does: an emoji or a rare letter counts as two.",
        f"{_EDIT}: max length of; POST /api/v3/reading for codes",
        Certainty.DOCUMENTED,
        "write a text of the right length",
    ),
    Rule(
        "ESA126",
        "A number is out of range.",
        "EnergyCAP rejects numbers outside the range of the property.",
        f"{_EDIT}: must be between",
        Certainty.DOCUMENTED,
        "write a number in the range",
    ),
    Rule(
        "ESA127",
        "A name has other characters than letters, digits, hyphen, underscore and dot, or no letter.",
        "Names are used in formulas as channel(name). Other characters would end the name, and a number would be an "
        "id.",
        _FORMAT,
        Certainty.PROJECT,
        "write a name like nb-elec-use",
    ),
    Rule(
        "ESA128",
        "beginDate is not a date, or a date and time, or it has a zone or an offset.",
        "EnergyCAP reads it as local time of the data point and ignores any zone, so a zone would mislead.",
        "EsaChannelVersionEdit.beginDate: any time zone information will be ignored",
        Certainty.DOCUMENTED,
        "write local time of the data point, for example  beginDate: 2024-07-01  or  beginDate: 2024-07-01T06:30:00",
    ),
    Rule(
        "ESA129",
        "Two keys set the same thing.",
        "They can contradict each other, and then nothing says which one counts.",
        _FORMAT,
        Certainty.PROJECT,
        "keep one of the two",
    ),
    Rule(
        "ESA131",
        "Two channels have the same name.",
        "The two definitions would undo each other, and a formula could mean either one.",
        "this tool's contract: two channels with one name are refused",
        Certainty.PROJECT,
        "rename one of the two",
    ),
    Rule(
        "ESA132",
        "Two feeds have the same name.",
        "A plan refers to feeds by name.",
        _FORMAT,
        Certainty.PROJECT,
        "rename one of the two",
    ),
)

_LIMIT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA199",
        "A file has more than 50 findings.",
        "One mistake often causes many findings, so the others are only counted.",
        "this tool's contract: at most 50 findings per file are shown and the rest counted",
        Certainty.PROJECT,
        "correct what is shown and run validate again",
        Severity.NOTE,
    ),
)

FILE_RULES: tuple[Rule, ...] = (
    *_READING_RULES,
    *_STRICTNESS_RULES,
    *_SHAPE_RULES,
    *PROJECT_RULES,
    *BASE_RULES,
    *TEMPLATE_RULES,
    *ENVIRONMENT_RULES,
    *_LIMIT_RULES,
)
