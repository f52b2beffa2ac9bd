"""ESA14x, the project file: environments, keys, folders, guards."""

from __future__ import annotations

from reconciler.rules.rule import Certainty, Rule

_FORMAT = "this tool's contract: the format of its files"
_KEYS = "this tool's contract: no key, token or password is read from a file"

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
