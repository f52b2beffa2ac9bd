"""A plan as one HTML page that a reader without scripts, network or knowledge of the API can judge it by."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.model.plan import Origin
from reconciler.reports.advice import set_apart
from reconciler.reports.formula_layout import BOX_HEIGHT, BOX_WIDTH
from reconciler.reports.formula_svg import name_channel
from reconciler.reports.grouping import show_data_point, show_place_of
from reconciler.reports.harmless import harmless
from reconciler.reports.places import show_place
from reconciler.reports.plan_page import make_page
from reconciler.reports.relations import announce_waiting, list_rules
from reconciler.reports.risk import RISK_WORDS, VERDICT_WORDS, list_impact_risks
from reconciler.reports.sentences import count_changes, count_findings, describe_filter, describe_plan, is_compared
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from jinja2 import Template

    from reconciler.model.plan import Plan

_ORIGIN_WORDS = {
    Origin.CHANGE: "from this change",
    Origin.DRIFT: "drift, not from this change",
    Origin.UNKNOWN: "origin unknown",
}


def render_plan_html(plan: Plan) -> str:
    """`plan` as one self-contained page; same plan, same bytes.

    The page asks for nothing from anywhere, and its policy lets it run and wear only what it was made with. All names
    and values are shown as text, what does not print escaped.
    """
    style, script = _read("plan.css"), _read("plan.js")
    return _load_template().render(
        plan=plan,
        page=make_page(plan),
        summary=plan.summary,
        sentence=describe_plan(plan),
        filtered=describe_filter(plan),
        counts=count_changes(plan),
        is_compared=is_compared(plan),
        style=style,
        script=script,
        style_hash=_digest(style),
        script_hash=_digest(script),
    )


@cache
def _load_template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  (slow to start; only this report needs it)

    environment = Environment(
        autoescape=True,
        finalize=_show,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "box_height": BOX_HEIGHT,
        "box_width": BOX_WIDTH,
        "announce_waiting": announce_waiting,
        "count": count,
        "count_findings": count_findings,
        "list_rules": list_rules,
        "name_channel": name_channel,
        "set_apart": set_apart,
        "show_data_point": show_data_point,
        "show_place": show_place,
        "show_place_of": show_place_of,
        "origin_words": _ORIGIN_WORDS,
        "risk_words": RISK_WORDS,
        "verdict_words": VERDICT_WORDS,
        "impact_risks": list_impact_risks(),
    }
    return environment.from_string(_read("plan.html.jinja"))


def _show(value: object) -> object:
    """Whatever the template puts in, harmless; but for what is markup already, such as the text of a macro."""
    return harmless(value) if type(value) is str else value


def _read(name: str) -> str:
    return files("reconciler.reports").joinpath("page", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """`text` as a source of a Content-Security-Policy."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
