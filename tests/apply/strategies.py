"""Generated worlds and desired channels, and what may go wrong during an apply."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - hypothesis looks at the types of records
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from msgspec import Struct

from reconciler.model.channels import Definitions
from reconciler.model.project import ChannelEdit, Environment, PrimaryMove, VersionDates
from reconciler.planning.offline_checks import check_definitions
from reconciler.sandbox import describe_settings
from tests.apply.bench import want

if TYPE_CHECKING:
    from reconciler.model.channels import Desired
    from reconciler.model.values import Spec, Value

FIRST_ID = 100_001
CHANNELS = 8


def formulas() -> st.SearchStrategy[str]:
    terms = st.integers(FIRST_ID, FIRST_ID + CHANNELS - 1).map(lambda channel_id: f"channel({channel_id})")
    return st.lists(terms, min_size=1, max_size=2).map(" + ".join)


# Few at a time, for most combinations are not legal.
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "channelInfo": st.sampled_from(["North", "South", "Übersicht"]),
    "channelDescription": st.sampled_from([None, "", "Checked", " Checked "]),
    "channelImportId": st.sampled_from([None, "A", "B", "B00001-ELEC-USE", "B00001-ELEC-SUB"]),
    "isPrimaryValue": st.booleans(),
    "isPrimaryDemand": st.booleans(),
    "observationTypeCode": st.sampled_from(["ELECUSE", "ELECDEM"]),
    "summarizationMethod": st.sampled_from(["Sum", "Max"]),
    "intervalMinutes": st.sampled_from([5, 15]),
    "esaChannelVersion__multiplier": st.sampled_from([0, 1, 0.001, 0.1, -2.5]),
    "esaChannelVersion__observationRule": st.sampled_from(["Odometer", "Trip"]),
    "esaChannelVersion__rolloverValue": st.sampled_from([None, 1000]),
    "esaChannelVersion__maximumReading": st.sampled_from([None, 500]),
    "esaChannelVersion__offset": st.sampled_from([None, 0, 2.5]),
    "esaChannelVersion__unitCode": st.sampled_from(["KWH", "KW", "USD"]),
    "esaChannelVersion__beginDate": st.sampled_from([None, "2021-03-01T08:00:00", "2025-12-31"]),
}
SPECS: st.SearchStrategy[Spec] = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True).flatmap(
    lambda paths: st.fixed_dictionaries({path: VALUES[path] for path in paths})
)
CONVERSIONS: st.SearchStrategy[Spec] = formulas().map(
    lambda formula: {"isCalculated": True, "esaChannelVersion__formula": formula}
)
REVERSALS: st.SearchStrategy[Spec] = st.sampled_from([5, 60]).map(
    lambda minutes: {"isCalculated": False, "intervalMinutes": minutes}
)
# What readings find a channel by that names no channel, so that feeds could be rerouted.
ROUTINGS: st.SearchStrategy[Spec] = st.sampled_from(
    [
        *({"observationTypeCode": code} for code in ("ELECUSE", "ELECDEM")),
        *({"intervalMinutes": minutes} for minutes in (5, 15, 30, 60)),
        *({"esaChannelVersion__unitCode": code} for code in ("KWH", "KW", "CCF", "THERM")),
    ]
)
FORMULAS: st.SearchStrategy[Spec] = formulas().map(lambda formula: {"esaChannelVersion__formula": formula})


# What anybody may edit at any time, so that a plan has work to do and others have something to edit.
FOREIGN = ("channelDescription", "channelImportId", "channelInfo", "esaChannelVersion.multiplier")
_PLAIN: st.SearchStrategy[Spec] = st.lists(
    st.sampled_from([path.replace(".", "__") for path in FOREIGN]), min_size=1, max_size=2, unique=True
).flatmap(lambda paths: st.fixed_dictionaries({path: VALUES[path] for path in paths}))


@st.composite
def desired_channels(draw: st.DrawFn) -> tuple[Desired, ...]:
    """Several desired channels: as many of those drawn as break no rule together."""
    ids = draw(st.lists(st.integers(FIRST_ID, FIRST_ID + CHANNELS - 1), min_size=3, max_size=CHANNELS, unique=True))
    specs = st.one_of(_PLAIN, _PLAIN, SPECS, ROUTINGS, ROUTINGS, CONVERSIONS, FORMULAS, REVERSALS)
    sound: tuple[Desired, ...] = ()
    for channel_id in sorted(ids):
        one = want(f"c{channel_id}", channel_id, **draw(specs))
        if not check_definitions(Definitions((*sound, one), (), (), "sha256:0")):
            sound = (*sound, one)
    return sound


seeds = st.integers(0, 50)

# What reconciler.yaml says of a service that gives dates with a zone.
_MEANINGS = {
    "version_dates=z_wall_time": VersionDates.WALL_TIME,
    "version_dates=offset": VersionDates.WALL_TIME,
    "version_dates=utc": VersionDates.UTC,
}
# What the vendor leaves open and an apply may meet; readings have settings of their own.
_OPEN = [
    assignment
    for row in describe_settings()
    for value in row.values
    if not (assignment := f"{row.name}={value}").startswith("v3_")
]
_assignments = st.lists(
    st.sampled_from(_OPEN),
    max_size=8,
    unique_by=lambda assignment: assignment.partition("=")[0],
)


@st.composite
def services(draw: st.DrawFn) -> tuple[tuple[str, ...], Environment]:
    """Answers to what the vendor leaves open, and what reconciler.yaml says of such a service."""
    chosen = draw(_assignments)
    is_echoed = "missing_version=reject" in chosen
    if is_echoed:
        chosen = [*chosen, "put_version_semantics=latest"]
    channel_edit = ChannelEdit.ECHO_LATEST if is_echoed else ChannelEdit.OMIT_VERSION
    meaning = next((_MEANINGS[one] for one in chosen if one in _MEANINGS), None)
    return tuple(chosen), Environment(
        "sandbox", "sandbox", "", draw(st.sampled_from(PrimaryMove)), channel_edit, meaning
    )


_WHERE = (
    "",
    "PUT",
    "PUT",
    "GET",
    "GET /api/v202406/esachannel",
    "GET /api/v202406/esachannel/*",
    "PUT",
    "PUT /*/version/*",
)
_WHAT = (
    "429 retry-after=0",
    "400",
    "401",
    "500-before",
    "500-after",
    "503-before",
    "503-after",
    "drop-before",
    "drop-after",
    "truncated-body",
    "truncated-page",
    "shuffled-page",
    "other-writer",
    "other-writer=channelInfo",
    "other-writer=multiplier",
    "deprecated",
)
_HOW_OFTEN = ("", "x1", "x2", "x4", "every=2", "every=3", "p=0.3", "p=0.7 seed=1")


@st.composite
def faults(draw: st.DrawFn) -> str:
    """One fault, as `sandbox serve --fault` takes it."""
    where, what, often = (draw(st.sampled_from(words)) for words in (_WHERE, _WHAT, _HOW_OFTEN))
    return " ".join(f"{where} {what} @{draw(st.sampled_from([1, 1, 1, 2, 2, 3, 5, 8]))} {often}".split())


class ForeignEdit(Struct, frozen=True):
    """Somebody else edits one property of one channel: `number` of all, or of those that the plan changes.

    `hits` says that the property is one that the plan wants otherwise, where there is one.
    """

    number: int
    path: str
    is_planned: bool
    hits: bool


class Run(Struct, frozen=True):
    """One apply of the plan: what strikes it, where it ends, and who edits before which of its requests.

    `lost` is the share of what no disk had yet that is lost with the power, where the run is killed.
    """

    faults: tuple[str, ...]
    dies_at: int | None
    dies_after_answer: bool
    stops_at: int | None
    edits: Mapping[int, ForeignEdit]
    lost: float


foreign_edits = st.builds(
    ForeignEdit, st.integers(0, CHANNELS - 1), st.sampled_from(FOREIGN), st.booleans(), st.booleans()
)
_moments = st.integers(0, 20)
runs = st.builds(
    Run,
    faults=st.lists(faults(), max_size=3).map(tuple),
    dies_at=st.none() | _moments,
    dies_after_answer=st.booleans(),
    stops_at=st.none() | st.none() | _moments,
    edits=st.dictionaries(_moments, foreign_edits, max_size=2),
    lost=st.sampled_from([0.0, 0.5, 1.0]),
)
calm_runs = st.builds(
    Run,
    faults=st.lists(faults().filter(lambda fault: "other-writer" not in fault), max_size=3).map(tuple),
    dies_at=st.none() | _moments,
    dies_after_answer=st.booleans(),
    stops_at=st.none() | st.none() | _moments,
    edits=st.just({}),
    lost=st.sampled_from([0.0, 0.5, 1.0]),
)
# Half of them without anybody else, for there the end is known to the last value.
histories = st.lists(calm_runs, min_size=1, max_size=4).map(tuple) | st.lists(
    runs | foreign_edits, min_size=1, max_size=5
).map(tuple)
