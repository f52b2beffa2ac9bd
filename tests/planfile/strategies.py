"""Made-up plans, as odd as a plan can be whose parts agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import DataPoint
from reconciler.model.fields import FIELD_AT, FIELDS, OBSERVATION_RULE, OBSERVATION_RULES, Impact
from reconciler.model.findings import Finding, Location, Severity, TemplateValue
from reconciler.model.identifiers import ResolutionFailure
from reconciler.model.plan import (
    Action,
    Blocker,
    Change,
    ChannelLabel,
    Edit,
    FeedRoute,
    FeedStep,
    FormulaLink,
    History,
    LeftOut,
    Origin,
    Plan,
    RemovedDefinition,
    Verdict,
    VersionSpan,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.model.values import Spec, Value

# Two surrogates in a row are one character after JSON; a text from a file or from the service never holds them so.
_ANY = st.characters(codec=None, categories=None, exclude_characters="".join(map(chr, range(0xDC00, 0xE000))))
_HOSTILE = st.sampled_from(
    ["", "null", "a|b`c`", "@everyone", "<!-- x -->", "-->", "::error::x", "##[group]", "\x1b[0m", "\u202egpj", "a\nb"]
)
texts = st.text(_ANY, max_size=12) | _HOSTILE
names = texts.filter(bool)
ids = st.integers(0, 2**63)
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
specs = st.dictionaries(st.sampled_from(sorted(FIELD_AT)), values, max_size=5)
_maybe_text = st.none() | texts
_maybe_id = st.none() | ids
evidence = st.dictionaries(
    texts, st.recursive(values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
)
data_points = st.builds(DataPoint, ids, *[_maybe_text] * 6)
places = st.builds(Location, texts, ids, ids, st.lists(texts, max_size=3).map(tuple), ids, texts)
findings = st.builds(
    Finding,
    code=texts,
    severity=st.sampled_from(Severity),
    message=texts,
    location=st.none() | places,
    detail=st.lists(texts, max_size=2).map(tuple),
    fix=texts,
)
blocks = st.builds(Blocker, rule=texts, message=texts, evidence=evidence, unblock=texts, is_unknown=st.booleans())
versions = st.builds(VersionSpan, ids, _maybe_text, _maybe_text)
_update_fields = st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique=True)


_released = st.builds(
    RemovedDefinition, st.sampled_from(["channel", "feed", "setting"]), texts, texts, _maybe_text, _maybe_text
)


def _left_out(known: Collection[str]) -> st.SearchStrategy[LeftOut]:
    """Nothing, or channels that are not `known` in the plan, and feeds."""
    others = st.lists(names.filter(lambda name: name not in known), min_size=1, max_size=2).map(tuple)
    return st.just(LeftOut()) | st.builds(LeftOut, others, st.lists(texts, max_size=2).map(tuple))


@st.composite
def _edits(draw: st.DrawFn) -> tuple[tuple[Edit, ...], Spec, Spec]:
    """Edits of some fields, and what the channel has there, and is to have, in EnergyCAP's own words."""
    edits: list[Edit] = []
    live: dict[str, Value] = {}
    wanted: dict[str, Value] = {}
    for field in draw(_update_fields):
        path = draw(st.sampled_from([each for each in (field.path, field.alias) if each]))
        before, after = draw(
            st.lists(values, min_size=2, max_size=2, unique_by=str).filter(lambda two: two[0] != two[1])
        )
        edits.append(
            Edit(
                path,
                before,
                after,
                draw(st.sampled_from(Impact)),
                None,
                draw(_origins),
                tuple(draw(st.lists(texts, max_size=2))),
                draw(_sources),
            )
        )
        meant = (before, after) if path == field.path else (1, 2)
        live[field.path], wanted[field.path] = (
            OBSERVATION_RULES.get(str(shown), value) if path == OBSERVATION_RULE else value
            for shown, value in zip((before, after), meant, strict=True)
        )
    return tuple(edits), live, wanted


_given = st.lists(st.tuples(texts, values), max_size=2, unique_by=lambda pair: pair[0]).map(
    lambda pairs: tuple(sorted(pairs, key=lambda pair: pair[0]))
)
_sources = st.none() | st.builds(TemplateValue, texts, texts, ids, st.lists(texts, max_size=2).map(tuple), _given)
_origins = st.none() | st.sampled_from(Origin)


@st.composite
def _changes(draw: st.DrawFn, name: str, channel_id: int) -> Change:
    """A change on its own: what it depends on and what it does to feeds is left out."""
    is_no_op = draw(st.booleans())
    edits, live, wanted = ((), {}, {}) if is_no_op else draw(_edits())
    spec = draw(specs)
    blocked_by = () if is_no_op else tuple(draw(st.lists(blocks, max_size=2)))
    unknown = [block.is_unknown for block in blocked_by]
    spans = tuple(draw(st.lists(versions, min_size=1, max_size=3)))
    history = History(spans, draw(st.none() | st.booleans()), draw(_maybe_text), draw(_maybe_text))
    return Change(
        name=name,
        channel_id=channel_id,
        channel_info=draw(texts),
        data_point=draw(data_points),
        file=draw(texts),
        line=draw(ids),
        action=Action.NO_OP if is_no_op else Action.UPDATE,
        edits=edits,
        before=spec if is_no_op else {edit.path: edit.before for edit in edits},
        after=spec if is_no_op else {edit.path: edit.after for edit in edits},
        live=live,
        target_values=wanted,
        version_id=spans[-1].id,
        version_count=len(spans),
        verdict=Verdict.ALLOWED if not unknown else Verdict.UNKNOWN if all(unknown) else Verdict.BLOCKED,
        blocked_by=blocked_by,
        depends_on=(),
        fingerprint=draw(texts),
        history=None if is_no_op else draw(st.none() | st.just(history)),
    )


@st.composite
def _feeds(draw: st.DrawFn, changes: tuple[Change, ...]) -> tuple[FeedRoute, ...]:
    named = st.sampled_from([change.name for change in changes if change.edits] or [""])
    moves = st.builds(
        FeedStep,
        named,
        st.lists(texts, max_size=2).map(tuple),
        _maybe_id,
        st.none() | st.sampled_from(ResolutionFailure),
    )
    routes = st.builds(
        FeedRoute,
        name=texts,
        expect=texts,
        before=_maybe_id,
        after=_maybe_id,
        findings=st.lists(texts, max_size=2).map(tuple),
        steps=st.lists(moves, max_size=2 if any(change.edits for change in changes) else 0).map(tuple),
        is_change_blocked=st.booleans(),
    )
    return tuple(draw(st.lists(routes, max_size=2)))


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    fewest = draw(st.sampled_from((0, 1, 2, 3)))
    labels_ = st.tuples(names, ids)
    labelled = draw(st.lists(labels_, min_size=fewest, max_size=4, unique_by=(lambda one: one[0], lambda one: one[1])))
    changes = tuple(draw(_changes(name, id_)) for name, id_ in labelled)
    feeds = draw(_feeds(changes))
    updates = [change.name for change in changes if change.edits]
    led = {
        name: tuple(feed.name for feed in feeds if any(move.change == name for move in feed.steps)) for name in updates
    }
    known = dict(labelled)

    def label(id_: int, name: str | None, info: str) -> ChannelLabel:
        return ChannelLabel(known.get(name or "", id_), name, info)

    labels = st.builds(label, ids, _maybe_text | st.sampled_from([*known, None]), texts)
    return Plan(
        tool_version=draw(texts),
        environment=draw(texts),
        url=draw(texts),
        created=draw(texts),
        commit=draw(_maybe_text),
        uncommitted=draw(st.none() | st.booleans()),
        released=tuple(draw(st.lists(_released, max_size=2))),
        left_out=draw(_left_out(known)),
        definitions_digest=draw(texts),
        folder=draw(texts),
        filter=tuple(draw(st.lists(texts, max_size=2))),
        snapshot=draw(_maybe_text),
        managed=len(changes) + draw(ids),
        changes=tuple(
            replace(
                change,
                depends_on=tuple(updates[: updates.index(change.name)]) if draw(st.booleans()) else (),
                feeds=led[change.name],
            )
            if change.edits
            else change
            for change in changes
        ),
        unmanaged=draw(ids),
        findings=tuple(draw(st.lists(findings, max_size=2))),
        feeds=feeds,
        formula_links=tuple(
            draw(st.lists(st.builds(FormulaLink, labels, labels, st.booleans(), st.booleans()), max_size=2))
        ),
    )


plans = _plans()
