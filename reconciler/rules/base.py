"""ESA15x, git: the commit that the files are from, and what they held at the base."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

_BASE = "this tool's contract: with --base each edit is marked as from this change, or as drift"

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
