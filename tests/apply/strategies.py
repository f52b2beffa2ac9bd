"""Generated worlds and desired channels, and what may go wrong during an apply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence  # noqa: TC003 - hypothesis looks at the types of records
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import Definitions, Desired
from reconciler.model.identifiers import Identifiers
from reconciler.model.project import ChannelEdit, Environment, PrimaryMove, VersionDates, VersionInsert
from reconciler.planning.offline_checks import check_definitions
from reconciler.sandbox import describe_settings, generate
from tests.apply.bench import want, want_versions

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value
    from reconciler.sandbox import World

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


def generate_world(seed: int) -> World:
    """The world of `seed`, a new copy for each caller."""
    world: World = json.loads(_generate(seed))
    return world


@cache
def _generate(seed: int) -> str:
    return json.dumps(generate(CHANNELS, seed))


# When versions begin: in the time of readings (2021-07-01 to 2026-11-20) and after it, at the last reading, and in the
# hour that a data point in New York has twice.
_LIVE_BEGINS = ("2022-03-01T08:00:00", "2024-11-03T01:30:00", "2025-06-30T23:59:59", "2026-11-20T23:45:00")
_LATE_BEGINS = ("2026-12-24T00:00:00", "2027-01-01T08:00:00", "2027-03-14T12:30:00")
NEW_BEGINS = ("2021-03-01T00:00:00", "2023-07-01T12:00:00", *_LATE_BEGINS)
_SETTINGS: dict[str, st.SearchStrategy[Value]] = {
    "multiplier": st.sampled_from([0, 1, 0.001, 7, -2.5]),
    "isValuePositive": st.booleans(),
    "maximumReading": st.sampled_from([None, 500]),
    "minimumReading": st.sampled_from([None, 0, -250]),
    "observationRule": st.sampled_from(["Odometer", "Trip"]),
    "offset": st.sampled_from([None, 2.5]),
    "rolloverValue": st.sampled_from([None, 1000]),
    "unitCode": st.sampled_from(["KWH", "KW", "CCF"]),
}
_VERSION_SPECS: st.SearchStrategy[Spec] = st.lists(
    st.sampled_from(["multiplier", *sorted(_SETTINGS)]), max_size=2, unique=True
).flatmap(lambda names: st.fixed_dictionaries({f"esaChannelVersion.{name}": _SETTINGS[name] for name in names}))


class VersionCase(Struct, frozen=True):
    """A generated world whose channels have more versions, by their ids the begins of these; and what files want."""

    seed: int
    begins: Mapping[int, Sequence[str]]
    desired: tuple[Desired, ...]

    def make_world(self) -> World:
        return make_version_world(self.seed, self.begins)


def make_version_world(seed: int, begins: Mapping[int, Sequence[str]]) -> World:
    """The world of `seed`, but each channel with a version from the beginning and one from each of its `begins`."""
    world = generate_world(seed)
    for channel in world["channels"]:
        last = channel["channelVersions"][-1]
        channel["channelVersions"] = [
            last | {"channelVersionId": channel["channelId"] * 10 + place, "beginDate": begin, "multiplier": 10**place}
            for place, begin in enumerate([None, *begins.get(channel["channelId"], ())])
        ]
    return world


@st.composite
def listed_channels(draw: st.DrawFn, world: World) -> tuple[Desired, ...]:
    """Channels of `world` whose files list versions: some that are there, new ones, or both; few list none.

    As many of those drawn as break no rule together.
    """
    ids = draw(st.lists(st.integers(FIRST_ID, FIRST_ID + CHANNELS - 1), min_size=2, max_size=CHANNELS, unique=True))
    sound: tuple[Desired, ...] = ()
    for live in [one for one in world["channels"] if one["channelId"] in ids]:
        one = draw(st.one_of(_lists(live), _lists(live), _lists(live), _moves(live)))
        if not check_definitions(Definitions((*sound, one), (), (), "sha256:0")):
            sound = (*sound, one)
    return sound


@st.composite
def version_cases(draw: st.DrawFn) -> VersionCase:
    seed = draw(seeds)
    simple = [one["channelId"] for one in generate_world(seed)["channels"] if not one["isCalculated"]]
    some = st.lists(st.sampled_from(_LIVE_BEGINS), max_size=3, unique=True).map(sorted)
    begins = {channel_id: draw(some) for channel_id in simple}
    return VersionCase(seed, begins, draw(listed_channels(make_version_world(seed, begins))))


# A data point of each commodity, and what its channels measure.
_POINTS = {20_001: ("ELECUSE", "KWH"), 20_002: ("GASUSE", "CCF")}
_POINT_OF_EACH = {FIRST_ID + number: 20_001 + number // 4 for number in range(CHANNELS)}


@st.composite
def creation_cases(draw: st.DrawFn) -> VersionCase:
    """New channels, some with later versions or a formula, beside channels that are edited and may use them."""
    seed = draw(seeds)
    simple = [draw(_simple_channels(number)) for number in range(draw(st.integers(1, 2)))]
    sound: tuple[Desired, ...] = ()
    others = [
        want(f"c{one}", one, **draw(_PLAIN)) for one in draw(st.sets(st.sampled_from(list(_POINT_OF_EACH)), max_size=2))
    ]
    if draw(st.booleans()):
        simple.append(draw(_calculated_channels(simple)))
    if draw(st.booleans()):
        others.append(draw(_users(simple)))
    for one in [*simple, *{other.name: other for other in others}.values()]:
        if not check_definitions(Definitions((*sound, one), (), (), "sha256:0")):
            sound = (*sound, one)
    return VersionCase(seed, {}, sound)


@st.composite
def _simple_channels(draw: st.DrawFn, number: int) -> Desired:
    point = draw(st.sampled_from(sorted(_POINTS)))
    kind, unit = _POINTS[point]
    version: Spec = {
        "esaChannelVersion.unitCode": unit,
        "esaChannelVersion.observationRule": draw(st.sampled_from(["Odometer", "Trip"])),
        "esaChannelVersion.multiplier": draw(st.sampled_from([1, 0.001, 40])),
    }
    begins = draw(st.lists(st.sampled_from(_LATE_BEGINS), max_size=2, unique=True).map(sorted))
    later = [(begin, draw(_VERSION_SPECS)) for begin in begins]
    spec: Spec = {"observationTypeCode": kind, "intervalMinutes": draw(st.sampled_from([5, 15, 60]))}
    return _make_new(f"n{number}", point, spec, *([("", version), *later] if later else [("", version)]))


@st.composite
def _calculated_channels(draw: st.DrawFn, simple: Sequence[Desired]) -> Desired:
    used = draw(st.sampled_from(simple))
    kind, unit = _POINTS[used.data_point_id or 0]
    version: Spec = {
        "esaChannelVersion.unitCode": unit,
        "esaChannelVersion.observationRule": "Trip",
        "esaChannelVersion.multiplier": 1,
        "esaChannelVersion.formula": draw(
            st.sampled_from(["channel({0}) * 0.5", "channel({0}) - channel({1})"])
        ).format(used.name, min(one for one, point in _POINT_OF_EACH.items() if point == used.data_point_id)),
    }
    spec: Spec = {"observationTypeCode": kind, "intervalMinutes": None, "isCalculated": True}
    return _make_new("calculated", used.data_point_id or 0, spec, ("", version))


def _make_new(name: str, point: int, spec: Spec, *versions: tuple[str, Spec]) -> Desired:
    import_id = f"NEW-{name}"
    values = {"channelImportId": import_id, "channelInfo": f"New {name}", "summarizationMethod": "Sum", **spec}
    listed = want_versions(name, 0, *versions)
    return replace(
        listed,
        select=Identifiers(channel_import_id=import_id),
        spec={**values, **versions[-1][1]},
        versions=listed.versions if len(versions) > 1 else (),
        creates=True,
        data_point_id=point,
    )


@st.composite
def _users(draw: st.DrawFn, new: Sequence[Desired]) -> Desired:
    """The calculated channel of a data point, whose formula is to use a new channel."""
    used = draw(st.sampled_from([one for one in new if one.spec.get("isCalculated") is not True]))
    user = max(one for one, point in _POINT_OF_EACH.items() if point == used.data_point_id)
    return want(f"c{user}", user, esaChannelVersion__formula=f"channel({user - 3}) - channel({used.name})")


@st.composite
def _lists(draw: st.DrawFn, live: dict[str, Any]) -> Desired:
    begins = [version["beginDate"] or "" for version in live["channelVersions"]]
    # Nearly always one of those that are there: a file that lists none of them is a mistake.
    chosen = draw(st.lists(st.sampled_from(begins), min_size=1, unique=True))
    if not live["isCalculated"]:
        chosen += draw(st.lists(st.sampled_from(NEW_BEGINS) | st.sampled_from(_LATE_BEGINS), max_size=2, unique=True))
    plain = draw(st.just({}) | _PLAIN)
    versions = [(begin, draw(_VERSION_SPECS)) for begin in sorted(chosen)]
    of_channel = {path: value for path, value in plain.items() if not path.startswith("esaChannelVersion")}
    return want_versions(f"c{live['channelId']}", live["channelId"], *versions, **of_channel)


@st.composite
def _moves(draw: st.DrawFn, live: dict[str, Any]) -> Desired:
    """A channel whose current version is edited, and often begins at another time."""
    spec = draw(_PLAIN | st.fixed_dictionaries({"esaChannelVersion__beginDate": st.sampled_from(_LATE_BEGINS)}))
    return want(f"c{live['channelId']}", live["channelId"], **spec)


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
# What matters most to a creation.
OF_CREATIONS = (
    *("read_lag=reads", "read_lag=reads", "duplicate_import_id=allow", "duplicate_import_id=409", "deletion=legacy"),
    *("post_answer=created", "post_answer=empty", "post_answer=no_content", "version_begin_inside=reject"),
    *("put_version_semantics=first", "put_version_semantics=ignore", "put_version_semantics=reject"),
    *("put_answer=empty", "list_shape=without_versions", "first_version_begin_date=floor", "version_dates=utc"),
)


@st.composite
def services(draw: st.DrawFn, often: tuple[str, ...] = ()) -> tuple[tuple[str, ...], Environment]:
    """Answers to what the vendor leaves open, and what reconciler.yaml says of such a service; some of them `often`."""
    assignments = st.sampled_from([*_OPEN, *often * 4])
    chosen = draw(st.lists(assignments, max_size=8, unique_by=lambda one: one.partition("=")[0]))
    is_echoed = "missing_version=reject" in chosen
    if is_echoed:
        chosen = [*chosen, "put_version_semantics=latest"]
    channel_edit = ChannelEdit.ECHO_LATEST if is_echoed else ChannelEdit.OMIT_VERSION
    meaning = next((_MEANINGS[one] for one in chosen if one in _MEANINGS), None)
    return tuple(chosen), Environment(
        "sandbox",
        "sandbox",
        primary_move=draw(st.sampled_from(PrimaryMove)),
        channel_edit=channel_edit,
        version_dates=meaning,
        version_insert=draw(st.sampled_from(VersionInsert)),
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
# A creation is not sent a second time, so its answer is what to lose.
_VERSIONS_TOO = (*_WHERE, "POST", "POST", "POST /*/version", "PUT /*/version/*")
_CHANNELS_TOO = (*_VERSIONS_TOO, "POST /api/v202406/esachannel", "POST /api/v202406/esachannel")
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
def faults(draw: st.DrawFn, places: tuple[str, ...]) -> str:
    """One fault, as `sandbox serve --fault` takes it, at requests to one of these places."""
    where, what, often = (draw(st.sampled_from(words)) for words in (places, _WHAT, _HOW_OFTEN))
    return " ".join(f"{where} {what} @{draw(st.sampled_from([1, 1, 1, 2, 2, 3, 5, 8]))} {often}".split())


# The answer to a creation is lost, before it is carried out or after it: what must never lead to a second one.
lost_creations: st.SearchStrategy[str] = st.builds(
    "POST {} {} @{} {}".format,
    st.sampled_from(["/api/v202406/esachannel*", "/*/version", "/api/v202406/esachannel"]),
    st.sampled_from(
        ["drop-before", "drop-after", "drop-after", "503-before", "503-after", "500-after", "truncated-body"]
    ),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(["x1", "x1", "x2", "p=0.7 seed=1"]),
)


class ForeignEdit(Struct, frozen=True):
    """Somebody else edits one property of one channel: `number` of all, or of those that the plan changes.

    `hits` says that the property is one that the plan wants otherwise, where there is one.
    """

    number: int
    path: str
    is_planned: bool
    hits: bool


class VersionAct(Enum):
    """What somebody else does to the versions of a channel."""

    CREATE = "create"
    CREATE_PLANNED = "create one that the plan creates"
    EDIT = "edit"
    DELETE = "delete"


class ForeignVersion(Struct, frozen=True):
    """Somebody else creates, edits or deletes a version of a channel, `number` as for ForeignEdit.

    `place` says which version, `begin` when a new one begins; `is_same` that one of the plan is made as it wants it.
    """

    number: int
    act: VersionAct
    place: int
    begin: str
    is_planned: bool
    is_same: bool


class ForeignChannel(Struct, frozen=True):
    """Somebody else creates a channel with the import id of one that the plan creates, `number` of these.

    `is_same` says that it is made as the plan wants it, and `is_elsewhere` that it is made on another data point.
    """

    number: int
    is_same: bool
    is_elsewhere: bool


class Run(Struct, frozen=True):
    """One apply of the plan: what strikes it, where it ends, and who edits before which of its requests.

    `lost` is the share of what no disk had yet that is lost with the power, where the run is killed.
    """

    faults: tuple[str, ...]
    dies_at: int | None
    dies_after_answer: bool
    stops_at: int | None
    edits: Mapping[int, ForeignEdit | ForeignVersion | ForeignChannel]
    lost: float


Step: TypeAlias = Run | ForeignEdit | ForeignVersion | ForeignChannel

foreign_edits = st.builds(
    ForeignEdit, st.integers(0, CHANNELS - 1), st.sampled_from(FOREIGN), st.booleans(), st.booleans()
)
foreign_versions = st.builds(
    ForeignVersion,
    st.integers(0, CHANNELS - 1),
    st.sampled_from(VersionAct),
    st.integers(0, 3),
    st.sampled_from(NEW_BEGINS),
    # Others rarely come to just the channel that is being applied, but there it matters.
    st.sampled_from([True, True, True, False]),
    st.booleans(),
)
_moments = st.integers(0, 20)


def _build_runs(faults: st.SearchStrategy[str], edits: st.SearchStrategy[Any]) -> st.SearchStrategy[Run]:
    return st.builds(
        Run,
        faults=st.lists(faults, max_size=3).map(tuple),
        dies_at=st.none() | _moments,
        dies_after_answer=st.booleans(),
        stops_at=st.none() | st.none() | _moments,
        edits=edits,
        lost=st.sampled_from([0.0, 0.5, 1.0]),
    )


def _build_histories(
    runs: st.SearchStrategy[Run], foreign: st.SearchStrategy[Any], calm_runs: st.SearchStrategy[Run]
) -> st.SearchStrategy[tuple[Step, ...]]:
    """Half of them without anybody else, for there the end is known to the last value."""
    return st.lists(calm_runs, min_size=1, max_size=4).map(tuple) | st.lists(
        runs | foreign, min_size=1, max_size=5
    ).map(tuple)


def _are_calm(fault: str) -> bool:
    return "other-writer" not in fault


calm_runs = _build_runs(faults(_WHERE).filter(_are_calm), st.just({}))
histories = _build_histories(
    _build_runs(faults(_WHERE), st.dictionaries(_moments, foreign_edits, max_size=2)), foreign_edits, calm_runs
)
_anybody = foreign_edits | foreign_versions | foreign_versions
calm_version_runs = _build_runs(faults(_VERSIONS_TOO).filter(_are_calm) | lost_creations, st.just({}))
version_histories = _build_histories(
    _build_runs(faults(_VERSIONS_TOO) | lost_creations, st.dictionaries(_moments, _anybody, max_size=2)),
    _anybody,
    calm_version_runs,
)
foreign_channels = st.builds(ForeignChannel, st.integers(0, 2), st.booleans(), st.sampled_from([False, False, True]))
_founders = foreign_channels | foreign_channels | _anybody
calm_creating_runs = _build_runs(faults(_CHANNELS_TOO).filter(_are_calm) | lost_creations, st.just({}))
creating_histories = _build_histories(
    _build_runs(faults(_CHANNELS_TOO) | lost_creations, st.dictionaries(_moments, _founders, max_size=2)),
    _founders,
    calm_creating_runs,
)
