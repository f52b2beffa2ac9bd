"""Made-up tenants for imports, hostile ones too, and a project to import them into without a command line."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from reconciler.cli.file_io import Replacement, replace_files
from reconciler.cli.import_channels import ImportInput
from reconciler.cli.inputs import ProjectContext
from reconciler.definitions.load import load_definitions
from reconciler.energycap.mapping import live_from_response
from reconciler.energycap.reference import Listed, make_reference
from reconciler.model.channels import Snapshot
from reconciler.model.project import Environment, Guards, Project
from tests.texts import HOSTILE
from tests.worlds import make_channel, make_data_point, make_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hypothesis.strategies import DrawFn

    from reconciler.cli.import_channels import ImportedFiles

Json = dict[str, Any]

ENVIRONMENT = Environment("sandbox", "sandbox")
PROJECT = Project(("channels",), (ENVIRONMENT,), "sandbox", Guards())

_texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.sampled_from(("Use", "Net", "North use")))
_codes = st.one_of(st.sampled_from(("ELECUSE", "KWH")), st.sampled_from(HOSTILE), st.none())
_numbers = st.one_of(
    st.sampled_from((None, 0, 1, 0.1, 1e-7, 0.30000000000000004, 999_999_999_999_999, 1e16, -5, 1e-16)),
    st.floats(-1e15, 1e15),
)


@st.composite
def worlds(draw: DrawFn, fewest: int = 1, *, swapped: bool = False) -> list[Json]:
    """Up to seven channels on three data points, with anything in them that the API would let through.

    If they are `swapped`, each is simple and has several versions.
    """
    points = [draw(_data_points(number)) for number in (1, 2, 3)]
    ids = draw(st.lists(st.integers(1, 12), min_size=fewest, max_size=7, unique=True))
    return [draw(_channels(id_, ids, draw(st.sampled_from(points)), swapped=swapped)) for id_ in ids]


def read_world(channels: Iterable[Json]) -> Snapshot:
    """What the client would make of a service with these channels."""
    live = sorted((live_from_response(channel) for channel in channels), key=lambda live: live.id)
    return Snapshot(tuple(live), make_reference(Listed({}), Listed({}), live))


@contextmanager
def open_project(files: Mapping[str, str] | None = None) -> Iterator[ProjectContext]:
    """A project in a folder of its own, with `files`."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (files or {}).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        yield ProjectContext(Path(folder), PROJECT)


def stand_on(workplace: ProjectContext, snapshot: Snapshot) -> ImportInput:
    """The ground of an import into `workplace` as it is now."""
    loaded = load_definitions(workplace.root, PROJECT.definitions)
    return ImportInput(workplace, ENVIRONMENT, loaded.definitions, snapshot)


def write(workplace: ProjectContext, harvest: ImportedFiles) -> None:
    replace_files([Replacement(workplace.root / file.file, file.before, file.after) for file in harvest.files])


def read_files(root: Path) -> dict[str, str]:
    """All channel files below `root`: path → text."""
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.rglob("*.yaml"))}


@st.composite
def _data_points(draw: DrawFn, number: int) -> Json:
    place = {"placeId": 1, "placeCode": draw(_texts), "placeInfo": draw(_texts)}
    return make_data_point(number) | {
        "dataPointCode": draw(st.one_of(st.just(f"DP-{number}"), _texts, st.none())),
        "dataPointInfo": draw(_texts),
        "dataPointImportId": draw(st.one_of(st.just(f"DPI-{number}"), _texts, st.none())),
        "parentPlace": draw(st.sampled_from((place, None))),
    }


@st.composite
def _channels(draw: DrawFn, id_: int, ids: list[int], point: Json, *, swapped: bool) -> Json:
    begins = draw(_several if swapped else st.one_of(_single, _several, _odd_begins))
    is_calculated = not swapped and draw(st.booleans())
    return make_channel(
        id_,
        versions=[draw(_versions(id_ * 10 + number, begin, ids)) for number, begin in enumerate(begins)],
        dataPoint=point,
        channelInfo=draw(_texts),
        channelDescription=draw(st.one_of(st.none(), _texts)),
        channelImportId=draw(st.one_of(st.just(f"IMP-{id_}"), _texts, st.none())),
        observationType={"observationTypeId": draw(st.integers(1, 3)), "observationTypeCode": draw(_codes)},
        summarizationMethod={"summarizationMethodId": 1, "summarizationMethodInfo": draw(_codes)},
        interval=draw(st.sampled_from((15, 60, 900, 7, None))),
        isCalculated=is_calculated,
        isPrimaryValue=draw(st.booleans()),
        isPrimaryDemand=draw(st.booleans()),
    )


_single = st.sampled_from(((None,), ("2024-06-03",), ("2024-06-03t10:30:00.5",)))
_plain_begins = st.sampled_from(
    (None, "2024-06-03T10:30:00", "2024-06-03 10:30:00.5", "2025-06-03", "2026-01-31T23:59:59.999")
)
_several = st.lists(_plain_begins, min_size=2, max_size=4, unique=True)
# Several spellings of one moment, and one in a zone.
_odd_begins = st.lists(
    st.sampled_from((None, "1899-12-30T00:00:00", "1900-01-01", "2024-06-03", "2024-06-03T00:00", "2024-07-01T04:00Z")),
    min_size=1,
    max_size=4,
)


@st.composite
def _versions(draw: DrawFn, id_: int, begin: str | None, ids: list[int]) -> Json:
    version = make_version(id_, rule=draw(st.sampled_from(("Odometer", "Trip"))))
    used = st.sampled_from([f"channel({other})" for other in (*ids, 99, "007", "x")])
    formulas = st.one_of(st.none(), _texts, used, st.lists(used, min_size=1, max_size=3).map(" + ".join))
    return version | {
        "beginDate": begin,
        "formula": draw(formulas),
        "isValuePositive": draw(st.booleans()),
        "unit": {"unitId": draw(st.integers(1, 3)), "unitCode": draw(_codes)},
        **{name: draw(_numbers) for name in ("offset", "minimumReading", "maximumReading", "rolloverValue")},
        "multiplier": draw(_numbers.filter(lambda number: number is not None)),
        "rollbackAllowance": draw(st.sampled_from((None, 0.1, 0.5, 2))),
    }
