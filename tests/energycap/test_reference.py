"""Reference data, and the snapshot file that holds it offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler import sandbox
from reconciler.energycap.client import open_reader
from reconciler.energycap.mapping import live_from_response
from reconciler.energycap.reference import (
    Listed,
    make_reference,
    read_snapshot_file,
    render_snapshot_file,
    snapshot_from_file,
    types_from_response,
    units_from_response,
)
from reconciler.errors import FileError
from reconciler.model.channels import ObservationType, ReferenceData, SummarizationMethod, Unit
from tests.energycap.documents import make_channel, make_version

if TYPE_CHECKING:
    from pathlib import Path


def test_units_are_read_with_their_type() -> None:
    units = units_from_response(
        [
            {
                "unitId": 2,
                "unitCode": "USD",
                "unitType": {"unitTypeId": 9, "unitTypeCode": "M", "unitTypeInfo": "Money"},
            },
            {"unitId": 1, "unitCode": "KWH", "unitInfo": "Kilowatt hour"},
        ]
    )

    assert units == Listed({1: Unit(1, "KWH"), 2: Unit(2, "USD", "M", "Money")})


def test_observation_types_are_read_with_their_noun() -> None:
    types = types_from_response(
        [
            {"observationTypeId": 4, "observationTypeCode": "ELECDEM", "nounCode": "Demand"},
            {"observationTypeId": 3, "observationTypeCode": "ELECUSE", "nounCode": None},
        ]
    )

    assert types == Listed({3: ObservationType(3, "ELECUSE"), 4: ObservationType(4, "ELECDEM", "Demand")})


@pytest.mark.parametrize(
    ("document", "unread"),
    [
        ({}, "the answer should be a list, found an object"),
        (True, "the answer should be a list, found true"),
        (None, "the answer should be a list, found nothing"),
        ([7], "1 of its 1 entries cannot be read: it should be an object, found 7"),
        ([{"unitId": "1"}], "1 of its 1 entries cannot be read: unitId should be an id, found text"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(document: object, unread: str) -> None:
    assert units_from_response(document) == Listed({}, unread)


def test_an_entry_that_cannot_be_read_is_left_out_and_counted() -> None:
    units = [{"unitId": 1, "unitCode": None}, {"unitId": 2, "unitCode": "KWH", "unitType": 7}, {"unitCode": "KW"}]
    types = [{"observationTypeId": 3}, {"observationTypeId": 4, "observationTypeCode": "ELECDEM"}]

    assert units_from_response(units) == Listed(
        {2: Unit(2, "KWH")}, "2 of its 3 entries cannot be read: unitCode should be text, found nothing"
    )
    assert types_from_response(types) == Listed(
        {4: ObservationType(4, "ELECDEM")},
        "1 of its 2 entries cannot be read: observationTypeCode should be text, found nothing",
    )


def test_what_only_channels_show_is_added_and_all_is_ordered_by_id() -> None:
    old = make_version(unit={"unitId": 8, "unitCode": "M3"}, channelVersionId=1, endDate="2026-01-01")
    new = make_version(beginDate="2026-01-01")
    channels = [
        live_from_response(make_channel(channelVersions=[old, new])),
        live_from_response(
            make_channel(
                observationType={"observationTypeId": 2, "observationTypeCode": "GASUSE"},
                summarizationMethod={"summarizationMethodId": 4, "summarizationMethodInfo": "Max"},
            )
        ),
    ]

    reference = make_reference(
        Listed({1: Unit(1, "kWh")}), Listed({3: ObservationType(3, "ELECUSE", "Use")}, "it was refused"), channels
    )

    assert reference == ReferenceData(
        units=(Unit(1, "kWh"), Unit(8, "M3")),
        observation_types=(ObservationType(2, "GASUSE"), ObservationType(3, "ELECUSE", "Use")),
        summarization_methods=(SummarizationMethod(4, "Max"), SummarizationMethod(5, "Sum")),
        observation_types_unread="it was refused",
    )


def test_an_empty_list_counts_as_unread_if_channels_use_its_entries() -> None:
    reference = make_reference(Listed({}), Listed({}, "it was refused"), [live_from_response(make_channel())])

    assert reference.units_unread == "it is empty, but channels use some of them"
    assert reference.observation_types_unread == "it was refused"


def test_what_channels_show_without_id_or_name_is_not_used() -> None:
    channel = make_channel(
        observationType={"observationTypeId": 2},
        summarizationMethod={"summarizationMethodInfo": "Max"},
        channelVersions=[make_version(unit=None)],
    )

    assert make_reference(Listed({}), Listed({}), [live_from_response(channel)]) == ReferenceData()


TAKEN = "2026-11-21T08:00:00Z"


def test_a_snapshot_file_gives_the_snapshot_of_the_service(tmp_path: Path) -> None:
    with (
        sandbox.running(tmp_path / "sandbox.sqlite3", sandbox.generate(60, 3)) as service,
        open_reader(service.url, "sandbox") as reader,
    ):
        text = render_snapshot_file(reader.read_raw_snapshot(), environment="local", taken=TAKEN)
        assert snapshot_from_file(read_snapshot_file(text)) == (reader.read_snapshot(), TAKEN)


def test_the_sandbox_loads_a_snapshot_file_as_its_world(tmp_path: Path) -> None:
    with sandbox.running(tmp_path / "one.sqlite3") as service, open_reader(service.url, "sandbox") as reader:
        (tmp_path / "world.json").write_text(
            render_snapshot_file(reader.read_raw_snapshot(), environment="local", taken=TAKEN)
        )
        expected = reader.read_snapshot()
    world = sandbox.read_world(tmp_path / "world.json")
    with sandbox.running(tmp_path / "two.sqlite3", world) as service, open_reader(service.url, "sandbox") as reader:
        assert reader.read_snapshot() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"formatVersion": 1', "the file is not a snapshot, or was cut short: it is not JSON"),
        ("[" * 100_000, "the file is not a snapshot: its JSON is nested too deeply"),
        ("[" * 500 + "]" * 500, "the file is not a snapshot: its JSON is nested too deeply"),
        ("[]", "the file is not a snapshot of format 1"),
        ('{"formatVersion": 2}', "the file is not a snapshot of format 1"),
        (
            '{"formatVersion": 1, "channels": [1e999]}',
            "the snapshot cannot be used: it holds NaN, Infinity or a number too large to store",
        ),
        (
            '{"formatVersion": 1, "channels": [NaN]}',
            "the snapshot cannot be used: it holds NaN, Infinity or a number too large to store",
        ),
        ('{"formatVersion": 1, "formatVersion": 1}', "one object has the key 'formatVersion' twice"),
    ],
)
def test_a_file_that_is_not_a_snapshot_is_refused(text: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        read_snapshot_file(text)


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ({}, "channels should be a list of objects, found nothing"),
        ({"channels": [{"channelInfo": "Use"}]}, "a channel comes without its channelId"),
        ({"channels": [], "taken": 3}, "taken should be text, found 3"),
    ],
)
def test_an_incomplete_snapshot_file_is_refused(world: dict[str, object], message: str) -> None:
    with pytest.raises(FileError, match="the snapshot cannot be used") as refusal:
        snapshot_from_file(world)
    assert message in str(refusal.value)


def test_a_channel_twice_is_refused(tmp_path: Path) -> None:
    with sandbox.running(tmp_path / "one.sqlite3") as service, open_reader(service.url, "sandbox") as reader:
        world = reader.read_raw_snapshot()
    channels = world["channels"]
    assert isinstance(channels, list)
    with pytest.raises(FileError, match="a channel is in it twice"):
        snapshot_from_file({**world, "channels": [*channels, channels[0]]})
