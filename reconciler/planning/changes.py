"""Puts what was drafted and judged into the changes of a plan, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import FIELDS
from reconciler.model.plan import Action, Change, History, Verdict, VersionSpan
from reconciler.planning.fingerprint import fingerprint
from reconciler.planning.order import find_order, list_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.plan import Blocker
    from reconciler.planning.draft import Draft
    from reconciler.planning.pairs import Pair
    from reconciler.planning.surroundings import Need


class Judgement(Struct, frozen=True):
    """What stands in the way of each draft, by its name, and which others it needs."""

    blocks: Mapping[str, tuple[Blocker, ...]]
    needs: Mapping[str, tuple[Need, ...]]

    @property
    def sendable(self) -> list[str]:
        return [name for name, blocks in self.blocks.items() if not blocks]


def make_changes(
    channels: Iterable[Pair],
    unread: Mapping[str, tuple[Pair, Blocker]],
    drafts: Mapping[str, Draft],
    judgement: Judgement,
    moved: Mapping[str, tuple[str, ...]],
) -> Iterator[Change]:
    """A change for each of `channels`: what can be sent, in its order; what cannot, by name; no-ops, by name.

    `unread` are the pairs, by name, whose live channel could not be read, and the blocks that say so. `moved` names the
    feeds that a draft leads elsewhere, by the draft's name.
    """
    pairs = {pair.desired.name: pair for pair in channels}
    blocked = sorted((*(name for name, blocks in judgement.blocks.items() if blocks), *unread))
    for name in (*find_order(judgement.sendable, judgement.needs), *blocked):
        if name in unread:
            pair, block = unread[name]
            yield replace(_make_no_op(pair), action=Action.UPDATE, verdict=Verdict.UNKNOWN, blocked_by=(block,))
        else:
            yield replace(_make_update(pairs[name], drafts[name], judgement), feeds=moved.get(name, ()))
    for name in sorted(pairs.keys() - drafts.keys()):
        yield _make_no_op(pairs[name])


def _make_update(pair: Pair, draft: Draft, judgement: Judgement) -> Change:
    desired, live = pair.desired, pair.live
    blocks = judgement.blocks[draft.name]
    return Change(
        name=draft.name,
        channel_id=live.id,
        channel_info=live.name,
        data_point=live.data_point,
        file=desired.file,
        line=desired.line,
        action=Action.UPDATE,
        edits=draft.edits,
        before=draft.before,
        after=draft.after,
        live={field.path: live.values.get(field.path) for field in FIELDS},
        target_values=draft.wanted,
        version_id=live.current.id,
        version_count=len(live.versions),
        verdict=_find_verdict(blocks),
        blocked_by=blocks,
        depends_on=list_first(judgement.needs[draft.name]),
        fingerprint=fingerprint(live),
        history=_make_history(live),
    )


def _make_no_op(pair: Pair) -> Change:
    desired, live = pair.desired, pair.live
    return Change(
        name=desired.name,
        channel_id=live.id,
        channel_info=live.name,
        data_point=live.data_point,
        file=desired.file,
        line=desired.line,
        action=Action.NO_OP,
        edits=(),
        before=desired.spec,
        after=desired.spec,
        live={},
        target_values={},
        version_id=live.current.id,
        version_count=len(live.versions),
        verdict=Verdict.ALLOWED,
        blocked_by=(),
        depends_on=(),
        fingerprint=fingerprint(live),
    )


def _find_verdict(blocks: Sequence[Blocker]) -> Verdict:
    if not blocks:
        return Verdict.ALLOWED
    return Verdict.UNKNOWN if all(block.is_unknown for block in blocks) else Verdict.BLOCKED


def _make_history(live: Live) -> History:
    versions = (VersionSpan(version.id, version.begin_date, version.end_date) for version in live.versions)
    return History(tuple(versions), live.has_readings, live.first_reading, live.last_reading)
