"""Settings and values in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import FIELD_AT
from reconciler.reports.setting_words import ValueText, describe_value, format_time, setting_name

if TYPE_CHECKING:
    from reconciler.model.values import Value


def test_every_setting_that_a_file_can_hold_has_a_name() -> None:
    assert [path for path in FIELD_AT if setting_name(path) == path.rpartition(".")[2]] == []


def test_an_unknown_setting_keeps_its_own_name() -> None:
    assert setting_name("esaChannelVersion.newSetting") == "newSetting"


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("channelDescription", None, ValueText("not set", is_word=True)),
        ("channelDescription", "", ValueText("empty text", is_word=True)),
        ("channelDescription", "not set", ValueText("“not set”")),
        ("isCalculated", True, ValueText("yes", is_word=True)),
        ("isCalculated", False, ValueText("no", is_word=True)),
        ("esaChannelVersion.multiplier", 0.001, ValueText("0.001")),
        ("esaChannelVersion.unitCode", "KWH", ValueText("KWH")),
        ("esaChannelVersion.unitCode", " KWH", ValueText("“ KWH”")),
        ("esaChannelVersion.formula", "channel(a) * 2", ValueText("channel(a) * 2")),
        ("esaChannelVersion.beginDate", None, ValueText("from the beginning", is_word=True)),
        ("esaChannelVersion.beginDate", "2024-03-01T06:15:00", ValueText("2024-03-01 06:15")),
        ("newSetting", "x", ValueText("“x”")),
    ],
)
def test_a_value_is_told_from_the_words_that_stand_for_one(path: str, value: Value, shown: ValueText) -> None:
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
    assert format_time(time) == shown
