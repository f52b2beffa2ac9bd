"""New channel files: what they look like, and that the loader reads back what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from ruamel.yaml import YAML

from reconciler.definitions.holding import is_representable
from reconciler.definitions.load import load_definitions
from reconciler.definitions.schema import Format, read_schema
from reconciler.definitions.writing import place_schema, render_file, render_schema
from reconciler.model.canonical import canonical
from reconciler.model.channels import Desired
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS
from reconciler.model.identifiers import Identifiers
from tests.cases import note_case
from tests.cli.tenants import open_project
from tests.texts import HOSTILE

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

V = "esaChannelVersion."
USE = Desired(
    "nb-use",
    "channels/north/nb.yaml",
    0,
    Identifiers(meter_import_id="NB-01", observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900),
    {f"{V}multiplier": 0.001, f"{V}unitCode": "KWH", "isCalculated": False, "channelInfo": "no", "intervalMinutes": 15},
    "NB: 01",
)
NET = Desired("nb-net", USE.file, 0, Identifiers(channel_id=7), {f"{V}formula": "channel(nb-use) * 2"}, USE.data_point)


def test_a_file_leads_editors_to_the_schema_and_names_its_data_point() -> None:
    assert (
        render_file(USE.file, [USE, NET])
        == """\
# yaml-language-server: $schema=../../schemas/channels.schema.json
dataPoint: "NB: 01"
channels:
  nb-use:
    select:
      dataPointImportId: NB-01
      observationTypeCode: ELECUSE
      unitCode: KWH
      intervalMinutes: 15
    channelInfo: "no"
    intervalMinutes: 15
    isCalculated: false
    esaChannelVersion:
      unitCode: KWH
      multiplier: 0.001

  nb-net:
    select:
      channelId: 7
    esaChannelVersion:
      formula: channel(nb-use) * 2
"""
    )


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("channels/a.yaml", "../schemas/channels.schema.json"),
        ("a.yaml", "schemas/channels.schema.json"),
        ("a/b/c/d.yaml", "../../../schemas/channels.schema.json"),
    ],
)
def test_the_way_to_the_schema_starts_at_the_file(file: str, schema: str) -> None:
    text = render_file(file, [replace(NET, data_point=None)])

    assert text.splitlines()[:2] == [f"# yaml-language-server: $schema={schema}", "channels:"]


@pytest.mark.parametrize("format_", Format)
def test_a_project_gets_the_schema_that_this_tool_reads_by(format_: Format) -> None:
    with open_project({place_schema(format_): render_schema(format_)}) as workplace:
        assert YAML(typ="safe").load(workplace.root / place_schema(format_)) == read_schema(format_)


@st.composite
def channels(draw: DrawFn) -> list[Desired]:
    """One to three channels of one file with anything in them that a file can hold."""
    names = draw(
        st.lists(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}[a-z]", fullmatch=True), min_size=1, max_size=3, unique=True)
    )
    return [Desired(name, USE.file, 0, draw(_pointers()), draw(_specs()), "NB-01") for name in sorted(names)]


_VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=40),
    st.sampled_from((None, True, False, 0, 1, 2, 15, 60, 1e-15, 0.125, "Trip", "2024-06-03T10:30:00")),
    st.integers(-(10**12), 10**12).map(lambda number: number / 10**6),
)


@st.composite
def _specs(draw: DrawFn) -> dict[str, Any]:
    fields = [field for field in (*CHANNEL_FIELDS, *VERSION_FIELDS) if draw(st.booleans())]
    paths = [draw(st.sampled_from([path for path in (field.path, field.alias) if path])) for field in fields]
    drawn = {path: draw(_VALUES) for path in paths}
    return {path: canonical(path, value) for path, value in drawn.items() if is_representable(path, value)}


@st.composite
def _pointers(draw: DrawFn) -> Identifiers:
    texts = st.sampled_from(HOSTILE)
    import_id = draw(texts.filter(lambda text: is_representable("select.channelImportId", text)))
    code = draw(texts.filter(lambda text: is_representable("select.unitCode", text)))
    return draw(
        st.sampled_from(
            (
                Identifiers(channel_id=7),
                Identifiers(channel_import_id=import_id),
                Identifiers(
                    meter_import_id=import_id, observation_type_code=code, unit_code=code, interval_seconds=300
                ),
            )
        )
    )


@settings(deadline=None)
@given(channels())
def test_what_is_written_is_what_is_read(written: list[Desired]) -> None:
    text = render_file(USE.file, written)
    with open_project({USE.file: text}) as workplace:
        loaded = load_definitions(workplace.root, ["channels"])
    read = [replace(channel, line=0) for channel in loaded.definitions.channels]

    note_case(reached=any(channel.spec for channel in written))
    assert {finding.code[:4] for finding in loaded.findings} <= {"ESA2", "ESA3"}
    assert read == [replace(channel, spec=dict(channel.spec)) for channel in written]
    assert yaml.safe_load(text) == YAML(typ="safe").load(text)
