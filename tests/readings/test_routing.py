"""Where identifiers land, each looked at once."""

from __future__ import annotations

import pytest

from reconciler.model.identifiers import ESA_NAMES, Identifiers, ResolutionFailure, ResolutionStep
from reconciler.planning.identification import make_index
from reconciler.readings.flaws import BrokenFile, Flaw
from reconciler.readings.routing import Router
from tests.planning.tenant import make_live
from tests.readings.bench import CHANNELS, METER

NOTHING = ("", "", "", "", "", "", 1)


def test_a_landing_has_the_channel_and_the_way_there() -> None:
    landing = Router(CHANNELS).find(("", "", METER, "ELECDEMAND", "", "", 1))

    assert landing.pointers == Identifiers(meter_import_id=METER, observation_type_code="ELECDEMAND")
    assert (landing.route.channel_id, landing.route.decided_by) == (3, ResolutionStep.OBSERVATION_TYPE_CODE)
    assert (landing.channel, landing.flaws, landing.doubts) == (CHANNELS.by_id[3], (), ())


def test_a_doubt_keeps_nothing_from_landing() -> None:
    landing = Router(CHANNELS).find(("1", "USE-KW", "", "", "", "", 1))

    assert landing.channel == CHANNELS.by_id[1]
    assert [doubt.code for doubt in landing.doubts] == ["ESA617"]


@pytest.mark.parametrize(
    ("key", "code", "problem"),
    [
        (NOTHING, "ESA614", ResolutionFailure.NO_IDENTIFIER),
        (("99", *NOTHING[1:]), "ESA615", ResolutionFailure.UNMATCHED),
        (("", "", METER, *NOTHING[3:]), "ESA616", ResolutionFailure.AMBIGUOUS),
        (("x", "USE", *NOTHING[2:]), "ESA613", ResolutionFailure.NO_IDENTIFIER),
        (("", "NET", *NOTHING[2:]), "ESA618", None),
    ],
)
def test_what_cannot_land_has_a_flaw_and_no_channel(
    key: tuple[object, ...], code: str, problem: ResolutionFailure | None
) -> None:
    landing = Router(CHANNELS).find(key)

    assert ([flaw.code for flaw in landing.flaws], landing.route.failure, landing.channel) == ([code], problem, None)


def test_the_same_identifiers_are_looked_at_once() -> None:
    router = Router(CHANNELS)

    assert router.find(("1", *NOTHING[1:])) is router.find(("1", *NOTHING[1:]))


def test_the_esa_call_takes_whole_minutes_only() -> None:
    key = ("", "", METER, "ELECUSE", "KWH", "90", 1)

    assert Router(CHANNELS).find(key).flaws == ()
    assert Router(CHANNELS, ESA_NAMES).find(key).flaws == (
        Flaw("ESA613", "esaChannelIntervalMinutes must be whole minutes, found 90 seconds"),
    )


def test_near_names_are_looked_for_only_so_often() -> None:
    router = Router(make_index([make_live(1)]))

    details = [router.find(("", f"C-{number}", *NOTHING[2:])).flaws[0].detail for number in range(100, 130)]

    assert [bool(detail) for detail in details] == [True] * 20 + [False] * 10


def test_more_identifiers_than_channels_can_be_are_refused() -> None:
    router = Router(CHANNELS, most_keys=2)
    router.find(("1", *NOTHING[1:]))
    router.find(("2", *NOTHING[1:]))

    assert router.find(("1", *NOTHING[1:])).channel == CHANNELS.by_id[1]
    with pytest.raises(BrokenFile, match="the file names more than 2 channels"):
        router.find(NOTHING)
