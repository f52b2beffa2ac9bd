"""ESA141 to ESA189: the project file, other commits, templates and environments."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_FORMAT = "this tool's contract: the format of its files"
_KEYS = "this tool's contract: no key, token or password is read from a file"
_BASE = "this tool's contract: with --base each edit is marked as from this change, or as drift"
_ENVIRONMENTS = "this tool's contract: selectIn and only say how environments differ"

PROJECT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA141",
        "The url of an environment is not https.",
        "Over plain http, anyone on the network could read the API key, and a key in the url ends up in logs. "
        "Allowed are https, http to this machine, and the word sandbox.",
        "this tool's contract: plain http is refused except for loopback",
        Certainty.PROJECT,
        "write an address like https://app.energycap.com, or  url: sandbox",
    ),
    Rule(
        "ESA142",
        "A file contains an API key, a token or a password.",
        "Once committed, it can be read by everyone with access to the repository, forever.",
        _KEYS,
        Certainty.PROJECT,
        "delete the line, name an environment variable in apiKeyEnv instead, and replace the key in EnergyCAP",
    ),
    Rule(
        "ESA143",
        "defaultEnvironment is not one of the environments.",
        "Commands without --environment would have nothing to connect to.",
        _FORMAT,
        Certainty.PROJECT,
        "write the name of one of the environments",
    ),
    Rule(
        "ESA144",
        "A definitions folder is outside the project.",
        "Messages and plans give locations relative to the root of the project, and files outside it are not in its "
        "git repository.",
        _FORMAT,
        Certainty.PROJECT,
        "write a path relative to reconciler.yaml, without .. in it",
    ),
    Rule(
        "ESA145",
        "maxChanges is not a whole number of channels or a percentage.",
        "A guard that cannot be understood does not protect anything.",
        _FORMAT,
        Certainty.PROJECT,
        "write a percentage, for example  maxChanges: 30%,  or a number of channels, for example  maxChanges: 25",
    ),
    Rule(
        "ESA146",
        "The variable in apiKeyEnv does not begin with ECI_, so it is not for an EnergyCAP key.",
        "The value of the variable is sent to the url beside it. If any name were allowed, a change to this file could "
        "send any secret on the machine.",
        _KEYS,
        Certainty.PROJECT,
        "write a name such as  apiKeyEnv: ECI_API_KEY_PRODUCTION  and put the key into that variable",
    ),
    Rule(
        "ESA147",
        "The API key must not be sent to the host of an environment.",
        "The url decides where the key goes. Only hosts in energycap.com and this machine may get it; "
        "any other host, even app.fed-energycap.com, must be allowed outside the repository.",
        _KEYS,
        Certainty.PROJECT,
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
        Certainty.PROJECT,
        "do what git asks for, and plan again",
        Severity.WARNING,
    ),
    Rule(
        "ESA151",
        "A file could not be read at the base.",
        "Whether an edit comes from this change or from drift is unknown if the channel may have been in that file.",
        _BASE,
        Certainty.PROJECT,
        "look at each edit whose origin is unknown; or give a --base at which the file is valid",
        Severity.WARNING,
    ),
    Rule(
        "ESA152",
        "The project was in another folder at the base.",
        "Today's files are compared with the files in that folder.",
        _BASE,
        Certainty.PROJECT,
        "nothing to do if this change moves the project; if not, give another --base",
        Severity.NOTE,
    ),
    Rule(
        "ESA153",
        "The base has no project in this folder.",
        "All edits count as made by this change, because the base has none of these channels.",
        _BASE,
        Certainty.PROJECT,
        "nothing to do if the project is new; if not, give another --base",
        Severity.NOTE,
    ),
    Rule(
        "ESA154",
        "Channel files are missing from this checkout.",
        "Git tracks these files, but the sparse checkout leaves them out, so their channels are missing from the plan.",
        "this tool's contract: files that were not read never count as absent",
        Certainty.PROJECT,
        "check out all files of the project:  git sparse-checkout disable",
        Severity.WARNING,
    ),
)

TEMPLATE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA155",
        "A template is unknown.",
        "Without it, nothing says what the settings of the channel are.",
        _FORMAT,
        Certainty.PROJECT,
        "correct the name after use:, or write the template under templates: in any channel file",
    ),
    Rule(
        "ESA156",
        "Templates use each other in a circle.",
        "None of them says what its settings are.",
        _FORMAT,
        Certainty.PROJECT,
        "delete  use:  in one of them",
    ),
    Rule(
        "ESA157",
        "A template uses one that uses another.",
        "A reader must be able to find where a value comes from, so a channel gets its settings from at most two "
        "templates.",
        _FORMAT,
        Certainty.PROJECT,
        "write the settings of the last template into the one that uses it",
    ),
    Rule(
        "ESA158",
        "Two templates have the same name.",
        "Channels of any file may use a template, and nothing says which of the two they mean.",
        _FORMAT,
        Certainty.PROJECT,
        "rename one of the two, or delete it",
    ),
    Rule(
        "ESA159",
        "with lacks a value that the template needs.",
        "Without it, the setting would contain the placeholder itself.",
        _FORMAT,
        Certainty.PROJECT,
        "write the value under with:",
    ),
    Rule(
        "ESA160",
        "with has a name that the template does not use.",
        "If it is a typing error, the placeholder that was meant gets no value.",
        _FORMAT,
        Certainty.PROJECT,
        "correct or delete the name",
    ),
    Rule(
        "ESA161",
        "A brace in a template is not part of a placeholder.",
        "A placeholder is a name in braces: a letter, and then letters, digits, hyphen or underscore. Anything else "
        "would be left in the setting as it is.",
        _FORMAT,
        Certainty.PROJECT,
        "write a placeholder as {name}, and a brace that belongs to the text twice: {{ or }}",
    ),
    Rule(
        "ESA162",
        "with is set without use.",
        "Without a template, the values have no effect.",
        _FORMAT,
        Certainty.PROJECT,
        "name the template with use:, or delete with:",
    ),
    Rule(
        "ESA163",
        "A value under with cannot be filled into a text.",
        "true, false and null are not texts, and a number such as 1.10 would be written as 1.1.",
        _FORMAT,
        Certainty.PROJECT,
        "put the value in quotes",
    ),
    Rule(
        "ESA164",
        "Templates produce more text than this tool accepts.",
        "No setting needs that much, and it could use up all memory.",
        _FORMAT,
        Certainty.PROJECT,
        "use fewer or shorter placeholders",
    ),
)

ENVIRONMENT_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA165",
        "A channel names an environment that reconciler.yaml does not have.",
        "If the name is misspelled, the channel would be found in the wrong way, or left out where it is needed.",
        _ENVIRONMENTS,
        Certainty.PROJECT,
        "write the name as it is in reconciler.yaml, or add the environment there",
    ),
    Rule(
        "ESA166",
        "An environment is listed twice under only.",
        "One of the two may have been meant to be another environment, which then lacks the channel.",
        _ENVIRONMENTS,
        Certainty.PROJECT,
        "delete one of the two, or correct it",
    ),
    Rule(
        "ESA167",
        "selectIn names an environment that is not listed under only.",
        "The channel is not managed there, so the entry is never used. One of the two is a mistake.",
        _ENVIRONMENTS,
        Certainty.PROJECT,
        "add the environment to only, or delete it from selectIn",
    ),
)
