"""The definitions of one environment, and what is wrong with the environments that channels name."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import SELECT_IN
from reconciler.model.findings import Location
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.messages import find_nearest, shorten
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from reconciler.model.channels import Definitions, Desired
    from reconciler.model.findings import Finding


ONLY = "only"
# A file may name any number of environments, and no project has that many.
_MOST_VIEWS = 50
_MOST_FINDINGS = 50


def choose_environment(definitions: Definitions, environment: str) -> Definitions:
    """`definitions` as `environment` has them.

    Each channel has the `select` that counts there. Channels that `only` leaves out are set apart, and so are the feeds
    that expect one of them.
    """
    # Most projects have the same channels everywhere.
    if not any(channel.only or channel.select_in for channel in definitions.channels):
        return definitions
    left_out = [channel for channel in definitions.channels if not channel.is_in(environment)]
    names = {channel.name for channel in left_out}
    kept = (channel for channel in definitions.channels if channel.name not in names)
    return replace(
        definitions,
        channels=tuple(_choose_select(channel, environment) for channel in kept),
        feeds=tuple(feed for feed in definitions.feeds if feed.expect not in names),
        left_out=(*definitions.left_out, *left_out),
        left_out_feeds=(*definitions.left_out_feeds, *(feed for feed in definitions.feeds if feed.expect in names)),
    )


def _choose_select(channel: Desired, environment: str) -> Desired:
    if environment not in channel.select_in:
        return channel
    return replace(channel, select=channel.select_in[environment], selected_in=environment)


class EnvironmentView(Struct, frozen=True):
    """The definitions that `environments` have, which are the same in each of them."""

    environments: tuple[str, ...]
    definitions: Definitions


def list_views(definitions: Definitions, environments: Collection[str] | None) -> tuple[EnvironmentView, ...]:
    """The `definitions` of each of `environments`, which are those of the project file.

    None if they are not known: then the first environments that channels name count. Those that no channel names are
    alike.
    """
    named = dict.fromkeys(name for channel in definitions.channels for name in (*channel.select_in, *channel.only))
    known = tuple(islice(named, _MOST_VIEWS) if environments is None else environments)
    if not named or not known:
        return (EnvironmentView(known, definitions),)
    alike = tuple(name for name in known if name not in named)
    views = [EnvironmentView((name,), choose_environment(definitions, name)) for name in known if name in named]
    return (*views, *((EnvironmentView(alike, choose_environment(definitions, alike[0])),) if alike else ()))


def check_views(
    views: Sequence[EnvironmentView], check: Callable[[Definitions], Iterable[Finding]]
) -> Iterator[Finding]:
    """The findings of `check` on the definitions of all `views`, each once; those of some views say of which."""
    found: dict[Finding, list[EnvironmentView]] = {}
    for view in views:
        for finding in check(view.definitions):
            found.setdefault(finding, []).append(view)
    for finding, where in found.items():
        yield finding if len(where) == len(views) else _add_environments(finding, where)


def _add_environments(finding: Finding, views: Iterable[EnvironmentView]) -> Finding:
    names = [shorten(name) for view in views for name in view.environments]
    noun = "environment" if len(names) == 1 else "environments"
    return replace(finding, detail=(*finding.detail, f"in {noun}: {', '.join(names)}"))


def check_environments(channels: Iterable[Desired], environments: Collection[str] | None) -> Iterator[Finding]:
    """What is wrong with the environments that `channels` name.

    `environments` are those of the project file; None if they are not known.
    """
    for channel in channels:
        if channel.select_in or channel.only:
            yield from islice(_check_selects(channel, environments), _MOST_FINDINGS)
            yield from islice(_check_only(channel, environments), _MOST_FINDINGS)


def _check_selects(channel: Desired, environments: Collection[str] | None) -> Iterator[Finding]:
    listed = frozenset(channel.only or channel.select_in)
    for name in channel.select_in:
        place = _locate(channel, SELECT_IN, name)
        if environments is not None and name not in environments:
            yield _unknown_environment(SELECT_IN, name, environments, place)
        elif name not in listed:
            message = f"{SELECT_IN} names an environment that is not listed under {ONLY}, found {shorten(name)}"
            fix = f"add {shorten(name)} to {ONLY}, or delete it from {SELECT_IN}"
            yield make_finding("ESA167", message, place, fix=fix)


def _check_only(channel: Desired, environments: Collection[str] | None) -> Iterator[Finding]:
    seen = set()
    for index, name in enumerate(channel.only):
        place = _locate(channel, ONLY, str(index))
        if environments is not None and name not in environments:
            yield _unknown_environment(ONLY, name, environments, place)
        elif name in seen:
            yield make_finding("ESA166", f"an environment is listed twice under {ONLY}, found {shorten(name)}", place)
        seen.add(name)


def _unknown_environment(key: str, name: str, environments: Collection[str], place: Location) -> Finding:
    near = find_nearest(name, environments)
    known = f"reconciler.yaml has {', '.join(map(shorten, environments))}" if environments else ""
    meant = f"did you mean  {shorten(near)}{tell_apart(name, near)}" if near else ""
    return make_finding(
        "ESA165",
        f"reconciler.yaml has no environment with this name, found {shorten(name)} under {key}",
        place,
        fix="; ".join(part for part in (meant, known) if part),
    )


def _locate(channel: Desired, *keys: str) -> Location:
    # Names may hold a dot, so a path cannot hold them.
    path, source = ("channels", channel.name, *keys), channel.sources.get(keys)
    return Location(file=channel.file, line=channel.line, path=path, source=source)
