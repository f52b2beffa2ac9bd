"""What can be wrong with the feeds that the files declare, before any of them is routed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Location
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.citing import shorten
from reconciler.planning.collisions import find_identity, show_pointers
from reconciler.planning.nearest import suggest_channels
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed
    from reconciler.planning.collisions import Identity


def check_feeds(feeds: Sequence[Feed], channels: Collection[Desired]) -> Iterator[Finding]:
    """What is wrong with `feeds`, each by itself, beside the others, and beside `channels`, which are all."""
    yield from _check_expectations(feeds, channels)
    firsts: dict[Identity, Feed] = {}
    for feed in feeds:
        identity = find_identity(feed.identifiers)
        first = feed if identity is None else firsts.setdefault(identity, feed)
        if identity is None:
            yield _no_identifier(feed)
        if first.expect != feed.expect:
            yield _other_expectation(feed, first)


def _check_expectations(feeds: Sequence[Feed], channels: Collection[Desired]) -> Iterator[Finding]:
    names = {channel.name for channel in channels}
    unknown = [feed for feed in feeds if feed.expect not in names]
    nearest = suggest_channels((feed.expect for feed in unknown), channels)
    for feed in unknown:
        near = nearest.get(feed.expect)
        yield make_finding(
            "ESA341",
            f"feed expects an unknown channel, found expect: {shorten(feed.expect)}",
            _place(feed, "expect"),
            fix=f"did you mean  expect: {near}{tell_apart(feed.expect, near)}" if near else "",
        )


def _no_identifier(feed: Feed) -> Finding:
    given = show_pointers(feed.identifiers)
    message = f"feed has no identifier of a channel or meter, found {f'only {given}' if given else 'none'}"
    return make_finding("ESA342", message, _place(feed))


def _other_expectation(feed: Feed, first: Feed) -> Finding:
    where = f"{first.name} ({first.location.file}:{first.location.line})"
    return make_finding(
        "ESA343",
        f"feed expects another channel than {where}, found expect: {shorten(feed.expect)}",
        _place(feed, "expect"),
        detail=(f"identifiers of both: {show_pointers(feed.identifiers)}", f"{where} expects {shorten(first.expect)}"),
    )


def _place(feed: Feed, *keys: str) -> Location:
    return Location(file=feed.location.file, line=feed.location.line, path=("feeds", feed.name, *keys))
