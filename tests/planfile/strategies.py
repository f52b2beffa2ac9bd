"""Made-up plans, as odd as a plan can be."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from reconciler.model.fields import FIELD_AT, Impact
from reconciler.model.findings import Finding, Severity
from reconciler.model.live import DataPoint
from reconciler.model.places import Place
from reconciler.model.plan import (
    Action,
    Block,
    Change,
    ChannelLabel,
    Edit,
    FeedMove,
    FeedRoute,
    FormulaLink,
    History,
    Origin,
    Plan,
    Verdict,
    VersionSpan,
)
from reconciler.model.routes import Problem

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
places = st.builds(Place, texts, ids, ids, st.lists(texts, max_size=3).map(tuple), ids, texts)
findings = st.builds(
    Finding,
    code=texts,
    severity=st.sampled_from(Severity),
    message=texts,
    place=st.none() | places,
    detail=st.lists(texts, max_size=2).map(tuple),
    fix=texts,
)
edits = st.builds(
    Edit,
    path=st.sampled_from(sorted(FIELD_AT)) | texts,
    before=values,
    after=values,
    impact=st.sampled_from(Impact),
    implied_by=_maybe_text,
    origin=st.none() | st.sampled_from(Origin),
)
blocks = st.builds(Block, rule=texts, message=texts, evidence=evidence, unblock=texts, is_unknown=st.booleans())
versions = st.builds(VersionSpan, ids, _maybe_text, _maybe_text)
histories = st.builds(
    History, st.lists(versions, max_size=3).map(tuple), st.none() | st.booleans(), _maybe_text, _maybe_text
)
changes = st.builds(
    Change,
    name=names,
    channel_id=ids,
    channel_info=texts,
    data_point=data_points,
    file=texts,
    line=ids,
    action=st.sampled_from(Action),
    edits=st.lists(edits, max_size=3).map(tuple),
    before=specs,
    after=specs,
    live=specs,
    wanted=specs,
    version_id=ids,
    version_count=ids,
    verdict=st.sampled_from(Verdict),
    blocked_by=st.lists(blocks, max_size=2).map(tuple),
    depends_on=st.lists(names, max_size=2).map(tuple),
    fingerprint=texts,
    history=st.none() | histories,
    feeds=st.lists(texts, max_size=2).map(tuple),
).map(lambda change: replace(change, after=change.before) if change.action is Action.NO_OP else change)
feed_moves = st.builds(
    FeedMove, names, st.lists(texts, max_size=2).map(tuple), _maybe_id, st.none() | st.sampled_from(Problem)
)
feeds = st.builds(
    FeedRoute,
    name=texts,
    expect=texts,
    before=_maybe_id,
    after=_maybe_id,
    findings=st.lists(texts, max_size=2).map(tuple),
    moves=st.lists(feed_moves, max_size=2).map(tuple),
    is_held=st.booleans(),
)
labels = st.builds(ChannelLabel, ids, _maybe_text, texts)
plans = st.builds(
    Plan,
    tool_version=texts,
    environment=texts,
    url=texts,
    created=texts,
    commit=_maybe_text,
    definitions_digest=texts,
    filter=st.lists(texts, max_size=2).map(tuple),
    snapshot=_maybe_text,
    managed=ids,
    changes=st.lists(changes, max_size=4).map(tuple),
    unmanaged=ids,
    findings=st.lists(findings, max_size=2).map(tuple),
    feeds=st.lists(feeds, max_size=2).map(tuple),
    formula_links=st.lists(st.builds(FormulaLink, labels, labels, st.booleans(), st.booleans()), max_size=2).map(tuple),
)
