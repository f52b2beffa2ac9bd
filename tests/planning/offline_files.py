"""Definitions as the loader makes them, and findings in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.model.channels import Definitions, Desired
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.findings import Finding
    from reconciler.model.values import Spec

FORMULA = "esaChannelVersion.formula"


def make_channel(name: str, spec: Spec | None = None, **others: Any) -> Desired:
    """A channel that is found by an import id of its own, in channels/north.yaml."""
    select = Identifiers(channel_import_id=f"import-{name}")
    return replace(Desired(name, "channels/north.yaml", 7, select, spec or {}), **others)


def make_formula(name: str, formula: str, **others: Any) -> Desired:
    """A calculated channel."""
    return make_channel(name, {"isCalculated": True, FORMULA: formula}, **others)


def make_feed(name: str, expect: str, identifiers: Identifiers, line: int = 40) -> Feed:
    """A feed in channels/north.yaml."""
    return Feed(name, Location("channels/north.yaml", line, path=("feeds", name)), identifiers, expect)


def make_definitions(channels: Iterable[Desired], feeds: Iterable[Feed] = ()) -> Definitions:
    """Definitions with `channels` and `feeds`."""
    return Definitions(tuple(channels), tuple(feeds), (), "sha256:0")


def summarize(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """The code, the keys of the location, and the message of each finding."""
    return [
        (finding.code, " ".join(finding.location.path) if finding.location else "", finding.message)
        for finding in findings
    ]
