"""Everything that the files alone can be found wrong in, once they are read: channels, their references, feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import CHANNEL_IMPORT_ID, OBSERVATION_TYPE_CODE, SUMMARIZATION_METHOD, UNIT_CODE, VERSION
from reconciler.planning.citing import show_value
from reconciler.planning.collisions import check_collisions, find_identity, show_pointers
from reconciler.planning.constraints import CHANNEL_INFO, find_violations
from reconciler.planning.feed_declarations import check_feeds
from reconciler.planning.formula_references import check_references
from reconciler.planning.formula_text import find_formula_violations
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from reconciler.model.channels import Definitions, Desired
    from reconciler.model.findings import Finding
    from reconciler.model.values import Value

MULTIPLIER = f"{VERSION}.multiplier"
_LOOKED_UP = (CHANNEL_INFO, CHANNEL_IMPORT_ID, OBSERVATION_TYPE_CODE, SUMMARIZATION_METHOD, UNIT_CODE)


def check_definitions(definitions: Definitions) -> tuple[Finding, ...]:
    """The domain rules that the files break, in the order of files and lines, whatever the order of `definitions`.

    A rule is judged only where the files decide it: a value that they do not manage is not guessed.
    """
    channels = sorted(definitions.channels, key=lambda channel: (channel.file, channel.line, channel.name))
    feeds = sorted(definitions.feeds, key=lambda feed: (feed.location.file, feed.location.line, feed.name))
    names = {channel.name for channel in channels}
    findings = [finding for channel in channels for finding in _check_channel(channel, names)]
    findings += check_collisions(channels)
    findings += check_references(channels)
    findings += check_feeds(feeds, channels)
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _check_channel(channel: Desired, names: Container[str]) -> Iterator[Finding]:
    yield from _check_pointer(channel)
    for violation in (*find_violations(channel.spec), *find_formula_violations(channel.spec, names)):
        place = channel.locate(violation.path)
        yield make_finding(violation.code, violation.message, place, fix=violation.fix)
    yield from _check_multiplier(channel)
    yield from _check_spaces(channel)


def _check_pointer(channel: Desired) -> Iterator[Finding]:
    if channel.select is None:
        found, place = "neither select nor channelId nor channelImportId", channel.locate()
    elif find_identity(channel.select) is None:
        found, place = f"only {show_pointers(channel.select)}", channel.locate("select")
    else:
        return
    yield make_finding("ESA331", f"channel does not say how to find its live one, found {found}", place)


def _check_multiplier(channel: Desired) -> Iterator[Finding]:
    if channel.spec.get(MULTIPLIER) == 0:
        yield make_finding("ESA219", "multiplier should not be 0, found 0", channel.locate(MULTIPLIER))


def _check_spaces(channel: Desired) -> Iterator[Finding]:
    spec, select = channel.spec, channel.select
    for path in _LOOKED_UP:
        if path in spec and _has_odd_ends(spec[path]):
            yield from _odd_text(channel, path, str(spec[path]))
    if select is not None and CHANNEL_IMPORT_ID not in spec and _has_odd_ends(select.channel_import_id):
        yield from _odd_text(channel, "select.channelImportId", str(select.channel_import_id))


def _has_odd_ends(text: Value) -> bool:
    return isinstance(text, str) and (not text or text != text.strip())


def _odd_text(channel: Desired, path: str, text: str) -> Iterator[Finding]:
    key, place = path.rpartition(".")[2], channel.locate(path)
    if text.strip():
        message = f"{key} should not begin or end with a space, found {show_value(text)}"
        yield make_finding("ESA217", message, place, fix=f"write  {key}: {show_value(text.strip())}")
    elif path == CHANNEL_IMPORT_ID:
        yield make_finding("ESA218", f"{key} should not be blank, found {show_value(text)}", place)
