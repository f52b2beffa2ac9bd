"""Findings that between them show all that a format can be asked to show."""

from __future__ import annotations

from reconciler.model.findings import Finding, Location, Severity
from reconciler.rules.rule import Certainty, Rule

HOSTILE = "::error file=x::y \x1b[31m\u202egpj\r\n%0A <b>&\"' ##[add-mask]z \ud800\x00,:"

TRIP = Finding(
    "ESA214",
    Severity.ERROR,
    "rolloverValue must be null under the Trip rule, found 100000",
    Location("channels/north.yaml", 12, 20, ("channels", "nb-elec-use"), 6, "    rolloverValue: 100000"),
    fix="remove the line, or write  observationRule: Odometer",
)
FINDINGS = (
    Finding("ESA100", Severity.ERROR, "no channel file found in channels", fix="write one:  reconciler import"),
    TRIP,
    Finding(
        "ESA305",
        Severity.WARNING,
        "select finds nothing, but channelImportId does",
        Location("channels/north.yaml", 14),
        detail=("found: 1042 North Building use", "also: channels/south.yaml:3"),
        fix="update select",
    ),
    Finding("ESA105", Severity.ERROR, "cannot be read: permission denied", Location("channels/secret.yaml")),
    Finding(
        "ESA101",
        Severity.NOTE,
        "a wide name",
        Location("channels/東京 100%.yaml", 3, 9, (), 6, "\tname: 東京𝄞 use"),
    ),
    Finding(
        "ESA999",
        Severity.ERROR,
        HOSTILE,
        Location(f"channels/{HOSTILE}.yaml", 1, 1, (), 500, HOSTILE),
        detail=(HOSTILE,),
        fix=HOSTILE,
    ),
)

RULES = {
    "ESA214": Rule(
        "ESA214",
        "Rollover is for the Odometer rule.",
        "The service refuses it under Trip.",
        "EsaChannelVersionEdit.rolloverValue",
        Certainty.DOCUMENTED,
        "remove rolloverValue",
    ),
    "ESA305": Rule(
        "ESA305",
        "select names what is there.",
        "A renamed import id still converges.",
        "contract section 3",
        Certainty.ASSUMED,
        "update select",
        Severity.WARNING,
    ),
}
