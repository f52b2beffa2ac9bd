"""What files would say of live channels that are not managed yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.channels import Desired
from reconciler.planning.importing.drafting import Drafter, draft
from reconciler.planning.importing.files import find_words, settle_files
from reconciler.planning.importing.refused import leave_out_refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.channels import Definitions, Desired, Live
    from reconciler.planning.importing.survey import Survey
    from reconciler.planning.importing.terms import Head, LeftOut, Terms


class Proposal(Struct, frozen=True):
    """The channels to be added to the files, by file and id, and what of them stays out, by name.

    Their `spec` holds all that will be managed, what the defaults of a file add included; `line` is not known yet.
    """

    channels: tuple[Desired, ...]
    left_out: tuple[LeftOut, ...]


def list_new(picked: Sequence[Live], survey: Survey) -> tuple[Live, ...]:
    """Those of `picked` that no file manages and that could be read."""
    return tuple(live for live in picked if live.id not in survey.managed and not live.flaw)


def propose(
    new: Sequence[Live], survey: Survey, definitions: Definitions, heads: Mapping[str, Head], terms: Terms
) -> Proposal:
    """What the files would say of the channels in `new`, beside the `definitions` that are there.

    `heads` are those of the files that such a channel joins: the homes of their data points. What the rules would
    refuse in a file, though the service has it so, is left out.
    """
    drafter = _make_drafter(new, survey, heads, terms)
    drafts = {live.id: draft(live, drafter) for live in new}
    drafted = {id_: made.channel for id_, made in drafts.items() if made.channel is not None}
    kept, refused = leave_out_refused(definitions, drafted, heads)
    left_out = (*(left for made in drafts.values() for left in made.left_out), *refused)
    channels = (kept[id_] for id_ in sorted(kept, key=lambda id_: (kept[id_].file, id_)))
    return Proposal(tuple(channels), tuple(sorted(left_out, key=lambda left: (left.name, left.path))))


def _make_drafter(new: Sequence[Live], survey: Survey, heads: Mapping[str, Head], terms: Terms) -> Drafter:
    points = {live.data_point.id: live.data_point for live in survey.index.by_id.values() if not live.flaw}
    homeless = [point for id_, point in points.items() if id_ not in survey.homes]
    written = survey.managed.union(live.id for live in new)
    return Drafter(
        index=survey.index,
        terms=terms,
        files=settle_files(homeless, terms) | dict(survey.homes),
        words=find_words(points.values(), terms.can_hold),
        heads=heads,
        names={id_: name for id_, name in survey.names.items() if id_ in written},
    )
