"""A plan as one HTML page that a reader without scripts, network or knowledge of the API can judge it by."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from reconciler.model.plan import Origin
from reconciler.reports.advice import split_code
from reconciler.reports.formula_layout import BOX_HEIGHT, BOX_WIDTH
from reconciler.reports.formula_svg import channel_title
from reconciler.reports.grouping import format_data_point, format_place
from reconciler.reports.harmless import escape_text
from reconciler.reports.places import format_location
from reconciler.reports.plan_page import make_plan_page
from reconciler.reports.relations import blocking_rules, introduce_blocked_dependents
from reconciler.reports.risk import RISK_WORDS, VERDICT_WORDS, list_impact_risks
from reconciler.reports.sentences import count_changes, count_findings, describe_filter, is_compared, summarize_plan
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
    style, script = _read_template("plan.css"), _read_template("plan.js")
    return _load_template().render(
        plan=plan,
        page=make_plan_page(plan),
        summary=plan.summary,
        sentence=summarize_plan(plan),
        filtered=describe_filter(plan),
        counts=count_changes(plan),
        is_compared=is_compared(plan),
        style=style,
        script=script,
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
    )


@cache
def _load_template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  (slow to start; only this report needs it)

    environment = Environment(
        autoescape=True,
        finalize=_escape_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "box_height": BOX_HEIGHT,
        "box_width": BOX_WIDTH,
        "introduce_blocked_dependents": introduce_blocked_dependents,
        "count": count,
        "count_findings": count_findings,
        "blocking_rules": blocking_rules,
        "channel_title": channel_title,
        "split_code": split_code,
        "format_data_point": format_data_point,
        "format_location": format_location,
        "format_place": format_place,
        "origin_words": _ORIGIN_WORDS,
        "risk_words": RISK_WORDS,
        "verdict_words": VERDICT_WORDS,
        "impact_risks": list_impact_risks(),
    }
    return environment.from_string(_read_template("plan.html.jinja"))


def _escape_value(value: object) -> object:
    """Whatever the template puts in, harmless; but for what is markup already, such as the text of a macro."""
    return escape_text(value) if type(value) is str else value


def _read_template(name: str) -> str:
    return files("reconciler.reports").joinpath("page", name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """`text` as a source of a Content-Security-Policy."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
