"""ESA1xx: the files themselves, the project file, and reading files at another commit."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_FORMAT = "this tool's contract: the format of its files"
_KEYS = "this tool's contract: no key, token or password is read from a file"
_BASE = "this tool's contract: with --base each edit is marked as from this change, or as drift"
_YAML = "this tool's contract: YAML is read as JSON's types only"
_EDIT = "PUT /api/v202406/esachannel/{id}, EsaChannelEdit"

_READING_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA101",
        "Every file of definitions can be read.",
        "A file that is passed over in silence would look like channels that nobody manages.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "let the file be an ordinary one that you may read, or take it out of the folder",
    ),
    Rule(
        "ESA102",
        "The folders of definitions exist and hold files.",
        "A mistyped folder must not look like a project without changes.",
        'this tool\'s contract: no file found is an error, never "no changes"',
        Certainty.DOCUMENTED,
        "correct definitions: in reconciler.yaml, or put a channel file (*.yaml) into the folder",
    ),
    Rule(
        "ESA103",
        "A file is at most 5 MiB, and holds at most a million values.",
        "Larger ones are not written by people, and slow down everyone's commits.",
        _YAML,
        Certainty.DOCUMENTED,
        "split the file, one for each data point",
    ),
    Rule(
        "ESA104",
        "A file is UTF-8, with or without a byte order mark.",
        "In another encoding names and descriptions would reach EnergyCAP garbled.",
        _YAML,
        Certainty.DOCUMENTED,
        "save the file as UTF-8",
    ),
    Rule(
        "ESA105",
        "A file holds no control characters.",
        "They cannot be seen in an editor or a review, and terminals act on them.",
        _YAML,
        Certainty.DOCUMENTED,
        "delete the character",
    ),
    Rule(
        "ESA106",
        "A file holds no tabs.",
        "YAML does not take tabs for indentation, and elsewhere they cannot be told from spaces.",
        _YAML,
        Certainty.DOCUMENTED,
        "write spaces; inside a text write \\t and put the text in double quotes",
    ),
    Rule(
        "ESA107",
        "A file is YAML.",
        "What cannot be read cannot be checked.",
        "YAML 1.1 and 1.2",
        Certainty.DOCUMENTED,
        "look at the indentation, the quotes and the colons of this line and the one before",
    ),
)

_STRICTNESS_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA108",
        "A key is written once.",
        "YAML readers take the last of two and say nothing, so the first would be lost in silence.",
        _YAML,
        Certainty.DOCUMENTED,
        "keep one of the two",
    ),
    Rule(
        "ESA109",
        "Tags and directives are not read.",
        "They make readers of YAML build other types than JSON's.",
        _YAML,
        Certainty.DOCUMENTED,
        "take the tag away; if the ! belongs to the text, put the text in quotes",
    ),
    Rule(
        "ESA110",
        "Aliases are few and lead somewhere; merge keys are not read.",
        "A few lines of aliases can stand for gigabytes, and a merge key hides what a channel says.",
        _YAML,
        Certainty.DOCUMENTED,
        "write the values out, or put them under defaults:",
    ),
    Rule(
        "ESA111",
        "Nothing is nested deeper than 20 levels.",
        "Definitions need four; deeper nesting is a mistake or an attack.",
        _YAML,
        Certainty.DOCUMENTED,
        "look for a bracket that is never closed, or a list within a list",
    ),
    Rule(
        "ESA112",
        "A file holds one document.",
        "Most readers see only the first document of several, so the others would be lost.",
        _YAML,
        Certainty.DOCUMENTED,
        "put what follows the --- into a file of its own",
    ),
    Rule(
        "ESA113",
        "What is there is not empty.",
        "An empty file or mapping is mostly the rest of an unfinished edit.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "write what is missing, or delete what is empty",
    ),
    Rule(
        "ESA114",
        "A key has a value.",
        'Absent, null and "" are three things: a key without a value could be meant as any of them.',
        'this tool\'s contract: absent, null and "" are three things',
        Certainty.DOCUMENTED,
        'write null to clear the value, "" for the empty text, or delete the key to leave the value alone',
    ),
    Rule(
        "ESA115",
        "A key is a text.",
        "JSON knows no other keys.",
        _YAML,
        Certainty.DOCUMENTED,
        "write a name before the colon",
    ),
    Rule(
        "ESA116",
        "A number survives as written: scale at most 15, precision at most 30, and no digit lost in a double.",
        "EnergyCAP would store another number than the file says, and every plan would show the difference.",
        f"{_EDIT}: max scale of 15, max precision of 30, number (double)",
        Certainty.DOCUMENTED,
        "write fewer digits; if it is an id or a code, put it in quotes",
    ),
    Rule(
        "ESA117",
        "A # after a space does not cut a text short.",
        "YAML takes the rest of the line for a comment, so the text ends before it.",
        "YAML 1.1 and 1.2: a # after a space starts a comment",
        Certainty.DOCUMENTED,
        "put the whole text in quotes; if it is a comment, write a space after the #",
        Severity.WARNING,
    ),
    Rule(
        "ESA118",
        "No file of definitions is passed over for its ending.",
        "Only *.yaml and *.yml are read; the channels of any other file are managed by nobody.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "let its name end in .yaml, or take it out of the folder",
        Severity.WARNING,
    ),
)

_SHAPE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA121",
        "A key is one that the format knows.",
        "A mistyped key would leave the value it was meant for unmanaged.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "correct or delete the key",
    ),
    Rule(
        "ESA122",
        "What must be given is given.",
        "The rest means nothing without it.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "write the missing key",
    ),
    Rule(
        "ESA123",
        "A value is of its property's type.",
        'YAML\'s looks deceive: "15" is a text, yes is a text, and 15 is a number.',
        f"{_YAML}; {_EDIT}",
        Certainty.DOCUMENTED,
        "write a value of that type",
    ),
    Rule(
        "ESA124",
        "A value is one of those that the property allows.",
        "EnergyCAP refuses any other.",
        f"{_FORMAT}; {_EDIT}",
        Certainty.DOCUMENTED,
        "write one of the allowed values",
    ),
    Rule(
        "ESA125",
        "A text is neither too long nor too short.",
        "EnergyCAP refuses longer texts. It counts characters as .NET does: an emoji or a rare letter is two.",
        f"{_EDIT}: max length of; POST /api/v3/reading for codes",
        Certainty.DOCUMENTED,
        "write a text of the right length",
    ),
    Rule(
        "ESA126",
        "A number is in its property's range.",
        "EnergyCAP refuses a number outside.",
        f"{_EDIT}: must be between",
        Certainty.DOCUMENTED,
        "write a number in the range",
    ),
    Rule(
        "ESA127",
        "A name is made of letters, digits, hyphen, underscore and dot, with at least one letter.",
        "Names stand in formulas as channel(name), where other characters would end them and a number would be an id.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "write a name like nb-elec-use",
    ),
    Rule(
        "ESA128",
        "beginDate is a date, or a date and time, without zone or offset.",
        "EnergyCAP takes it as local time of the data point and ignores any zone, so a zone would mislead.",
        "EsaChannelVersionEdit.beginDate: any time zone information will be ignored",
        Certainty.DOCUMENTED,
        "write local time of the data point, as in  beginDate: 2024-07-01  or  beginDate: 2024-07-01T06:30:00",
    ),
    Rule(
        "ESA129",
        "One thing is said in one way.",
        "Two keys for one thing can contradict each other, and then it is a guess which one counts.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "keep one of the two",
    ),
    Rule(
        "ESA131",
        "The name of a channel is unique over all files.",
        "Two definitions of one name would undo each other, and a formula could mean either.",
        "this tool's contract: two channels with one name are refused",
        Certainty.DOCUMENTED,
        "rename one of the two",
    ),
    Rule(
        "ESA132",
        "The name of a feed is unique over all files.",
        "A plan speaks of feeds by their names.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "rename one of the two",
    ),
)

PROJECT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA141",
        "The url of an environment is https, or http for this machine, or the word sandbox.",
        "Over plain http the API key could be read by anyone on the way; what is in the url ends up in logs.",
        "this tool's contract: plain http is refused except for loopback",
        Certainty.DOCUMENTED,
        "write an address like https://app.energycap.com, or  url: sandbox",
    ),
    Rule(
        "ESA142",
        "No file holds an API key, a token or a password.",
        "What is committed once can be read by everyone with the repository, for ever.",
        _KEYS,
        Certainty.DOCUMENTED,
        "delete the line, name an environment variable with apiKeyEnv instead, and replace the key in EnergyCAP",
    ),
    Rule(
        "ESA143",
        "defaultEnvironment is one of the environments.",
        "Commands without --environment would have nothing to talk to.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "write the name of one of the environments",
    ),
    Rule(
        "ESA144",
        "Folders of definitions are inside the project.",
        "Places in messages and in plans are given from the project's root; what lies outside is not under its git.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "write a path relative to reconciler.yaml, without .. in it",
    ),
    Rule(
        "ESA145",
        "maxChanges is a whole number of channels or a share in percent.",
        "A guard that is not understood does not guard.",
        _FORMAT,
        Certainty.DOCUMENTED,
        "write a share in percent, as in  maxChanges: 30%, or a number of channels, as in  maxChanges: 25",
    ),
    Rule(
        "ESA146",
        "The variable in apiKeyEnv does not begin with ECI_, so it is not for an EnergyCAP key.",
        "The value of the variable is sent to the url beside it. If any name were allowed, a change to this file could "
        "send any secret on the machine.",
        _KEYS,
        Certainty.DOCUMENTED,
        "write a name such as  apiKeyEnv: ECI_API_KEY_PRODUCTION  and put the key into that variable",
    ),
    Rule(
        "ESA147",
        "The API key must not be sent to the host of an environment.",
        "The url decides where the key goes. Only hosts in energycap.com and this machine may get it; "
        "any other host, even app.fed-energycap.com, must be allowed outside the repository.",
        _KEYS,
        Certainty.DOCUMENTED,
        "correct the url; if the host is right, add it to the variable RECONCILER_ALLOWED_HOSTS",
    ),
)

BASE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA150",
        "git cannot say which commit the files are from, or whether they match it.",
        "A plan names its commit and says if files differ from it. Otherwise nobody can look up the files that were "
        "planned.",
        "this tool's contract: a plan holds the commit of its definitions",
        Certainty.DOCUMENTED,
        "do what git asks for, and plan again",
        Severity.WARNING,
    ),
    Rule(
        "ESA151",
        "A file could not be read at the base.",
        "Whether an edit comes from this change or from drift is unknown if the channel may have been in that file.",
        _BASE,
        Certainty.DOCUMENTED,
        "look at each edit whose origin is unknown; or give a --base at which the file is right",
        Severity.WARNING,
    ),
    Rule(
        "ESA152",
        "The project was in another folder at the base.",
        "Today's files are compared with the files in that folder.",
        _BASE,
        Certainty.DOCUMENTED,
        "nothing to do if this change moves the project; if not, give another --base",
        Severity.NOTE,
    ),
    Rule(
        "ESA153",
        "The base has no project in this folder.",
        "All edits count as made by this change, because the base has none of these channels.",
        _BASE,
        Certainty.DOCUMENTED,
        "nothing to do if the project is new; if not, give another --base",
        Severity.NOTE,
    ),
    Rule(
        "ESA154",
        "Channel files are missing from this checkout.",
        "Git tracks these files, but the sparse checkout leaves them out, so their channels are missing from the plan.",
        "this tool's contract: files that were not read never count as absent",
        Certainty.DOCUMENTED,
        "check out all files of the project:  git sparse-checkout disable",
        Severity.WARNING,
    ),
)

_LIMIT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA199",
        "At most 50 findings of a file are shown.",
        "One mistake often makes many findings; the rest is counted.",
        "this tool's contract: at most 50 findings per file are shown and the rest counted",
        Certainty.DOCUMENTED,
        "mend what is shown and run validate again",
        Severity.NOTE,
    ),
)

FILE_RULES: tuple[Rule, ...] = (
    *_READING_RULES,
    *_STRICTNESS_RULES,
    *_SHAPE_RULES,
    *PROJECT_RULES,
    *BASE_RULES,
    *_LIMIT_RULES,
)
