"""What plans say of meter swaps from readings: over real HTTP, under each answer that the vendor leaves open."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from reconciler.energycap.client import open_sender
from reconciler.planning.register_falls import MAX_SEARCHES
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.sandbox import Service
    from tests.cli.workspace import Answer, Workspace

Json = dict[str, Any]

SWAP = "2026-11-02T08:00:00"
PROJECT = """\
definitions: channels
defaultEnvironment: tenant
environments:
  tenant:
    url: {url}
    apiKeyEnv: ECI_API_KEY
"""
# A quarter of an hour each, around the swap of a meter whose register ended at 48,213.
OLD = [(f"2026-11-0{day}T{hour:02}:00:00", 48_000.0 + 24 * day + hour) for day in (1, 2) for hour in range(24)][:32]
CLOSING = (SWAP, 48_213.0)
NEW = [("2026-11-02T08:15:00", 12.0), ("2026-11-02T08:30:00", 13.0), ("2026-11-03T00:00:00", 80.0)]
SWAPPED = [*OLD, CLOSING, *NEW]


@pytest.fixture(autouse=True)
def key(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    del workspace  # which takes the user's key away
    monkeypatch.setenv("ECI_API_KEY", "sandbox")


def make_register(channel_id: int, **values: Any) -> Json:
    return make_channel(channel_id, {"rule": "Odometer"}, readings=True, **values)


@contextmanager
def serving(
    workspace: Workspace,
    readings: Sequence[tuple[str, float]],
    *assignments: str,
    says: str = "",
    channels: Sequence[Json] = (),
) -> Iterator[Service]:
    """A service whose channel 1 has these readings; `says` is a line of its environment in the project file."""
    options = sandbox.Options(sandbox.parse_settings(assignments))
    world = make_world(*(channels or [make_register(1)]))
    with sandbox.running(workspace.root / "served.sqlite3", world, options) as service:
        workspace.write("reconciler.yaml", PROJECT.format(url=service.url) + (f"    {says}\n" if says else ""))
        if readings:
            rows = [{"time": time, "value": value, "estimated": False, "note": None} for time, value in readings]
            with open_sender(service.url, "sandbox") as sender:
                sender.send_esa_readings([{"esaChannelId": 1, "readings": rows}])
        yield service


def define_swap(workspace: Workspace, begin: str = SWAP, **swap: float) -> None:
    versions = [{"beginDate": None, "multiplier": 1}, {"beginDate": begin, "multiplier": 10, "swap": swap}]
    workspace.define({"use": {"channelId": 1, "channelVersions": versions}})


def define_multiplier(workspace: Workspace, count: int = 1) -> None:
    channels = {
        f"use-{number}": {"channelId": number, "esaChannelVersion": {"multiplier": number + 1}}
        for number in range(1, count + 1)
    }
    workspace.define(channels)


def plan_json(workspace: Workspace, *arguments: str) -> Json:
    document: Json = json.loads(workspace.run("plan", "--format", "json", *arguments).out)
    return document


def swap_findings(document: Json) -> list[tuple[str, str]]:
    codes = ("ESA530", "ESA531", "ESA532", "ESA533")
    return [(found["code"], found["message"]) for found in document["findings"] if found["code"] in codes]


def find_doubts(document: Json) -> list[str]:
    return [message for code, message in swap_findings(document) if code == "ESA532"]


ANSWERS = [
    ((), ""),
    (("reading_rows=dated", "reading_filter=utc"), ""),
    (("reading_times=naive", "page_order=shuffled"), ""),
    (("reading_times=utc",), "versionDates: utc"),
    (("reading_times=z_wall_time", "paging_headers=total_pages_only"), "versionDates: wallTime"),
]


@pytest.mark.parametrize(("assignments", "says"), ANSWERS, ids=str)
def test_facts_that_fit_the_readings_are_shown_and_nothing_is_found(
    workspace: Workspace, assignments: tuple[str, ...], says: str
) -> None:
    define_swap(workspace, final=48_213, initial=12)

    with serving(workspace, SWAPPED, *assignments, says=says):
        text = workspace.run("plan").out
        document = plan_json(workspace)

    assert swap_findings(document) == []
    assert "(meter swapped: final 48,213, initial 12)" in " ".join(text.split())
    (version,) = document["resource_changes"][0]["change"]["versions"]
    assert version["swap"] == {"final": 48_213, "initial": 12}


@pytest.mark.parametrize(("assignments", "says"), ANSWERS, ids=str)
def test_facts_that_do_not_fit_are_warned_of_where_they_are_written(
    workspace: Workspace, assignments: tuple[str, ...], says: str
) -> None:
    define_swap(workspace, final=48_123, initial=40)

    with serving(workspace, SWAPPED, *assignments, says=says):
        document = plan_json(workspace)

    assert swap_findings(document) == [
        (
            "ESA530",
            "final does not fit the readings: the register stood at 48,213 at 2026-11-02T08:00:00, above 48,123",
        ),
        (
            "ESA531",
            f"initial does not fit the readings: the first reading after {SWAP} is 12 at 2026-11-02T08:15:00, below 40",
        ),
    ]
    excerpts = {found["code"]: found["place"]["excerpt"].strip() for found in document["findings"] if found["place"]}
    assert (excerpts["ESA530"], excerpts["ESA531"]) == ("final: 48123", "initial: 40")


def test_a_wrong_date_is_named_with_the_one_at_which_the_register_falls(workspace: Workspace) -> None:
    define_swap(workspace, "2026-10-02T08:00:00", final=48_213, initial=12)

    with serving(workspace, [("2026-10-02T07:00:00", 47_000), ("2026-10-02T09:00:00", 47_001), *SWAPPED]):
        answer = workspace.run("plan")

    words = " ".join(answer.out.split())
    assert (
        "ESA533 warning: the register does not fall at 2026-10-02T08:00:00, but falls from 48,213 at "
        "2026-11-02T08:00:00 to 12 at 2026-11-02T08:15:00"
    ) in words
    assert 'fix: if the meter was swapped then, write beginDate: "2026-11-02T08:00:00"' in words


@pytest.mark.parametrize(
    ("assignments", "reason"),
    [
        (("reading_list=forbidden",), "answered 403 Forbidden"),
        (("reading_list=absent",), "answered 404 Not Found"),
        (("reading_rows=processed",), "EnergyCAP gives readings without their raw value"),
        (("reading_times=utc",), "nothing says whether that is local time"),
        (("reading_times=z_wall_time",), "nothing says whether that is local time"),
    ],
    ids=str,
)
def test_facts_that_cannot_be_checked_are_a_note_with_the_reason(
    workspace: Workspace, assignments: tuple[str, ...], reason: str
) -> None:
    define_swap(workspace, final=1, initial=99)

    with serving(workspace, SWAPPED, *assignments):
        document = plan_json(workspace)

    (doubt,) = find_doubts(document)
    assert reason in doubt
    assert [code for code, _ in swap_findings(document)] == ["ESA532"]


def test_times_of_unknown_meaning_come_with_the_setting_that_says_it(workspace: Workspace) -> None:
    define_swap(workspace, final=1)

    with serving(workspace, SWAPPED, "reading_times=utc"):
        (fix,) = [found["fix"] for found in plan_json(workspace)["findings"] if found["code"] == "ESA532"]

    assert fix == "say what it means: versionDates in reconciler.yaml, see docs/explanation/versions.md"


@pytest.mark.parametrize("copy", [(), ("--snapshot", "copy.json")], ids=["live", "snapshot"])
def test_facts_of_a_channel_to_be_created_are_a_note_as_it_has_no_readings(
    workspace: Workspace, copy: tuple[str, ...]
) -> None:
    new: Json = {
        "create": True,
        "channelInfo": "New",
        "channelImportId": "NEW",
        "dataPointId": 1,
        "intervalMinutes": 15,
        "observationTypeCode": "ELECUSE",
        "summarizationMethod": "Sum",
        "channelVersions": [
            {"beginDate": None, "multiplier": 1, "observationRule": "Odometer", "unitCode": "KWH"},
            {"beginDate": SWAP, "swap": {"final": 48_213, "initial": 12}},
        ],
    }
    workspace.define({"new": new})

    with serving(workspace, ()):
        workspace.run("snapshot", "--out", "copy.json")
        answer = workspace.run("plan", *copy)
        document = plan_json(workspace, *copy)

    assert swap_findings(document) == [
        ("ESA532", "swap was not compared with readings: the channel is to be created, so it has none yet")
    ]
    assert re.search(r"channels/all.yaml:\d+:\d+  ESA532  note: swap was not compared", answer.out)


def test_facts_are_not_checked_against_a_snapshot(workspace: Workspace) -> None:
    define_swap(workspace, final=1)

    with serving(workspace, SWAPPED):
        workspace.run("snapshot", "--out", "copy.json")
        document = plan_json(workspace, "--snapshot", "copy.json")

    assert find_doubts(document) == ["swap was not compared with readings: a snapshot has none"]


def test_before_the_first_reading_of_the_new_meter_only_the_old_one_is_checked(workspace: Workspace) -> None:
    define_swap(workspace, final=48_212, initial=12)

    with serving(workspace, [*OLD, CLOSING]):
        document = plan_json(workspace)

    assert [code for code, _ in swap_findings(document)] == ["ESA530", "ESA532"]
    assert find_doubts(document) == [
        f"initial was not compared with readings: EnergyCAP lists none in the 62 days after {SWAP}"
    ]


def test_facts_are_never_sent(workspace: Workspace) -> None:
    define_swap(workspace, final=48_213, initial=12)

    with serving(workspace, SWAPPED) as service:
        workspace.run("plan", "--out", "plan.json")
        applied = workspace.run("apply", "plan.json")
        again = workspace.run("plan", "--detailed-exitcode")
        # The first are the readings.
        sent = [request.body for request in service.requests()][1:]

    assert (applied.code, again.code) == (0, 0)
    assert len(sent) == 1
    assert "swap" not in sent[0]
    journal = next((workspace.root / ".reconciler").glob("**/*.jsonl")).read_text(encoding="utf-8")
    assert '"swap":{"final":48213,"initial":12}' in journal


def guesses(document: Json) -> list[str]:
    return [fall["last_time"] for fall in document.get("register_falls", [])]


@pytest.mark.parametrize(("assignments", "says"), ANSWERS, ids=str)
def test_the_fall_of_a_register_is_offered_as_a_guess_of_the_date(
    workspace: Workspace, assignments: tuple[str, ...], says: str
) -> None:
    define_multiplier(workspace)

    with serving(workspace, SWAPPED, *assignments, says=says):
        text = workspace.run("plan", "-v")
        markdown = workspace.run("plan", "--format", "markdown").out
        page = workspace.run("plan", "--format", "html").out
        document = plan_json(workspace)

    sentence = (
        "the register falls from 48,213 to 12 between 2026-11-02 08:00 and 2026-11-02 08:15, so the version would "
        "begin at 2026-11-02 08:00"
    )
    for report in (text.out, markdown, page):
        assert sentence in " ".join(report.replace("`", "").split())
    assert '  - beginDate: "2026-11-02T08:00:00"  # a guess: check it\n' in text.out
    assert "looked for meter swaps in the readings of 1 channel\n" in text.err
    assert guesses(document) == [SWAP]


def test_a_saved_plan_shows_the_guess_again_and_is_applied_without_it(workspace: Workspace) -> None:
    define_multiplier(workspace)

    with serving(workspace, SWAPPED):
        workspace.run("plan", "--out", "plan.json")
        shown = workspace.run("show", "plan.json").out
        applied = workspace.run("apply", "plan.json", "-v")

    assert "# a guess: check it" in shown
    assert applied.code == 0
    assert "meter swap" not in applied.err


@pytest.mark.parametrize(
    "assignments",
    [("reading_list=forbidden",), ("reading_list=absent",), ("reading_rows=processed",), ("reading_times=utc",)],
    ids=str,
)
def test_without_readings_the_date_is_left_to_fill_in(workspace: Workspace, assignments: tuple[str, ...]) -> None:
    define_multiplier(workspace)

    with serving(workspace, SWAPPED, *assignments):
        answer = workspace.run("plan")

    assert answer.code == 0
    assert '- beginDate: "YYYY-MM-DDThh:mm:ss"' in answer.out
    assert "ESA53" not in answer.out


def test_a_snapshot_gives_no_guess(workspace: Workspace) -> None:
    define_multiplier(workspace)

    with serving(workspace, SWAPPED):
        workspace.run("snapshot", "--out", "copy.json")
        assert guesses(plan_json(workspace, "--snapshot", "copy.json")) == []


def count_requests(answer: Answer) -> int:
    found = re.search(r"requests: ([0-9]+)", answer.err)
    assert found, answer.err
    return int(found[1])


def test_channels_without_such_an_edit_cause_no_request(workspace: Workspace) -> None:
    channels = [make_register(number) for number in range(1, 40)]
    workspace.define({f"use-{number}": {"channelId": number, "channelInfo": f"U{number}"} for number in range(1, 40)})

    with serving(workspace, SWAPPED, channels=channels):
        renaming = workspace.run("plan", "-v")
        workspace.define({"use": {"channelId": 1, "esaChannelVersion": {"multiplier": 1}}})
        without = workspace.run("plan", "-v")

    assert count_requests(renaming) == count_requests(without)
    assert "meter swap" not in renaming.err + without.err


def test_no_more_than_a_few_channels_are_looked_at_and_that_is_said(workspace: Workspace) -> None:
    count = MAX_SEARCHES + 2
    define_multiplier(workspace, count)

    with serving(workspace, SWAPPED, channels=[make_register(number) for number in range(1, count + 1)]):
        answer = workspace.run("plan")

    assert (
        f"looked for meter swaps in the readings of {MAX_SEARCHES} channels only, and not in those of 2 more; "
        "choose the channels with --only\n"
    ) in answer.err


def test_a_swap_before_the_current_version_is_not_guessed_again(workspace: Workspace) -> None:
    versions = [make_version(10, rule="Odometer", endDate=SWAP), make_version(11, rule="Odometer", beginDate=SWAP)]
    define_multiplier(workspace)

    with serving(workspace, SWAPPED, channels=[make_channel(1, versions=versions, readings=True)]):
        assert guesses(plan_json(workspace)) == []


def test_of_a_year_of_readings_the_last_swap_is_found(workspace: Workspace) -> None:
    begin = datetime(2026, 1, 1)  # noqa: DTZ001 - local times have no zone
    hours = [begin + timedelta(hours=6 * index) for index in range(1200)]
    rows = [(at.isoformat(), float(100 + index if index < 300 else index - 300)) for index, at in enumerate(hours)]
    define_multiplier(workspace)

    with serving(workspace, [*rows, *((time, value + 9000) for time, value in SWAPPED if value > 100)]):
        assert guesses(plan_json(workspace)) == [hours[299].isoformat()]
