"""A plan as a page: whole outputs, and what holds for all of them."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import DataPoint
from reconciler.model.fields import Impact
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.plan import Blocker, ChannelLabel, Edit, FeedRoute, FormulaLink, LeftOut, Plan
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file
from reconciler.reports.escaping import escape_text
from reconciler.reports.plan_html import render_plan_html
from reconciler.reports.plan_summary import count_changes, describe_filter, describe_left_out, summarize_plan
from tests.reports.html_outline import Outline
from tests.reports.html_plans import EVERYTHING, make_large_plan
from tests.reports.plans import FORMULA, PLANS, RENAME, make_change, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

ALL_PLANS = PLANS | {"everything": EVERYTHING}
every_plan = pytest.mark.parametrize("name", ALL_PLANS)

# No run of spaces, as two of them set off something to copy; no dot, as a path may be broken there.
words = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and "  " not in text and "." not in text
)


@cache
def _read(name: str) -> Outline:
    return Outline(render_plan_html(ALL_PLANS[name]))


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_looks_as_in_its_golden_file(name: str, check_golden: Callable[[str, str], None]) -> None:
    check_golden(f"plan-{name}.html", render_plan_html(PLANS[name]))


@every_plan
def test_the_sentence_comes_first_and_the_counts_last(name: str) -> None:
    plan, page = ALL_PLANS[name], _read(name)
    assert page.find("p")[0].text == summarize_plan(plan)
    assert page.find("p")[-1].text == count_changes(plan)


@every_plan
def test_every_channel_is_on_the_page_once(name: str) -> None:
    summary, page = ALL_PLANS[name].summary, _read(name)
    changed = [element for element in page.elements if "data-channel" in element.attributes]
    rows = [row for row in page.find("tr") if "details" in row.within and "thead" not in row.within]
    unchanged = [row for row in rows if not row.attributes]
    assert (len(changed), len(unchanged)) == (summary.create + summary.update + summary.blocked, summary.no_op)


@every_plan
def test_the_riskiest_changes_come_first(name: str) -> None:
    ranks = ["blocked", "history", "structural", "routing", "creation", "forward", "cosmetic"]
    shown = [
        section.attributes["id"] for section in _read(name).find("section") if section.attributes.get("id") in ranks
    ]
    assert shown == sorted(shown, key=ranks.index)


@every_plan
def test_a_blocked_change_shows_the_reason_and_the_fix(name: str) -> None:
    text = _read(name).text
    blocks = [block for change in ALL_PLANS[name].changes for block in change.blocked_by]
    said = [
        " ".join(escape_text(line).split()) for block in blocks for line in (block.message, block.unblock, block.rule)
    ]
    assert [line for line in said if line not in text] == []


@every_plan
def test_nothing_is_asked_for_from_anywhere(name: str) -> None:
    page = _read(name)
    targets = [
        element.attributes[key]
        for element in page.elements
        for key in ("href", "src", "action", "data", "srcset", "poster")
        if key in element.attributes
    ]
    assert {target for target in targets if not target.startswith("#")} == {"data:,"}
    assert not re.search(r"url\((?!#)|@import|@font-face", "".join(page.find("style")[0].texts))


@every_plan
def test_every_link_has_a_target_and_every_id_is_unique(name: str) -> None:
    page = _read(name)
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    links = [element.attributes["href"][1:] for element in page.find("a")]
    named = [
        id_
        for element in page.elements
        for key in ("aria-labelledby", "for")
        for id_ in element.attributes.get(key, "").split()
    ]
    assert len(ids) == len(set(ids))
    assert {*links, *named} <= set(ids)


@every_plan
def test_the_policy_allows_only_what_the_page_was_made_with(name: str) -> None:
    page = _read(name)
    (policy,) = [meta.attributes["content"] for meta in page.find("meta") if "http-equiv" in meta.attributes]
    sources = {kind: _hash("".join(page.find(kind)[0].texts)) for kind in ("style", "script")}
    assert policy == (
        f"default-src 'none'; style-src '{sources['style']}'; script-src '{sources['script']}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert [
        key for element in page.elements for key in element.attributes if key.startswith("on") or key == "style"
    ] == []


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@every_plan
def test_headings_form_a_tree_and_there_are_landmarks(name: str) -> None:
    page = _read(name)
    levels = [int(element.name[1]) for element in page.elements if re.fullmatch("h[1-6]", element.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(one, other) for one, other in pairwise(levels) if other > one + 1] == []
    assert [len(page.find(landmark)) for landmark in ("main", "nav", "form")] == [1, 1, 1]
    assert page.find("html")[0].attributes == {"lang": "en"}


@every_plan
def test_every_filter_has_a_label_and_every_column_a_heading(name: str) -> None:
    page = _read(name)
    assert [field for field in [*page.find("input"), *page.find("select")] if "label" not in field.within] == []
    assert [heading.text for heading in page.find("th") if "scope" not in heading.attributes] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_to_its_background(scheme: str) -> None:
    (style,) = _read("mixed").find("style")
    blocks = re.findall(r":root \{(.*?)\}", "".join(style.texts), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[0]))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[1]))
    pairs = [(ink, "paper") for ink in ("ink", "soft", "link", "red", "amber", "violet", "blue", "green")]
    pairs += [(hue, f"{hue}-tint") for hue in ("red", "amber", "violet", "blue", "green")]
    pairs += [
        ("soft", "grey-tint"),
        ("ink", "red-tint"),
        ("ink", "amber-tint"),
        ("soft", "blue-tint"),
        ("link", "red-tint"),
    ]
    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


def _contrast(one: str, other: str) -> float:
    """The contrast of two colours. Source: WCAG 2.2, "contrast ratio" and "relative luminance"."""
    darker, lighter = sorted(_luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_changed_piece_of_a_formula_is_marked() -> None:
    edit = Edit(FORMULA, "channel(a) * 2", "channel(a) * 3", Impact.HISTORY)
    page = Outline(render_plan_html(make_plan(make_change("net", edit))))
    assert ([mark.text for mark in page.find("del")], [mark.text for mark in page.find("ins")]) == (["2"], ["3"])


def test_channels_in_a_formula_are_named() -> None:
    inputs = [item.text for item in _read("everything").find("li") if item.attributes.get("class") in FATES]
    assert inputs[-4:] == [
        "+ added channel(nb-solar-yield) is North Building roof solar",
        "- removed channel(nb-elec-losses) is North Building feeder losses",
        "= stays channel(nb-elec-use) is North Building electricity use",
        "= stays channel(1077) is Campus electric total (not managed here)",
    ]


FATES = ("added", "removed", "stays")


def test_an_effect_is_said_once_a_channel() -> None:
    said = [effect.text for effect in _read("mixed").find("p", **{"class": "sentence-case"})]
    assert len([text for text in said if text.startswith("may rewrite stored values")]) == 2


def test_a_filtered_plan_says_so() -> None:
    notices = [notice.text for notice in _read("filtered").find("p", **{"class": "notice"})]
    assert notices == [describe_filter(PLANS["filtered"])]


def test_what_only_leaves_out_is_named_at_the_top() -> None:
    plan = replace(PLANS["empty"], left_out=LeftOut(("trial",)))

    remark = Outline(render_plan_html(plan)).find("p", **{"class": "remark"})[0].text

    assert remark.endswith(describe_left_out(plan))


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("filtered", ["Findings 1", "✎ Names and descriptions 1", "Unchanged 1"]),
        ("broken", ["Findings 2"]),
        (
            "in-vain",
            [
                "Findings 2",
                "! Blocked 1",
                "▲ May rewrite stored values 1",
                "⇄ May send readings elsewhere 1",
                "Formulas",
            ],
        ),
    ],
)
def test_findings_come_before_the_changes_and_links_are_named_like_their_sections(
    name: str, headings: list[str]
) -> None:
    page = _read(name)
    assert [heading.text for heading in page.find("h2")] == headings
    links = [link.text for link in page.find("a") if "nav" in link.within]
    assert links == headings


def test_a_finding_is_linked_at_its_channel() -> None:
    (link,) = [link for link in _read("in-vain").find("a") if "article" in link.within and link.text == "ESA603"]
    assert link.attributes["href"] == "#finding-1"
    assert [item.text.partition(":")[0] for item in _read("in-vain").find("li", id="finding-1")] == [
        'readings for import id "OLD-1" would no longer reach nb-elec-use'
    ]


def test_a_finding_is_named_in_the_row_of_a_channel_that_is_like_others() -> None:
    place = Location("channels/north.yaml", 7, 5, ("channels", "nb-elec-003", "channelInfo"))
    plan = make_plan(
        *(make_change(f"nb-elec-{number:03}", RENAME, channel_id=number) for number in range(5)),
        findings=[Finding("ESA305", Severity.WARNING, "renamed", place)],
    )
    linked = [row.text for row in Outline(render_plan_html(plan)).find("tr") if "ESA305" in row.text]
    assert len(linked) == 1
    assert linked[0].startswith("nb-elec-003")


def test_a_page_does_not_claim_that_nothing_differs_if_nothing_was_compared() -> None:
    assert [text.text for text in _read("broken").find("p", **{"class": "empty"})] == ["Nothing was compared."]
    assert _read("broken").find("title")[0].text == "Plan for production: none"


def test_text_to_copy_is_code_of_its_own() -> None:
    finding = Finding("ESA305", Severity.WARNING, "renamed", fix="write  channelImportId: A  under select")
    page = Outline(render_plan_html(make_plan(findings=[finding])))
    assert [code.text for code in page.find("code") if "ul" in code.within] == ["channelImportId: A"]


def test_the_same_plan_gives_the_same_bytes() -> None:
    changes = PLANS["several-places"].changes
    one, other = (render_plan_html(make_plan(*ordered)) for ordered in (changes, tuple(reversed(changes))))
    assert one == other


@every_plan
def test_a_saved_plan_gives_the_same_bytes(name: str) -> None:
    plan = ALL_PLANS[name]
    assert render_plan_html(read_plan(render_plan_file(plan))) == render_plan_html(plan)


def test_ten_thousand_unchanged_channels_fit_in_three_megabytes() -> None:
    assert len(render_plan_html(make_large_plan(10_000)).encode()) < 3_000_000


def test_jinja_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, reconciler.reports.plan_html; print('jinja2' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def _make_hostile(text: str) -> Plan:
    """A plan in which all that files and the service may choose holds `text`."""
    point = DataPoint(1, text, text, text, text, text, text)
    label, other = ChannelLabel(1042, text, text), ChannelLabel(7, None, text)
    block = Blocker("ESA408", text, {text: (text, {text: text})}, text)
    edits = (
        Edit("channelInfo", f"a{text}", f"b{text}", Impact.COSMETIC, implied_by=f"x{text}"),
        Edit("esaChannelVersion.unitCode", f"a{text}", f"b{text}", Impact.ROUTING),
    )
    changes = [
        make_change(
            text, *edits, channel_id=id_, data_point=point, blocked_by=[block] * (id_ == 1042), depends_on=[text]
        )
        for id_ in (1042, 1043)
    ]
    changes.append(make_change(f"x{text}", channel_id=1044, data_point=point))
    plan = make_plan(
        *(replace(change, channel_info=text, file=f"{text}.yaml") for change in changes),
        filter_=[text],
        findings=[Finding(text, Severity.WARNING, text, Location(text, 1), (text,), text)],
        feeds=[FeedRoute(text, text, 1, None, (text,))],
        formula_links=[FormulaLink(label, other, before=True, after=False)],
    )
    return replace(plan, tool_version=text, environment=text, url=text, created=text, commit=text)


@cache
def _read_harmless() -> Outline:
    return Outline(render_plan_html(_make_hostile("name")))


@settings(deadline=None)
@given(st.sampled_from(["", "<script>", '"', "' onload='", "-->", "</style>", "{{ 7*7 }}", "&amp;"]), words)
def test_whatever_a_name_holds_it_shows_as_text_and_makes_nothing(start: str, rest: str) -> None:
    name = f"n{start}{rest}"
    page = Outline(render_plan_html(_make_hostile(name)))
    assert page.skeleton == _read_harmless().skeleton
    assert {heading.texts[0] for heading in page.find("h3")} == {escape_text(name)}
    assert page.text.isprintable()
