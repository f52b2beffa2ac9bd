"""What the rules of the files refuse of drafted channels, though the service has it so: it is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.fields import FORMULA
from reconciler.model.findings import Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.importing.terms import LeftOut
from reconciler.planning.index import find_inputs
from reconciler.planning.offline import check_definitions
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from reconciler.model.channels import Definitions, Desired
    from reconciler.planning.importing.terms import Head

# Of two channels that get in each other's way the rules blame the later one, which is to be the new one.
_LAST = "\uffff"


def leave_out_refused(
    definitions: Definitions, drafted: Mapping[int, Desired], heads: Mapping[str, Head]
) -> tuple[dict[int, Desired], tuple[LeftOut, ...]]:
    """The channels in `drafted`, by id, without what the rules refuse beside `definitions`, and what that is.

    A pointer that is refused gives way to the channel id. A channel goes as a whole where nothing less helps: a value
    that the defaults of its file would bring back cannot be left out alone.
    """
    kept = dict(drafted)
    left_out: list[LeftOut] = []
    while refused := _find_refused(definitions, kept):
        for id_, (path, code) in refused.items():
            desired = kept.pop(id_)
            head = heads.get(desired.file)
            narrowed = _leave_out(desired, path, id_, head.defaults if head else ())
            left_out.append(LeftOut(desired.name, path if narrowed else "", f"refused by {code}: {RULES[code].title}"))
            if narrowed:
                kept[id_] = narrowed
    return kept, tuple(left_out)


def _find_refused(definitions: Definitions, drafted: Mapping[int, Desired]) -> dict[int, tuple[str, str]]:
    """The path and the code of an error of each drafted channel that has one: one at a time, as it may cause others."""
    refused: dict[int, tuple[str, str]] = {}
    later = (replace(desired, file=f"{_LAST}{desired.file}") for desired in drafted.values())
    together = replace(definitions, channels=(*definitions.channels, *later))
    ids = {desired.name: id_ for id_, desired in drafted.items()}
    formulas = {channel.name: str(channel.spec.get(FORMULA)) for channel in definitions.channels}
    for finding in check_definitions(together):
        keys = finding.location.path if finding.location else ()
        if finding.severity is not Severity.ERROR or keys[:1] != ("channels",):
            continue
        if keys[1] in ids:
            refused.setdefault(ids[keys[1]], (".".join(keys[2:]), finding.code))
        for id_ in find_inputs((formulas.get(keys[1], ""),)):
            # A formula that is there uses the new channel by its id, and now the rules know which one that is.
            if id_ in drafted and drafted[id_].select == Identifiers(channel_id=id_):
                refused.setdefault(id_, ("", finding.code))
    return refused


def _leave_out(desired: Desired, path: str, id_: int, fixed: Container[str]) -> Desired | None:
    if path in desired.spec and path not in fixed:
        return replace(desired, spec={kept: value for kept, value in desired.spec.items() if kept != path})
    by_id = Identifiers(channel_id=id_)
    return replace(desired, select=by_id) if path.startswith("select") and desired.select != by_id else None
