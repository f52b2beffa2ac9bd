from __future__ import annotations

import pytest

from reconciler.sandbox import Fault, FaultError, describe_faults, parse_fault, parse_faults
from reconciler.sandbox.faults import FaultKind, Schedule

PUT = ("PUT", "/api/v202406/esachannel/1042")
GET = ("GET", "/api/v202406/esachannel")
ALL_KINDS = (
    "latency, drop-before, drop-after, die-before, die-after, truncated-page, truncated-body, shuffled-page, "
    "other-writer, deprecated, 429, 503-before, 503-after"
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "PUT /api/v202406/esaChannel/* 503-after x2 @3 p=0.1 seed=7",
            Fault(
                text="503-after",
                kind=FaultKind.STATUS_AFTER,
                status=503,
                method="PUT",
                path="/api/v202406/esachannel/*",
                first=3,
                count=2,
                share=0.1,
                seed=7,
            ),
        ),
        ("latency=50", Fault(text="latency=50", kind=FaultKind.LATENCY, milliseconds=50)),
        ("x3 retry-after=2 get 429", Fault("429", FaultKind.STATUS_BEFORE, 429, method="GET", count=3, retry_after=2)),
        ("500-before every=10", Fault("500-before", FaultKind.STATUS_BEFORE, 500, every=10)),
        ("drop-after p=1", Fault("drop-after", FaultKind.DROP_AFTER)),
        ("other-writer", Fault("other-writer", FaultKind.OTHER_WRITER)),
        ("other-writer=multiplier", Fault("other-writer=multiplier", FaultKind.OTHER_WRITER, property="multiplier")),
    ],
)
def test_a_fault_is_read_from_words_in_any_order(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind.value.islower() and kind is not FaultKind.LATENCY])
def test_every_kind_can_be_asked_for_by_name(kind: FaultKind) -> None:
    assert parse_fault(kind.value) == Fault(text=kind.value, kind=kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "PUT x2",
            f"the fault 'PUT x2' does not say what happens; there are {ALL_KINDS}",
        ),
        ("drop-befor", "'drop-befor' has no meaning in a fault; did you mean drop-before?"),
        ("drop-before=3", "'drop-before=3' has no meaning in a fault; did you mean drop-before?"),
        ("503-afterwards", "'503-afterwards' has no meaning in a fault; did you mean 503-after?"),
        ("latency", "'latency' is written latency=MILLISECONDS"),
        ("latency=-1", "'latency=-1' is written latency=MILLISECONDS"),
        (
            "other-writer=colour",
            "'other-writer=colour' is written other-writer, other-writer=channelInfo, =channelDescription, =multiplier",
        ),
        ("429 503", "the fault '429 503' says kind twice"),
        ("429 GET PUT", "the fault '429 GET PUT' says method twice"),
        ("429 p=1.5", "'p=1.5' has no meaning in a fault; did you mean p?"),
        ("429 x0", "'x0' has no meaning in a fault; did you mean x?"),
    ],
)
def test_an_unknown_word_is_refused(text: str, message: str) -> None:
    with pytest.raises(FaultError) as failure:
        parse_fault(text)

    assert str(failure.value) == message


def test_a_word_that_resembles_none_is_answered_with_all_kinds() -> None:
    with pytest.raises(FaultError, match=r"^'qqq' has no meaning in a fault; there are latency, drop-before"):
        parse_fault("qqq")


def test_every_kind_has_a_sentence() -> None:
    assert [name for name, _ in describe_faults()] == [kind.value for kind in FaultKind]
    assert all(sentence.endswith(".") for _, sentence in describe_faults())


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("429", [1, 2, 3, 4, 5, 6]),
        ("429 @4", [4, 5, 6]),
        ("429 x2", [1, 2]),
        ("429 every=2", [1, 3, 5]),
        ("429 @2 x2 every=3", [2, 5]),
        ("429 p=0", []),
        ("GET 429", []),
        ("/api/v202406/datapoint/* 429", []),
        ("/API/*/esaChannel/* 429 x1", [1]),
    ],
)
def test_a_fault_strikes_when_it_says(text: str, struck: list[int]) -> None:
    schedule = Schedule(parse_faults([text]))

    assert [number for number in range(1, 7) if schedule.next_faults(*PUT)] == struck


def test_a_share_is_drawn_by_a_seed() -> None:
    first, again, other = (Schedule(parse_faults([f"429 p=0.25 seed={seed}"])) for seed in (1, 1, 2))

    draws = [[bool(schedule.next_faults(*PUT)) for _ in range(400)] for schedule in (first, again, other)]

    assert draws[0] == draws[1] != draws[2]
    assert 70 < sum(draws[0]) < 130


def test_only_requests_that_match_are_counted() -> None:
    schedule = Schedule(parse_faults(["PUT 503-after @2"]))

    assert [len(schedule.next_faults(*request)) for request in (PUT, GET, GET, PUT)] == [0, 0, 0, 1]


def test_several_faults_strike_together_in_their_order() -> None:
    schedule = Schedule(parse_faults(["latency=5", "GET 429", "PUT drop-after"]))

    assert [fault.text for fault in schedule.next_faults(*PUT)] == ["latency=5", "drop-after"]
