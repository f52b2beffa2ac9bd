"""Settings and values in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import FIELD_AT
from reconciler.reports.setting_words import ShownValue, describe_value, name_setting, show_time

if TYPE_CHECKING:
    from reconciler.model.values import Value


def test_every_setting_that_a_file_can_hold_has_a_name() -> None:
    assert [path for path in FIELD_AT if name_setting(path) == path.rpartition(".")[2]] == []


def test_an_unknown_setting_keeps_its_own_name() -> None:
    assert name_setting("esaChannelVersion.newSetting") == "newSetting"


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("channelDescription", None, ShownValue("not set", is_word=True)),
        ("channelDescription", "", ShownValue("empty text", is_word=True)),
        ("channelDescription", "not set", ShownValue("“not set”")),
        ("isCalculated", True, ShownValue("yes", is_word=True)),
        ("isCalculated", False, ShownValue("no", is_word=True)),
        ("esaChannelVersion.multiplier", 0.001, ShownValue("0.001")),
        ("esaChannelVersion.unitCode", "KWH", ShownValue("KWH")),
        ("esaChannelVersion.unitCode", " KWH", ShownValue("“ KWH”")),
        ("esaChannelVersion.formula", "channel(a) * 2", ShownValue("channel(a) * 2")),
        ("esaChannelVersion.beginDate", None, ShownValue("from the beginning", is_word=True)),
        ("esaChannelVersion.beginDate", "2024-03-01T06:15:00", ShownValue("2024-03-01 06:15")),
        ("newSetting", "x", ShownValue("“x”")),
    ],
)
def test_a_value_is_told_from_the_words_that_stand_for_one(path: str, value: Value, shown: ShownValue) -> None:
    assert describe_value(path, value) == shown


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2024-03-01T00:00:00", "2024-03-01"),
        ("2024-03-01T06:15:00", "2024-03-01 06:15"),
        ("2024-03-01T06:15:30", "2024-03-01 06:15:30"),
        ("soon", "soon"),
    ],
)
def test_a_time_is_as_short_as_it_can_be(time: str, shown: str) -> None:
    assert show_time(time) == shown
