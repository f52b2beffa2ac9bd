"""Feeds as the files declare them."""

from __future__ import annotations

import pytest

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.offline_checks import check_feeds
from tests.planning.offline_files import make_channel, make_feed, tell

CHANNELS = (make_channel("nb-elec-use"), make_channel("nb-elec-demand"))
POINTERS = Identifiers(meter_import_id="NB-01", unit_code="KWH")


def test_feeds_that_expect_channels_of_the_files_are_sound() -> None:
    other = Identifiers(meter_import_id="NB-01", unit_code="KW")

    feeds = (make_feed("use", "nb-elec-use", POINTERS), make_feed("demand", "nb-elec-demand", other))

    assert tuple(check_feeds(feeds, CHANNELS)) == ()


def test_two_loggers_may_feed_one_channel() -> None:
    feeds = (make_feed("main", "nb-elec-use", POINTERS), make_feed("spare", "nb-elec-use", POINTERS))

    assert tuple(check_feeds(feeds, CHANNELS)) == ()


def test_an_unknown_channel_gets_the_nearest_name() -> None:
    assert tuple(check_feeds((make_feed("use", "nb-elec-uze", POINTERS),), CHANNELS)) == (
        Finding(
            code="ESA341",
            severity=Severity.ERROR,
            message="feed expects an unknown channel, found expect: nb-elec-uze",
            location=Location("channels/north.yaml", 40, path=("feeds", "use", "expect")),
            fix="did you mean  expect: nb-elec-use",
        ),
    )


def test_an_import_id_is_answered_with_the_name_of_its_channel() -> None:
    channels = (make_channel("nb-electricity", {"channelImportId": "NB-USE"}), make_channel("nb-net-use"))

    (finding,) = check_feeds((make_feed("use", "NB-USE", POINTERS),), channels)

    assert finding.fix == "did you mean  expect: nb-electricity"


def test_an_unknown_channel_without_a_near_name_gets_the_general_way_out() -> None:
    (finding,) = check_feeds((make_feed("use", "steam", POINTERS),), CHANNELS)

    assert finding.fix == "write the name of a channel in these files"


@pytest.mark.parametrize(
    ("pointers", "found"),
    [(Identifiers(), "none"), (Identifiers(unit_code="KWH"), "only unitCode KWH")],
    ids=["nothing", "no identifier among them"],
)
def test_a_feed_needs_an_identifier(pointers: Identifiers, found: str) -> None:
    assert tell(check_feeds((make_feed("use", "nb-elec-use", pointers),), CHANNELS)) == [
        ("ESA342", "feeds use", f"feed has no identifier of a channel or meter, found {found}")
    ]


def test_feeds_with_the_same_identifiers_expect_the_same_channel() -> None:
    feeds = (make_feed("one", "nb-elec-use", POINTERS, 40), make_feed("two", "nb-elec-demand", POINTERS, 50))

    (finding,) = check_feeds(feeds, CHANNELS)

    assert tell([finding]) == [
        (
            "ESA343",
            "feeds two expect",
            "feed expects another channel than one (channels/north.yaml:40), found expect: nb-elec-demand",
        )
    ]
    assert finding.detail == (
        "identifiers of both: data point or meter NB-01, unitCode KWH",
        "one (channels/north.yaml:40) expects nb-elec-use",
    )


def test_feeds_without_identifiers_are_not_compared() -> None:
    feeds = (make_feed("one", "nb-elec-use", Identifiers()), make_feed("two", "nb-elec-demand", Identifiers()))

    assert [finding.code for finding in check_feeds(feeds, CHANNELS)] == ["ESA342", "ESA342"]
