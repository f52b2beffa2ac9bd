"""Every format of plans, findings and results: against facts written by hand, in any code page, and for other tools."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.demo_by_hand import (
    CHANGES,
    COUNTS,
    CREATED,
    LINKS,
    NEW_VALUES,
    OTHER_FINDINGS,
    ROUTES,
    SENTENCE,
    SWAP,
    SWAPPED,
    UNCHANGED,
    Expected,
    Shown,
)
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace


CODE_PAGES = ["cp1252", "ascii", "utf-16"]
WRONG = {"nürnberg-ströme": {"channelId": 1, "channelInfo": "Wärme → 電力", "unknöwn": 1}}
SOUND = {"nb": {"select": {"channelImportId": "NB-ELEC-01-USE"}, "channelDescription": "Wärme → 電力"}}


def run(workspace: Workspace, *arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=workspace.root,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1800000000", **environment},
        input=stdin,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("format_name", ["json", "junit", "sarif", "gitlab", "github"])
def test_findings_for_programs_are_the_same_bytes_in_every_code_page(workspace: Workspace, format_name: str) -> None:
    workspace.define(WRONG)
    expected = run(workspace, "validate", "--format", format_name, PYTHONIOENCODING="utf-8")

    assert expected[0] == 1
    assert "nürnberg" in expected[1].decode("utf-8") or b"\\u00fc" in expected[1]
    for page in CODE_PAGES:
        assert run(workspace, "validate", "--format", format_name, PYTHONIOENCODING=page) == expected


@pytest.mark.parametrize("format_name", ["json", "markdown", "html"])
def test_plans_for_programs_are_the_same_bytes_in_every_code_page(workspace: Workspace, format_name: str) -> None:
    workspace.define(SOUND)
    expected = run(workspace, "plan", "--format", format_name, PYTHONIOENCODING="utf-8")

    assert expected[0] == 0
    for page in ("cp1252", "ascii"):
        assert run(workspace, "plan", "--format", format_name, PYTHONIOENCODING=page)[1] == expected[1]


def test_what_a_code_page_gives_can_be_parsed(workspace: Workspace) -> None:
    workspace.define(WRONG)

    junit, report = (
        run(workspace, "validate", "--format", name, PYTHONIOENCODING="cp1252")[1] for name in ("junit", "json")
    )

    assert "nürnberg" in ET.tostring(ET.fromstring(junit), encoding="unicode")  # noqa: S314 - our own
    assert "nürnberg" in json.dumps(json.loads(report), ensure_ascii=False)


@pytest.mark.parametrize("page", CODE_PAGES)
def test_text_escapes_what_a_code_page_lacks(workspace: Workspace, page: str) -> None:
    workspace.define(SOUND)

    code, out, err = run(workspace, "plan", PYTHONIOENCODING=page)

    shown = out.decode(page)
    assert (code, "Traceback" in shown + err.decode(page)) == (0, False)
    assert ("電力" if page == "utf-16" else "\\u96fb\\u529b") in shown


def test_text_in_a_plain_locale_never_fails(workspace: Workspace) -> None:
    workspace.define(SOUND)

    code, out, _ = run(workspace, "plan", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")

    assert (code, b"\\u96fb\\u529b" in out) == (0, True)


def test_a_plan_on_stdin_is_read_as_its_file_is(workspace: Workspace) -> None:
    workspace.define(SOUND)
    run(workspace, "plan", "--out", "plan.json")
    content = (workspace.root / "plan.json").read_bytes()

    shown = [
        run(workspace, "show", "-", stdin=content, PYTHONIOENCODING=f"{page}:strict") for page in ("utf-8", "cp1252")
    ]

    assert [code for code, _, _ in shown] == [0, 0]
    assert "Wärme" in shown[0][1].decode("utf-8")
    assert "Wärme" in shown[1][1].decode("cp1252")


def test_bytes_on_stdin_that_are_no_text_are_an_error(workspace: Workspace) -> None:
    code, _, err = run(workspace, "show", "-", stdin=b"\xff\xfe", PYTHONIOENCODING="utf-8:surrogateescape")

    assert (code, err.decode()) == (
        1,
        "reconciler: - is not UTF-8 text\n  fix: give a file that reconciler wrote: plan --out, snapshot\n",
    )


ROOT = Path(__file__).parents[2]
BLOCKED = [change.name for change in CHANGES if change.blocked]
NAMES = {*(change.name for change in CHANGES), SWAPPED, CREATED}
SENT = NAMES - set(BLOCKED)
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
def demo(workspace: Workspace) -> Workspace:
    shutil.copytree(ROOT / "channels", workspace.root / "channels")
    return workspace


@pytest.fixture
def text(demo: Workspace) -> str:
    answer = demo.run("plan", "--show-unchanged")
    assert answer.code == 3
    return answer.out


def render(demo: Workspace, format_: str, *options: str) -> str:
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
    (section,) = re.findall(rf"^{head}.*?(?=^  [~!=+] |^\S|\Z)", text, re.DOTALL | re.MULTILINE)
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
    changes = re.findall(r"^  (?:~ update|! blocked|\+ create)  ([\w-]+)", text, re.MULTILINE)
    assert sorted(changes) == sorted(NAMES)
    assert all(re.search(rf"= unchanged +{name} ", text) for name in UNCHANGED)


def write_row(edit: Shown) -> str:
    factor = f" ({edit.factor})" if edit.factor else ""
    implied = f", implied by `{edit.implied_by}`" if edit.implied_by else ""
    return f"| `{edit.path}` | `{edit.before}` | `{edit.after}`{factor} | {edit.impact}{implied} |"


@each_change
def test_the_markdown_shows_each_change(demo: Workspace, expected: Expected) -> None:
    markdown = render(demo, "markdown")
    head = rf"\*\*`{expected.name}`\*\* \({expected.channel_id} `\"{re.escape(expected.info)}\"`\)"
    (section,) = re.findall(rf"{head}.*?(?=\n(?:\*\*|###|<)|\Z)", markdown, re.DOTALL)

    assert f"`{expected.place}`" in section
    rows = [write_row(edit) for edit in expected.edits]
    assert [line for line in section.splitlines() if line.startswith("| `")] == rows
    assert all(told in section for told in (*expected.told, expected.blocked))
    assert re.findall(r"only after `([\w-]+)`", section) == [expected.after] * bool(expected.after)


def test_the_markdown_shows_counts_and_findings(demo: Workspace) -> None:
    shown = render(demo, "markdown")

    assert f"**{SENTENCE}**" in shown
    assert shown.rstrip().endswith(f"Plan: {COUNTS}.")
    for code, severity, file, line, about, where in ROUTES:
        assert re.search(rf"- {severity} `{code}` `{file}:{line}:22`: readings for [^\n]*`{about}`[^\n]*{where}", shown)


def test_the_smallest_markdown_names_what_is_blocked_or_rewrites_history_and_counts_the_rest(demo: Workspace) -> None:
    shown = render(demo, "markdown", "--markdown-budget", "4096")

    assert len(shown.encode()) <= 4096 + 1
    assert f"**{SENTENCE}**" in shown
    assert shown.rstrip().endswith(f"Plan: {COUNTS}.")
    risky = [one for one in CHANGES if one.blocked or any(edit.impact == "history" for edit in one.edits)]
    assert [one.name for one in risky if f"`{one.name}`" not in shown] == []
    assert "Shortened to fit" in shown


@each_change
def test_the_page_shows_each_change(demo: Workspace, expected: Expected) -> None:
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


def test_the_page_shows_counts_findings_and_formulas(demo: Workspace) -> None:
    page = render(demo, "html")
    shown = strip_tags(page)

    assert SENTENCE in shown
    assert "37 other channels of EnergyCAP are not in any file and never touched." in shown
    for code, _, file, line, about, where in ROUTES:
        assert all(one in shown for one in (code, f"{file}:{line}", about, where))
    assert all(f"{name} " in shown for name in UNCHANGED)


def test_the_plan_file_holds_each_change(demo: Workspace) -> None:
    document = json.loads(render(demo, "json"))

    rows = {row["name"]: row for row in document["resource_changes"]}
    assert {name for name, row in rows.items() if row["edits"]} == NAMES
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
    counts = {"create": 1, "update": 15, "blocked": 1, "no_op": 7, "unmanaged": 37, "drift": 0}
    assert document["summary"] == counts
    found = [(one["code"], one["severity"], one["place"]["file"], one["place"]["line"]) for one in document["findings"]]
    assert found == sorted([*(route[:4] for route in ROUTES), *OTHER_FINDINGS], key=lambda one: one[2:])
    links = {(one["user"]["id"], one["used"]["id"], one["before"], one["after"]) for one in document["formula_links"]}
    assert links == LINKS


def test_gitlab_is_told_what_would_be_sent(demo: Workspace) -> None:
    assert json.loads(render(demo, "gitlab-terraform")) == {"create": 1, "update": 15, "delete": 0}


def test_every_format_shows_the_swap_and_the_new_channel(demo: Workspace, text: str) -> None:
    markdown, page, document = (render(demo, format_) for format_ in ("markdown", "html", "json"))
    shown, on_page = flatten(text), strip_tags(page)

    assert f"+ create {CREATED} id known after apply" in shown
    for path, value in NEW_VALUES:
        assert f"{path} {value} " in shown
        assert f"| `{path}` | `{value}` |" in markdown
    for edit in SWAP:
        factor = f" ({edit.factor})" if edit.factor else ""
        assert f"{edit.path} {edit.before} → {edit.after}{factor} [{edit.impact}]" in shown
        assert write_row(edit) in markdown
        assert edit.path in on_page
    assert "meter swapped, work order 4711" in shown
    assert f"{CREATED} Boiler 3 gas + create" in on_page
    rows = {row["name"]: row for row in json.loads(document)["resource_changes"]}
    created = {edit["path"]: edit["after"] for edit in rows[CREATED]["edits"]}
    assert created == {path: json.loads(value) for path, value in NEW_VALUES}
    assert [edit["path"] for edit in rows[SWAPPED]["edits"]] == [edit.path for edit in SWAP]


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


def test_an_apply_makes_the_changes_so_and_says_so_in_each_format(demo: Workspace) -> None:
    assert demo.run("plan", "--out", "plan.json").code == 3

    answer = demo.run("apply", "plan.json", "--format", "text", "--format", "json=a.json", "--format", "markdown=a.md")

    for expected in CHANGES:
        channel = demo.live(expected.channel_id)
        for edit in expected.edits:
            wanted = json.loads(edit.before if expected.blocked else edit.after)
            shown = live_value(channel, edit.path)
            assert shown == (name_by_ids(wanted) if edit.path.endswith("formula") and wanted else wanted), edit
    assert "Apply: 16 done, 0 stale, 0 failed, 0 not tried." in answer.out
    assert "1 blocked change was not sent" in answer.out
    assert answer.code == 3
    assert "+ created  cp-gas-boiler-3  1102" in answer.out
    created, (old, new) = demo.live(1102), demo.live(1089)["channelVersions"]
    assert (created["channelImportId"], created["channelVersions"][0]["multiplier"]) == ("CP-GAS-01-BOILER3", 10)
    assert (old["multiplier"], old["endDate"], new["multiplier"]) == (1, "2026-11-02T08:00:00", 10)
    markdown = (demo.root / "a.md").read_text(encoding="utf-8")
    assert "| ! failed | ? stale | - not tried | + done |\n| --- | --- | --- | --- |\n| 0 | 0 | 0 | 16 |" in markdown
    assert set(re.findall(r"`([a-z]+-[a-z][a-z0-9-]+)`", markdown)) == SENT
    events = [json.loads(line) for line in (demo.root / "a.json").read_text(encoding="utf-8").splitlines()]
    ended = {event["name"]: event["ending"] for event in events if event["type"] == "apply_complete"}
    assert ended == dict.fromkeys(SENT, "done")


FLAWED = """\
channels:
  use:
    channelId: 1042
    chanelInfo: Use
    esaChannelVersion:
      multiplier: one
  trip:
    channelId: 1060
    esaChannelVersion:
      observationRule: Trip
      rolloverValue: 99999
"""
# Code, line, first column, the column behind, what is wrong, the way out.
FLAWS = [
    ("ESA121", 4, 5, 15, "unknown key chanelInfo in channel use", "did you mean  channelInfo:"),
    (
        "ESA123",
        6,
        19,
        22,
        'multiplier must be a number, found "one"',
        "write a number, with a point before its decimals",
    ),
    (
        *("ESA214", 11, 22, 27, "rolloverValue must be null under the Trip rule, found 99999"),
        "remove the line, or write  observationRule: Odometer",
    ),
]
FILE = "channels/all.yaml"


def find_flaws(workspace: Workspace, format_: str) -> str:
    workspace.write(FILE, FLAWED)
    answer = workspace.run("validate", "--format", format_)
    assert answer.code == 1
    return answer.out


def test_findings_for_people_show_place_code_and_way_out(workspace: Workspace) -> None:
    lines = FLAWED.splitlines()
    blocks = [
        f"{FILE}:{line}:{column}  {code}  {message}\n"
        f"  {line} | {lines[line - 1]}\n  {' ' * len(str(line))} | {' ' * (column - 1)}{'^' * (end - column)}\n"
        f"  fix: {fix}\n"
        for code, line, column, end, message, fix in FLAWS
    ]
    assert find_flaws(workspace, "text") == "\n".join([*blocks, "3 errors in 1 file.\n"])
    assert find_flaws(workspace, "concise") == "".join(
        f"{FILE}:{line}:{column}: {code} {message}\n" for code, line, column, _, message, _ in FLAWS
    )


def test_findings_for_programs_hold_the_same(workspace: Workspace) -> None:
    told = json.loads(find_flaws(workspace, "json"))["diagnostics"]
    assert [
        (one["code"], one["range"]["start"], one["range"]["end"]["column"], one["summary"], one["fix"]) for one in told
    ] == [
        (code, {"line": line, "column": column}, end, message, fix) for code, line, column, end, message, fix in FLAWS
    ]
    assert find_flaws(workspace, "github").splitlines() == [
        f"::error file={FILE},line={line},col={column},endColumn={end},title={code}::{message}%0Afix: {fix}"
        for code, line, column, end, message, fix in FLAWS
    ]
    assert [
        (one["check_name"], one["location"], one["description"], one["severity"])
        for one in json.loads(find_flaws(workspace, "gitlab"))
    ] == [
        (code, {"path": FILE, "lines": {"begin": line}}, f"{message}; fix: {fix}", "major")
        for code, line, _, _, message, fix in FLAWS
    ]


def test_findings_as_sarif_and_junit_hold_the_same(workspace: Workspace) -> None:
    (run,) = json.loads(find_flaws(workspace, "sarif"))["runs"]
    results = []
    for one in run["results"]:
        (location,) = one["locations"]
        physical = location["physicalLocation"]
        region = physical["region"]
        assert physical["artifactLocation"]["uri"] == FILE
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        results.append((one["ruleId"], one["level"], region["startLine"], region["startColumn"], region["endColumn"]))
        assert one["message"]["text"].startswith({flaw[0]: flaw[4] for flaw in FLAWS}[one["ruleId"]])
    assert results == [(code, "error", line, column, end) for code, line, column, end, _, _ in FLAWS]
    cases = ET.fromstring(find_flaws(workspace, "junit")).iter("testcase")  # noqa: S314 - our own
    failures = [
        (case.get("file"), case.get("line"), failure) for case in cases if (failure := case.find("failure")) is not None
    ]
    assert [(file, line, one.get("type"), one.get("message"), one.text) for file, line, one in failures] == [
        (FILE, str(line), code, message, f"{message}\nfix: {fix}") for code, line, _, _, message, fix in FLAWS
    ]


@pytest.mark.parametrize(
    ("live", "wanted", "shown"),
    [
        ("Z\xfcrich", "Zu\u0308rich", (r"Z\xfcrich", r"Zu\u0308rich")),
        ("Heart \u2764", "Heart \u2764\ufe0f", ("Heart ❤", r"Heart ❤\ufe0f")),
        ("Main  meter", "Main meter", (r"Main\x20 meter", "Main meter")),
        ("Main meter", "Main\xa0meter", (r"Main\x20meter", r"Main\xa0meter")),
        ("Main", "M\u0430in", ("Main", r"M\u0430in")),
        ("Main", "Ma\u200bin", ("Main", r"Ma\u200bin")),
    ],
    ids=["composed", "variation", "two blanks", "no-break", "Cyrillic", "no width"],
)
def test_values_that_look_alike_are_distinguished_in_every_report(
    live: str, wanted: str, shown: tuple[str, str], workspace: Workspace
) -> None:
    workspace.load(make_world(make_channel(1, channelInfo="Use", channelDescription=live)))
    workspace.define({"use": {"channelId": 1, "channelDescription": wanted}})

    text = workspace.run("plan").out
    markdown = unescape(workspace.run("plan", "--format", "markdown").out)
    page = unescape(workspace.run("plan", "--format", "html").out)

    before, after = shown
    assert f'"{before}" → "{after}"' in text
    for report in (markdown, page):
        assert before in report
        assert after in report


@pytest.mark.parametrize(
    ("file", "fix"),
    [
        ("channels: {use: {\u0441hannelId: 1}}", r"channelId:  (found \u0441hannelId, which only looks the same)"),
        (
            "channels: {use: {channelId: 1, esaChannelVersion: {observationRule: Tr\u0456p}}}",
            r"observationRule: Trip  (found Tr\u0456p, which only looks the same)",
        ),
        (
            "channels: {use: {channelId: 1}, net: {channelId: 2, esaChannelVersion: {formula: channel(us\u0435)}}}",
            r"channel(use)  (found us\u0435, which only looks the same)",
        ),
        (
            "channels: {use-1: {channelId: 1}}\nfeeds: {logger: {channelImportId: X, expect: use\u20111}}",
            r"expect: use-1  (found use\u20111, which only looks the same)",
        ),
    ],
    ids=["key", "choice", "formula", "feed"],
)
def test_a_name_that_only_looks_right_is_spelt_out_beside_the_right_one(
    workspace: Workspace, file: str, fix: str
) -> None:
    workspace.write("channels/all.yaml", file)

    assert f"  fix: did you mean  {fix}\n" in workspace.run("validate").out


def test_files_whose_names_look_alike_are_distinguished(workspace: Workspace) -> None:
    for name in ("Z\xfcrich", "Zu\u0308rich"):
        workspace.write(f"channels/{name}.yaml", "channels: {use: {channelId: 1}}\n")
    if len(list((workspace.root / "channels").iterdir())) < 2:
        pytest.skip("this file system takes both for one name")

    (line,) = [line for line in workspace.run("validate").out.splitlines() if "ESA131" in line]

    assert line == (
        "channels/Z\xfcrich.yaml:1:12  ESA131  channel use is defined twice, first in channels/Zu\\u0308rich.yaml:1"
    )


def test_a_git_lfs_pointer_is_named(workspace: Workspace) -> None:
    workspace.write("channels/all.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n")

    fix = "  fix: fetch the file itself, which is stored in Git LFS:  git lfs pull\n"
    assert fix in workspace.run("validate").out


def test_a_url_is_not_taken_for_a_key(workspace: Workspace) -> None:
    workspace.write("channels/all.yaml", "see https://example.com\n")

    assert "  fix: write its keys below it, one per line\n" in workspace.run("validate").out


def test_codes_and_ids_that_only_look_right_are_spelt_out(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1, channelImportId="USE"), make_channel(2)))
    workspace.define(
        {
            "use": {"select": {"channelImportId": "US\u0415"}},
            "other": {"channelId": 2, "esaChannelVersion": {"unitCode": "\u041aW\u041d"}},
        }
    )

    text = " ".join(workspace.run("plan").out.split())

    assert r"(found US\u0415, which only looks the same)" in text
    assert r"write unitCode: KWH if that is meant (found \u041aW\u041d, which only looks the same)" in text


def test_an_apply_says_what_moved_though_it_looks_the_same(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1, channelInfo="Use", channelDescription="Z\xfcrich")))
    workspace.define({"use": {"channelId": 1, "channelDescription": "Bern"}})
    workspace.run("plan", "--out", "plan.json")
    workspace.load(make_world(make_channel(1, channelInfo="Use", channelDescription="Zu\u0308rich")))

    answer = workspace.run("apply", "plan.json")

    assert r'"Zu\u0308rich" now, was "Z\xfcrich"' in " ".join(f"{answer.out}{answer.err}".split())
