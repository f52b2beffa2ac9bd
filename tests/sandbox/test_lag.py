from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bench import CHANNELS

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench, Start

# 1042 is the primary value channel of its data point, which 1043 is on too; 1046 has two versions.
PRIMARY, BESIDE, SWAPPED = 1042, 1043, 1046


@pytest.fixture
def late(start: Start) -> Bench:
    return start("read_lag=reads")


def described(bench: Bench, channel_id: int) -> str:
    text: str = bench.read(channel_id)["channelDescription"]
    return text


def test_two_more_reads_show_a_channel_as_it_was(late: Bench) -> None:
    before = late.read(BESIDE)

    answer = late.put(BESIDE, channelDescription="Checked").json()

    assert answer["channelDescription"] == "Checked"
    assert [late.read(BESIDE) for _ in range(4)] == [before, before, answer, answer]


def test_writes_become_visible_one_after_the_other(late: Bench) -> None:
    body = late.edit_text(BESIDE)
    path = f"{CHANNELS}/{BESIDE}"
    late.client.put(path, content=body.replace('"channelDescription": null', '"channelDescription": "First"'))
    shown = [described(late, BESIDE)]
    late.client.put(path, content=body.replace('"channelDescription": null', '"channelDescription": "Second"'))

    shown += [described(late, BESIDE) for _ in range(3)]

    assert shown == [None, None, "First", "Second"]


def test_each_way_to_read_a_channel_counts_and_lags(late: Bench) -> None:
    late.put_version(f"{CHANNELS}/{SWAPPED}/version/10461", multiplier=7)

    versions = late.client.get(f"{CHANNELS}/{SWAPPED}/version").json()
    (row,) = late.client.get(CHANNELS, params={"filter": f"channelId equals '{SWAPPED}'"}).json()
    version = late.client.get(f"{CHANNELS}/{SWAPPED}/version/10461").json()

    assert [versions[-1]["multiplier"], row["channelVersions"][-1]["multiplier"], version["multiplier"]] == [1, 1, 7]


def test_a_channel_that_loses_a_flag_to_another_lags_too(late: Bench) -> None:
    late.put(BESIDE, isPrimaryValue=True).raise_for_status()

    assert [late.read(PRIMARY)["isPrimaryValue"] for _ in range(3)] == [True, True, False]


def test_reads_of_other_channels_do_not_count(late: Bench) -> None:
    late.put(BESIDE, channelDescription="Checked")

    for _ in range(3):
        late.read(PRIMARY)

    assert described(late, BESIDE) is None


def test_a_refused_write_makes_nothing_lag(late: Bench) -> None:
    before = late.read(BESIDE)

    assert late.put(BESIDE, channelInfo="").status_code == 400
    assert late.put(BESIDE, channelDescription="Checked").status_code == 200

    assert [late.read(BESIDE) == before for _ in range(3)] == [True, True, False]


def test_without_the_setting_a_write_shows_at_once(demo: Bench) -> None:
    demo.put(BESIDE, channelDescription="Checked")

    assert described(demo, BESIDE) == "Checked"
