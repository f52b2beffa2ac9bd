"""The lines of a file that let an edit apply from a date on, and a guess of that date."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.fields import BEGIN_DATE, VERSION, VERSION_FIELDS, VERSIONS
from reconciler.model.registers import format_register
from reconciler.model.values import begin_key
from reconciler.planning.register_falls import is_split_offered
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import format_time

if TYPE_CHECKING:
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec, Value

_WHEN = "YYYY-MM-DDThh:mm:ss"
_GUESSED = "  # a guess: check it"


def introduce_offer(change: Change) -> str:
    """The words before the lines of `offer_versions`."""
    write = "to keep past values, write this in place of esaChannelVersion"
    if guess := describe_guess(change):
        return f"{write}, and check the date, which is a guess: {guess}:"
    return f"{write}, and fill in the local time from which the new values apply:"


def describe_guess(change: Change) -> str:
    """What the guess of a date is made from; "" if there is none."""
    fall = change.register_fall
    if fall is None:
        return ""
    values = f"from {format_register(fall.last_value)} to {format_register(fall.first_value)}"
    last, first = (escape_text(format_time(time)) for time in (fall.last_time, fall.first_time))
    return f"the register falls {values} between {last} and {first}, so the version would begin at {last}"


def offer_versions(change: Change) -> tuple[str, ...]:
    """The lines of a file by which the edits of the current version apply from a date on; none if they do not rewrite.

    What the file manages of the version stays, and the new version has what is edited.
    """
    lines = [f"{VERSIONS}:"]
    for version in _split_version(change):
        settings = [f"{key}: {escape_text(json.dumps(value, ensure_ascii=False))}" for key, value in version.items()]
        lines += [f"  - {settings[0]}", *(f"    {setting}" for setting in settings[1:])]
        if change.register_fall and version["beginDate"] == change.register_fall.last_time:
            lines[-len(settings)] += _GUESSED
    return tuple(lines) if len(lines) > 1 else ()


def offer_on_one_line(change: Change) -> str:
    """The same on one line, in braces."""
    versions = (
        ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in version.items())
        for version in _split_version(change)
    )
    return f"{VERSIONS}: [{', '.join(f'{{{version}}}' for version in versions)}]"


def _split_version(change: Change) -> tuple[dict[str, Value], ...]:
    """The current version as it is, and a new one with the edits of it; none if that is not offered."""
    history = change.history
    if history is None or not is_split_offered(change):
        return ()
    own = [edit for edit in change.edits if edit.path.startswith(VERSION) and edit.implied_by is None]
    # In the order of the table of fields: a saved plan keeps no other.
    paths = (path for field in VERSION_FIELDS for path in (field.path, field.alias) if path and path != BEGIN_DATE)
    kept = {path: change.before[path] for path in paths if path in change.before}
    before = {"beginDate": begin_key(history.versions[-1].begin_date) or None, **_by_key(kept)}
    when = change.register_fall.last_time if change.register_fall else _WHEN
    return before, {"beginDate": when, **_by_key({edit.path: edit.after for edit in own})}


def _by_key(spec: Spec) -> dict[str, Value]:
    return {path.rpartition(".")[2]: value for path, value in spec.items()}
