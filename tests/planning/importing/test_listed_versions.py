"""Live versions that are new since a file listed the versions of its channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.channel_writer import is_representable
from reconciler.model.channels import Definitions, DesiredVersion, Live, Snapshot, Version
from reconciler.planning.importing.drafting import make_import_context
from reconciler.planning.importing.inventory import FileHeader, ImportOptions, Skipped, make_inventory
from reconciler.planning.importing.listed_versions import add_new_versions, name_items
from reconciler.planning.importing.updates import Updates
from tests.planning.tenant import REFERENCE, V, make_calculated, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Desired
    from reconciler.model.values import Spec

HOME = "channels/north.yaml"
FIRST, SECOND, THIRD = "2024-01-01T00:00:00", "2025-01-01T00:00:00", "2026-01-01T00:00:00"


def begin_at(live: Live, *begins: str) -> Live:
    """`live` with a version for each of these begins; their multipliers count from 1."""
    versions = [
        Version(
            10 + number,
            begin or None,
            None,
            {**live.current.values, f"{V}beginDate": begin or None, f"{V}multiplier": number + 1},
        )
        for number, begin in enumerate(begins)
    ]
    return live.with_versions(tuple(versions))


def list_versions(*begins: str, **spec: bool) -> Desired:
    """A channel of the files that lists these versions, without a setting in any of them."""
    versions = tuple(DesiredVersion(begin, index, {}) for index, begin in enumerate(begins))
    return make_desired("use", 1, spec, versions=versions)


def add(desired: Desired, live: Live, updates: Updates | None = None, defaults: Spec | None = None) -> Updates:
    definitions = Definitions((desired,), (), (HOME,), "sha256:0")
    inventory = make_inventory(definitions, Snapshot((live,), REFERENCE))
    context = make_import_context((), inventory, {}, ImportOptions(is_representable))
    header = FileHeader("NB-ELEC", defaults or {})
    return add_new_versions(updates or Updates({}, ()), [(desired, live)], context, lambda _file: header)


def settings(begin: str, multiplier: int) -> dict[str, object]:
    """The settings of a version as an import writes them, by paths that name it."""
    values = {"unitCode": "KWH", "observationRule": "Trip", "multiplier": multiplier}
    return {f"channelVersions[{begin}].{key}": value for key, value in values.items()}


def taken(updates: Updates) -> Spec:
    """What is written of the one channel, with the begin of each version in its paths."""
    spec = updates.files.get(HOME, {}).get("use", {})
    return name_items(spec, updates.currents["use"])


def test_versions_that_began_since_are_added_and_what_differs_elsewhere_stays() -> None:
    live = begin_at(make_live(1), "", FIRST, SECOND, THIRD)
    earlier = Updates({HOME: {"use": {"channelInfo": "Other"}}, "other.yaml": {"net": {"channelInfo": "Net"}}}, ())

    updates = add(list_versions("", SECOND), live, earlier)

    assert taken(updates) == {"channelInfo": "Other", **settings(FIRST, 2), **settings(THIRD, 4)}
    assert updates.files["other.yaml"] == {"net": {"channelInfo": "Net"}}


def test_what_begins_before_the_list_does_is_no_news() -> None:
    assert add(list_versions(SECOND), begin_at(make_live(1), "", FIRST, SECOND)).files == {}


def test_a_channel_of_which_a_value_cannot_be_written_gets_no_version_either() -> None:
    lost = Updates({}, (Skipped("use", "channelInfo", "a file cannot hold this value"),))

    assert add(list_versions(""), begin_at(make_live(1), "", FIRST), lost).files == {}


@pytest.mark.parametrize(
    ("live", "begin", "reason"),
    [
        (
            make_live(1),
            "2025-01-01T00:00:00Z",
            "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml",
        ),
        (make_live(1), "2025-02-30T00:00:00", "a file cannot hold this value"),
        (
            make_calculated(1, "channel(2)"),
            SECOND,
            "refused by ESA421: A calculated channel lists several versions.",
        ),
    ],
    ids=["a zone", "no day", "calculated"],
)
def test_a_version_that_a_file_cannot_list_is_left_out_with_the_reason(live: Live, begin: str, reason: str) -> None:
    updates = add(list_versions(""), begin_at(live, "", begin))

    assert (updates.files, updates.left_out) == ({}, (Skipped("use", f"channelVersions[{begin}]", reason),))


def test_what_breaks_a_rule_of_the_files_is_left_out_of_the_new_version() -> None:
    live = begin_at(make_live(1, {f"{V}rolloverValue": 100}), "", FIRST)

    updates = add(list_versions(""), live)

    assert taken(updates) == settings(FIRST, 2)
    assert [(left.path, left.reason.partition(":")[0]) for left in updates.left_out] == [
        (f"channelVersions[{FIRST}].rolloverValue", "refused by ESA214")
    ]


def test_only_the_version_that_becomes_the_last_overrides_the_defaults_of_its_file() -> None:
    live = begin_at(make_live(1), "", FIRST, SECOND)

    after = add(list_versions(""), live, defaults={f"{V}offset": 7, f"{V}beginDate": None})
    before = add(list_versions("", "2030-01-01T00:00:00"), live, defaults={f"{V}offset": 7})

    assert taken(after) == {
        **settings(FIRST, 2),
        **settings(SECOND, 3),
        f"channelVersions[{SECOND}].offset": None,
    }
    assert taken(before) == {**settings(FIRST, 2), **settings(SECOND, 3)}


def test_a_default_that_no_file_can_override_keeps_its_version_out() -> None:
    live = begin_at(make_live(1, {f"{V}maximumReading": 0.1 + 0.2}), "", FIRST)

    updates = add(list_versions(""), live, defaults={f"{V}maximumReading": 5})

    assert updates.files == {}
    assert updates.left_out[-1] == Skipped(
        "use",
        f"channelVersions[{FIRST}]",
        f"the defaults of {HOME} give it another {V}maximumReading",
    )
