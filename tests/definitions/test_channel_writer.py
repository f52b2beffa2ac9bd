"""Channels as the text of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from ruamel.yaml import YAML

from reconciler.definitions.channel_writer import (
    is_representable,
    place_schema,
    render_file,
    render_schema,
    to_yaml_scalar,
)
from reconciler.definitions.fast_reader import MAX_SCALE, PlainLines, has_control, try_fast_parse
from reconciler.definitions.load import load_definitions
from reconciler.definitions.schema import Format, read_schema
from reconciler.definitions.yaml_reader import parse_yaml
from reconciler.model.canonical import canonical
from reconciler.model.channels import Desired
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS
from reconciler.model.identifiers import Identifiers
from tests.cases import mostly, note_case
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


def test_a_new_file_names_the_schema_for_editors_and_its_data_point() -> None:
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
def test_the_path_of_the_schema_is_relative_to_the_file(file: str, schema: str) -> None:
    text = render_file(file, [replace(NET, data_point=None)])

    assert text.splitlines()[:2] == [f"# yaml-language-server: $schema={schema}", "channels:"]


@pytest.mark.parametrize("format_", Format)
def test_a_project_gets_the_schema_that_this_tool_uses(format_: Format) -> None:
    with open_project({place_schema(format_): render_schema(format_)}) as workplace:
        assert YAML(typ="safe").load(workplace.root / place_schema(format_)) == read_schema(format_)


@st.composite
def channels(draw: DrawFn) -> list[Desired]:
    """One to three channels of one file, with any values that a file can have."""
    names = draw(
        st.lists(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}[a-z]", fullmatch=True), min_size=1, max_size=3, unique=True)
    )
    return [Desired(name, USE.file, 0, draw(_identifiers()), draw(_specs()), "NB-01") for name in sorted(names)]


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
def _identifiers(draw: DrawFn) -> Identifiers:
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


VERSION_PATH = "esaChannelVersion."
# Rules on several values would refuse these; here each value is tested on its own.
# Warnings do not stop a value from being written.
ALONE = {"ESA204", "ESA205", "ESA206", "ESA207", "ESA208", "ESA209", "ESA210", "ESA212", "ESA320"}
WARNINGS = {"ESA216", "ESA217", "ESA218", "ESA219"}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("channelInfo", "Use", True),
        ("channelInfo", "x" * 51, False),
        ("channelInfo", "bell \x07", False),
        ("channelInfo", None, False),
        ("channelDescription", None, True),
        ("intervalMinutes", 15, True),
        ("intervalMinutes", 7, False),
        (f"{V}multiplier", 0.1, True),
        (f"{V}multiplier", 0.1 + 0.2, False),
        (f"{V}multiplier", 1e13, False),
        (f"{V}beginDate", "2024-02-29", True),
        (f"{V}beginDate", "2023-02-29", False),
        (f"{V}unitCode", "X" * 17, False),
        ("select.dataPointImportId", "NB-01", True),
        ("select.dataPointImportId", "", False),
        ("select.channelImportId", "a\x85b", False),
        ("dataPoint", "NB-01", True),
        ("dataPoint", "", False),
    ],
)
def test_a_value_can_or_cannot_be_written_to_a_file(path: str, value: Any, expected: bool) -> None:
    assert is_representable(path, value) is expected


HELD_TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50)
HELD_NUMBERS = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
    st.sampled_from((None, True, False, 0, 1, 15, 2.5, 1e-16, 0.1 + 0.2, 10**13, 10**15, 1e300, "Trip", "2024-06-03")),
    st.floats(allow_nan=False, allow_infinity=False),
)


# Values that each property accepts, so that most examples can be written.
FITTING: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("channelInfo", "observationTypeCode", "summarizationMethod", f"{V}unitCode"), HELD_TEXTS),
    **dict.fromkeys(("channelDescription", "channelImportId", f"{V}formula"), st.none() | HELD_TEXTS),
    **dict.fromkeys(("observationTypeId", "summarizationMethodId", f"{V}unitId"), st.integers(1, 10**6)),
    "intervalMinutes": st.sampled_from((5, 10, 15, 30, 60, 1440, 10080, 43200)),
    **dict.fromkeys(("isCalculated", "isPrimaryValue", "isPrimaryDemand", f"{V}isValuePositive"), st.booleans()),
    f"{V}beginDate": st.none() | st.dates().map(str),
    f"{V}observationRuleId": st.sampled_from((1, 2)),
    f"{V}observationRule": st.sampled_from(("Odometer", "Trip")),
    **dict.fromkeys((f"{V}multiplier", f"{V}offset", f"{V}maximumReading", f"{V}minimumReading"), HELD_NUMBERS),
    **dict.fromkeys((f"{V}rolloverValue", f"{V}rollbackAllowance"), st.none() | st.integers(1, 10**6)),
}


@given(st.sampled_from(sorted(FITTING)).flatmap(lambda path: st.tuples(st.just(path), mostly(FITTING[path], VALUES))))
def test_exactly_the_representable_values_are_read_back(drawn: tuple[str, Any]) -> None:
    path, value = drawn
    channel = Desired("use", "channels/use.yaml", 0, Identifiers(channel_id=1), {path: value})
    with open_project({channel.file: render_file(channel.file, [channel])}) as workplace:
        loaded = load_definitions(workplace.root, ["channels"])
    codes = {finding.code for finding in loaded.findings} - ALONE - WARNINGS

    note_case(reached=not codes)
    assert (codes == set()) is is_representable(path, value)
    if not codes:
        expected = f"{value}T00:00:00" if path.endswith("Date") and value else value
        assert loaded.definitions.channels[0].spec[path] == expected


TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text()).filter(lambda text: not has_control(text))
NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.integers(-(10**9), 10**9).map(lambda number: number / 10**6),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (15, "15"),
        (0.001, "0.001"),
        (1e-7, "0.0000001"),
        (-2.5, "-2.5"),
        ("KWH", "KWH"),
        ("North Building use (new)", "North Building use (new)"),
        ("channel(a) * 0.03", "channel(a) * 0.03"),
        ("Straße Süd", "Straße Süd"),
        ("総電力 ⚡", "総電力 ⚡"),
        ("15 min", "15 min"),
        ("B00001-ELEC", "B00001-ELEC"),
        ("", '""'),
        ("no", '"no"'),
        ("On", '"On"'),
        ("012", '"012"'),
        ("1:30", '"1:30"'),
        ("2024-06-03T10:30:00", '"2024-06-03T10:30:00"'),
        ("1e3", '"1e3"'),
        (".inf", '".inf"'),
        ("0x1F", '"0x1F"'),
        ("-channel(a)", '"-channel(a)"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("see {{ x }}", '"see {{ x }}"'),
        (" a", '" a"'),
        ('say "a"', 'say "a"'),
        ('"a"', '"\\"a\\""'),
        ("a\\b", "a\\b"),
        ("a\\b\n", '"a\\\\b\\n"'),
        ("a\tb\r", '"a\\tb\\r"'),
        ("a\u00a0b", '"a\\xA0b"'),
        ("\u202eabc", '"\\u202Eabc"'),
        ("x\U000e0001", '"x\\U000E0001"'),
    ],
)
def test_a_value_is_written_unambiguously(value: Any, expected: str) -> None:
    assert to_yaml_scalar(value) == expected


@given(st.one_of(TEXTS, NUMBERS, st.booleans(), st.none()))
def test_every_yaml_reader_reads_a_written_value_alike(value: Any) -> None:
    text = f"key: {to_yaml_scalar(value)}\n"
    full = parse_yaml("x", text.encode())

    assert (full.tree, full.findings) == ({"key": value}, [])
    assert yaml.safe_load(text) == {"key": value}
    assert YAML(typ="safe").load(text) == {"key": value}


@given(TEXTS)
def test_the_fast_reader_reads_a_written_text_alike_or_gives_up(value: str) -> None:
    text = f"key: {to_yaml_scalar(value)}\n"
    fast = try_fast_parse(text, PlainLines())

    note_case(reached=fast is not None)
    assert fast is None or fast.tree == {"key": value}


@given(st.integers(1, 10**MAX_SCALE - 1))
def test_the_smallest_decimals_are_written_out(number: int) -> None:
    assert to_yaml_scalar(number / 10**MAX_SCALE) == f"{number / 10**MAX_SCALE:.15f}".rstrip("0").rstrip(".")
