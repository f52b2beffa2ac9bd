"""Every format of the demo's plan and apply against one list of facts written by hand."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.demo_by_hand import CHANGES, COUNTS, LINKS, ROUTES, SENTENCE, UNCHANGED, Expected, Shown

if TYPE_CHECKING:
    from tests.cli.desk import Desk

ROOT = Path(__file__).parents[2]
BLOCKED = [change.name for change in CHANGES if change.blocked]
SENT = {change.name for change in CHANGES} - set(BLOCKED)
each_change = pytest.mark.parametrize("expected", CHANGES, ids=lambda change: change.name)
# As a page for people who know no JSON says it.
ON_PAGE = {
    "cosmetic": "name or text",
    "forward": "future values",
    "routing": "where readings go",
    "structural": "what the channel is",
    "history": "may rewrite history",
}
WORDS = {"null": "not set", "true": "yes", "false": "no", '"Odometer"': "Odometer", '"Trip"': "Trip"}


@pytest.fixture
def demo(desk: Desk) -> Desk:
    shutil.copytree(ROOT / "channels", desk.root / "channels")
    return desk


@pytest.fixture
def text(demo: Desk) -> str:
    answer = demo.run("plan", "--show-unchanged")
    assert answer.code == 3
    return answer.out


def render(demo: Desk, format_: str, *options: str) -> str:
    answer = demo.run("plan", "--format", format_, *options)
    assert answer.code == 3
    return answer.out


def flatten(text: str) -> str:
    return " ".join(text.split())


def strip_tags(page: str) -> str:
    """What a page says, without the pictures; a place where a word may break is none of it."""
    without = re.sub(r"<svg.*?</svg>|<script.*?</script>|<style.*?</style>|<wbr>", "", page, flags=re.DOTALL)
    return flatten(html.unescape(re.sub(r"<[^>]+>", " ", without)))


@each_change
def test_the_text_shows_each_change(text: str, expected: Expected) -> None:
    head = rf"  (?:~ update|! blocked)  {expected.name}  {expected.channel_id} "
    (section,) = re.findall(rf"^{head}.*?(?=^  [~!=] |^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    shown = flatten(section)

    assert section.startswith("  ! blocked" if expected.blocked else "  ~ update")
    assert f'"{expected.info}" {expected.place} ' in shown
    for edit in expected.edits:
        factor = f" ({edit.factor})" if edit.factor else ""
        implied = f" implied by {edit.implied_by}" if edit.implied_by else ""
        assert f"{edit.path} {edit.before} → {edit.after}{factor} [{edit.impact}]{implied}" in shown
    assert shown.count(" → ") == len(expected.edits)
    assert all(told in shown for told in (*expected.told, expected.blocked))
    assert re.findall(r"only after ([\w-]+)", shown) == [expected.after] * bool(expected.after)


def test_the_text_shows_counts_findings_and_what_is_unchanged(text: str) -> None:
    shown = flatten(text)

    assert shown.startswith(SENTENCE)
    assert shown.endswith(f"Plan: {COUNTS}.")
    for code, severity, file, line, about, where in ROUTES:
        assert re.search(rf"{file}:{line}:22 {code} {severity}: readings for [^.]*{about}[^.]*{where}", shown)
    changes = re.findall(r"^  (?:~ update|! blocked)  ([\w-]+)", text, re.MULTILINE)
    assert sorted(changes) == sorted(change.name for change in CHANGES)
    assert all(re.search(rf"= unchanged +{name} ", text) for name in UNCHANGED)


def write_row(edit: Shown) -> str:
    factor = f" ({edit.factor})" if edit.factor else ""
    implied = f", implied by `{edit.implied_by}`" if edit.implied_by else ""
    return f"| `{edit.path}` | `{edit.before}` | `{edit.after}`{factor} | {edit.impact}{implied} |"


@each_change
def test_the_markdown_shows_each_change(demo: Desk, expected: Expected) -> None:
    markdown = render(demo, "markdown")
    head = rf"\*\*`{expected.name}`\*\* \({expected.channel_id} `\"{re.escape(expected.info)}\"`\)"
    (section,) = re.findall(rf"{head}.*?(?=\n(?:\*\*|###|<)|\Z)", markdown, re.DOTALL)

    assert f"`{expected.place}`" in section
    rows = [write_row(edit) for edit in expected.edits]
    assert [line for line in section.splitlines() if line.startswith("| `")] == rows
    assert all(told in section for told in (*expected.told, expected.blocked))
    assert re.findall(r"only after `([\w-]+)`", section) == [expected.after] * bool(expected.after)


def test_the_markdown_shows_counts_and_findings(demo: Desk) -> None:
    shown = render(demo, "markdown")

    assert f"**{SENTENCE}**" in shown
    assert shown.rstrip().endswith(f"Plan: {COUNTS}.")
    for code, severity, file, line, about, where in ROUTES:
        assert re.search(rf"- {severity} `{code}` `{file}:{line}:22`: readings for [^\n]*`{about}`[^\n]*{where}", shown)


def test_the_smallest_markdown_names_what_is_blocked_or_rewrites_history_and_counts_the_rest(demo: Desk) -> None:
    shown = render(demo, "markdown", "--markdown-budget", "4096")

    assert len(shown.encode()) <= 4096 + 1
    assert f"**{SENTENCE}**" in shown
    assert shown.rstrip().endswith(f"Plan: {COUNTS}.")
    grave = [one for one in CHANGES if one.blocked or any(edit.impact == "history" for edit in one.edits)]
    assert [one.name for one in grave if f"`{one.name}`" not in shown] == []
    assert "Folded to fit" in shown


@each_change
def test_the_page_shows_each_change(demo: Desk, expected: Expected) -> None:
    page = render(demo, "html")
    (article,) = re.findall(rf'<article[^>]* id="channel-{expected.channel_id}".*?</article>', page, re.DOTALL)
    shown = strip_tags(article)

    assert shown.startswith(f"{expected.name} {expected.info} {'! blocked' if expected.blocked else '~ update'} ")
    assert f"channel {expected.channel_id} · {expected.place} " in shown
    for edit in expected.edits:
        assert re.search(say_on_page(edit), shown), say_on_page(edit)
    assert all(told in shown for told in (*expected.told, expected.blocked))
    assert re.findall(r"Only after ([\w-]+)", shown) == [expected.after] * bool(expected.after)


def say_on_page(edit: Shown) -> str:
    before, after = (WORDS.get(value, value) for value in (edit.before, edit.after))
    if edit.path.endswith("formula"):
        before, after = (re.escape(value.strip('"')) for value in (before, after))
        return rf"{edit.path} Now {before} After {after} . {ON_PAGE[edit.impact]}"
    before, after = (re.escape(re.sub('^"(.*)"$', "“\\1”", value)) for value in (before, after))
    factor = rf" \({edit.factor}\)" if edit.factor else ""
    implied = " Follows from the edit of: Observation rule" if edit.implied_by else ""
    return rf"{edit.path} now {before} → , after {after}{factor} . {ON_PAGE[edit.impact]}{implied}"


def test_the_page_shows_counts_findings_and_formulas(demo: Desk) -> None:
    page = render(demo, "html")
    shown = strip_tags(page)

    assert SENTENCE in shown
    assert "38 other channels of EnergyCAP are in no file and never touched." in shown
    for code, _, file, line, about, where in ROUTES:
        assert all(one in shown for one in (code, f"{file}:{line}", about, where))
    assert all(f"{name} " in shown for name in UNCHANGED)


def test_the_plan_file_holds_each_change(demo: Desk) -> None:
    document = json.loads(render(demo, "json"))

    rows = {row["name"]: row for row in document["resource_changes"]}
    assert {name for name, row in rows.items() if row["edits"]} == {change.name for change in CHANGES}
    for expected in CHANGES:
        row = rows[expected.name]
        assert (row["channel_id"], row["channel_info"]) == (expected.channel_id, expected.info)
        told = ("path", "before", "after", "impact", "implied_by")
        assert [tuple(edit[key] for key in told) for edit in row["edits"]] == [
            (edit.path, json.loads(edit.before), json.loads(edit.after), edit.impact, edit.implied_by or None)
            for edit in expected.edits
        ]
        assert [block["rule"] for block in row["blocked_by"]] == [expected.blocked] * bool(expected.blocked)
        assert row["depends_on"] == [f"esa_channel.{expected.after}"] * bool(expected.after)
    assert document["summary"] == {"update": 14, "blocked": 1, "no_op": 7, "unmanaged": 38, "drift": 0}
    found = [(one["code"], one["severity"], one["place"]["file"], one["place"]["line"]) for one in document["findings"]]
    assert found == [route[:4] for route in ROUTES]
    links = {(one["user"]["id"], one["used"]["id"], one["before"], one["after"]) for one in document["formula_links"]}
    assert links == LINKS


def test_gitlab_is_told_what_would_be_sent(demo: Desk) -> None:
    assert json.loads(render(demo, "gitlab-terraform")) == {"create": 0, "update": 14, "delete": 0}


def live_value(channel: dict[str, Any], path: str) -> Any:
    """A value of a channel as the service answers it."""
    if path == "intervalMinutes":
        # A calculated channel has none to set, whatever it had before.
        return None if channel["isCalculated"] else channel["interval"]
    codes = {"observationRule": ("observationRule", "observationRuleCode"), "unitCode": ("unit", "unitCode")}
    holder = channel["channelVersions"][-1] if path.startswith("esaChannelVersion.") else channel
    name = path.rpartition(".")[2]
    if name in codes:
        return holder[codes[name][0]][codes[name][1]]
    return holder[name]


def name_by_ids(formula: object) -> object:
    """A formula of the files as the service has it."""
    ids = {"nb-elec-use": 1042, "nb-elec-losses": 1043}
    return re.sub(r"channel\(([\w-]+)\)", lambda found: f"channel({ids[found[1]]})", str(formula))


def test_an_apply_makes_the_changes_so_and_says_so_in_each_format(demo: Desk) -> None:
    assert demo.run("plan", "--out", "plan.json").code == 3

    answer = demo.run("apply", "plan.json", "--format", "text", "--format", "json=a.json", "--format", "markdown=a.md")

    for expected in CHANGES:
        channel = demo.live(expected.channel_id)
        for edit in expected.edits:
            wanted = json.loads(edit.before if expected.blocked else edit.after)
            shown = live_value(channel, edit.path)
            assert shown == (name_by_ids(wanted) if edit.path.endswith("formula") and wanted else wanted), edit
    assert "Apply: 14 done, 0 stale, 0 failed, 0 not tried." in answer.out
    assert "1 blocked change was not sent" in answer.out
    assert answer.code == 3
    markdown = (demo.root / "a.md").read_text(encoding="utf-8")
    assert "| ! failed | ? stale | - not tried | + done |\n| --- | --- | --- | --- |\n| 0 | 0 | 0 | 14 |" in markdown
    assert set(re.findall(r"`([a-z]+-[a-z-]+)`", markdown)) == SENT
    events = [json.loads(line) for line in (demo.root / "a.json").read_text(encoding="utf-8").splitlines()]
    ended = {event["name"]: event["ending"] for event in events if event["type"] == "apply_complete"}
    assert ended == dict.fromkeys(SENT, "done")
