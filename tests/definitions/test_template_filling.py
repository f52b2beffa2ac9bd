"""Templates filled in: a channel that uses one is the channel as if it had been written out."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.definitions.channel_writer import make_tree
from reconciler.definitions.load import LoadResult, load_definitions
from reconciler.definitions.schema import Format, read_schema
from reconciler.definitions.templates import escape_braces
from reconciler.model.channels import Desired, Snapshot
from reconciler.model.fields import VERSION, VERSIONS
from reconciler.model.findings import TemplateValue
from reconciler.model.identifiers import Identifiers
from reconciler.planning.plan import make_plan
from tests.cases import note_case
from tests.definitions.places import show, validate, write
from tests.definitions.strategies import valid
from tests.planning.tenant import BASIS, REFERENCE
from tests.planning.tenants import tenants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.plan import Plan
    from tests.planning.tenants import Tenant

TEMPLATES = """\
templates:
  submeter:
    channelInfo: "{meter} use"
    esaChannelVersion:
      unitCode: KWH
      multiplier: "{ct}"
  pm8000:
    use: submeter
    intervalMinutes: 15
"""
USES = """\
defaults: {summarizationMethod: Sum, intervalMinutes: 60}
channels:
  sc-elec-03-use:
    use: pm8000
    with: {meter: SC-ELEC-03, ct: 160}
    channelImportId: SC-ELEC-03-USE
    esaChannelVersion: {offset: 0}
"""


def load(root: Path) -> LoadResult:
    return load_definitions(root, ["channels"])


def load_text(tree: Any) -> LoadResult:
    with tempfile.TemporaryDirectory() as folder:
        return load(write(Path(folder), a=json.dumps(tree, ensure_ascii=False)))


def test_a_channel_has_its_own_values_then_those_of_its_templates_then_the_defaults_of_its_file(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, templates=TEMPLATES, uses=USES))

    (channel,) = loaded.definitions.channels
    assert (loaded.findings, loaded.unread) == ((), ())
    assert channel == Desired(
        "sc-elec-03-use",
        "channels/uses.yaml",
        3,
        Identifiers(channel_import_id="SC-ELEC-03-USE"),
        {
            "summarizationMethod": "Sum",
            "intervalMinutes": 15,
            "channelInfo": "SC-ELEC-03 use",
            "channelImportId": "SC-ELEC-03-USE",
            "esaChannelVersion.unitCode": "KWH",
            "esaChannelVersion.multiplier": 160,
            "esaChannelVersion.offset": 0,
        },
        sources=channel.sources,
    )


def test_a_value_from_a_template_says_where_it_is_written_and_what_is_filled_in(tmp_path: Path) -> None:
    (channel,) = load(write(tmp_path, templates=TEMPLATES, uses=USES)).definitions.channels

    file, path = "channels/templates.yaml", ("templates", "submeter")
    assert channel.sources == {
        ("channelInfo",): TemplateValue("submeter", file, 2, (*path, "channelInfo"), (("meter", "SC-ELEC-03"),)),
        ("intervalMinutes",): TemplateValue("pm8000", file, 7, ("templates", "pm8000", "intervalMinutes")),
        ("esaChannelVersion", "unitCode"): TemplateValue("submeter", file, 2, (*path, "esaChannelVersion", "unitCode")),
        ("esaChannelVersion", "multiplier"): TemplateValue(
            "submeter", file, 2, (*path, "esaChannelVersion", "multiplier"), (("ct", 160),)
        ),
    }
    assert [channel.find_source(path) is None for path in ("esaChannelVersion.offset", "summarizationMethod")] == [
        True,
        True,
    ]


@pytest.mark.parametrize("value", [160, 0.5, True, False, None, "text", ""])
def test_a_placeholder_alone_keeps_the_type_of_its_value(value: Any) -> None:
    keys = {bool: "isPrimaryValue", int: "esaChannelVersion.offset", float: "esaChannelVersion.offset"}
    path = keys.get(type(value), "channelDescription")
    home, _, key = path.rpartition(".")
    template = {home: {key: "{x}"}} if home else {key: "{x}"}
    channel = {"use": "t", "with": {"x": value}, "channelId": 1}

    loaded = load_text({"templates": {"t": template}, "channels": {"a": channel}})

    (filled,) = loaded.definitions.channels
    assert (filled.spec, type(filled.spec[path])) == ({path: value}, type(value))


def test_what_a_channel_sets_itself_needs_no_value(tmp_path: Path) -> None:
    own = USES.replace("{meter: SC-ELEC-03, ct: 160}", "{meter: SC-ELEC-03}").replace("offset: 0", "multiplier: 1")

    assert validate(write(tmp_path, templates=TEMPLATES, uses=own)) == []


def test_a_value_that_only_an_overridden_setting_needs_may_stay(tmp_path: Path) -> None:
    own = USES.replace("offset: 0", "multiplier: 1")

    assert validate(write(tmp_path, templates=TEMPLATES, uses=own)) == []


def test_a_file_may_hold_templates_alone(tmp_path: Path) -> None:
    assert validate(write(tmp_path, templates=TEMPLATES)) == []


def test_a_broken_template_is_reported_once_and_not_for_each_channel(tmp_path: Path) -> None:
    broken = TEMPLATES.replace("unitCode: KWH", "unitCode: 7")

    loaded = load(write(tmp_path, templates=broken, uses=USES))

    assert show(loaded.findings) == ["templates.yaml:5:17 ESA123 unitCode must be text, found 7"]
    assert (loaded.definitions.channels, loaded.unread) == ((), ("channels/templates.yaml", "channels/uses.yaml"))


def test_templates_may_be_in_a_file_that_is_not_yaml(tmp_path: Path) -> None:
    write(tmp_path, templates=TEMPLATES.replace("templates:", 'templates: "'), uses=USES)

    assert [line.partition(" ")[2][:6] for line in validate(tmp_path)] == ["ESA107"]


def test_a_broken_use_says_nothing_of_the_values_that_it_lacks(tmp_path: Path) -> None:
    write(tmp_path, templates=TEMPLATES, uses=USES.replace("ct: 160", "ct: [160]"))

    assert validate(tmp_path) == [
        "uses.yaml:5:35 ESA123 ct must be text or a number or true or false or null, found a list"
    ]


def test_others_may_refer_to_a_channel_whose_template_is_unknown(tmp_path: Path) -> None:
    user = (
        "channels:\n  net:\n    channelId: 2\n    isCalculated: true\n    intervalMinutes: null\n"
        "    esaChannelVersion: {formula: channel(sc-elec-03-use)}\n"
    )

    found = validate(write(tmp_path, uses=USES, net=user))

    assert found == ["uses.yaml:4:10 ESA155 template is unknown, found use: pm8000"]


def test_a_template_of_megabytes_is_refused_for_each_of_many_channels(tmp_path: Path) -> None:
    many = "".join(
        f"  c{number}: {{use: long, with: {{a: {'x' * 4000}}}, channelId: {number + 1}}}\n" for number in range(99)
    )
    text = f'templates:\n  long:\n    channelVersions:\n      - {{beginDate: null, formula: "{"{a}" * 10_000}"}}\n'

    findings = load(write(tmp_path, a=f"{text}channels:\n{many}")).findings

    assert {finding.code for finding in findings} == {"ESA164", "ESA199"}


def test_all_templates_together_are_limited(tmp_path: Path) -> None:
    versions = "".join(f"      - {{beginDate: {1950 + year}-01-01, formula: '{'{a}' * 4}1'}}\n" for year in range(50))
    given = f"{{a: {'1+' * 2000}}}"
    many = "".join(f"  c{number}: {{use: long, with: {given}, channelId: {number + 1}}}\n" for number in range(130))
    text = f"templates:\n  long:\n    channelVersions:\n{versions}channels:\n{many}"

    findings = load(write(tmp_path, a=text)).findings

    assert "templates can produce at most 1,000,000 values in all, found more" in {
        finding.message for finding in findings
    }


def test_a_value_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    write(tmp_path, templates=TEMPLATES, uses=USES.replace("SC-ELEC-03,", f"{'x' * 2**20},"))

    assert [line.partition(" ")[2] for line in validate(tmp_path)] == [
        "ESA125 meter can have at most 4096 characters, found 1048576"
    ]


SCHEMA = read_schema(Format.CHANNELS)
_CODES = {
    "observationTypeId": "observationTypeCode",
    "summarizationMethodId": "summarizationMethod",
    "unitId": "unitCode",
    "observationRuleId": "observationRule",
}


@st.composite
def channels(draw: st.DrawFn) -> dict[str, Any]:
    """The settings of a channel, mostly valid, no two of which say the same."""
    drawn = draw(valid(SCHEMA["definitions"]["channel"], SCHEMA))
    settings = {key: value for key, value in drawn.items() if key not in ("use", "with")}
    if "select" in settings:
        settings.pop("channelId", None)
    if "channelVersions" in settings:
        settings.pop("esaChannelVersion", None)
    for place in (settings, settings.get("esaChannelVersion", {})):
        for key, alias in _CODES.items():
            if key in place:
                place.pop(alias, None)
    # Most samples are to be valid, so that not only the findings are compared.
    if draw(st.integers(0, 5)):
        for key in ("isCalculated", "intervalMinutes", "observationTypeCode"):
            settings.pop(key, None)
        settings = {key: one for key, one in settings.items() if key != "select"} | {"channelId": 7}
    text = draw(st.text(st.sampled_from("ab{}é #:\"'"), max_size=12))
    return {**settings, "channelInfo": f"a{text}b"}


class _Split:
    """Draws which settings of a channel its templates give, and which of their values are filled in."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.given: dict[str, Any] = {}
        self._draw = draw

    def flip(self) -> bool:
        return self._draw(st.booleans())

    def share(self, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The settings of the channel, and those of a template below it."""
        own: dict[str, Any] = {}
        below: dict[str, Any] = {}
        # A default interval does not reach a channel that says itself that it is calculated.
        is_together = settings.get("isCalculated") is True
        for key, value in settings.items():
            if key == "esaChannelVersion":
                mine = {k: v for k, v in value.items() if self.flip()}
                rest = {k: v for k, v in value.items() if k not in mine}
                own |= {key: mine} if mine else {}
                below |= {key: rest} if rest else {}
            elif self.flip() or (is_together and key in ("isCalculated", "intervalMinutes")):
                own[key] = value
            else:
                below[key] = value
        return own, below

    def hide(self, value: Any) -> Any:
        """`value` as a template may have it."""
        if isinstance(value, dict):
            return {key: self.hide(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.hide(member) for member in value]
        name = f"p{len(self.given)}"
        if self.flip() and self.flip():
            self.given[name] = value
            return f"{{{name}}}"
        if not isinstance(value, str):
            return value
        if self.flip():
            return escape_braces(value)
        start = self._draw(st.integers(0, len(value)))
        end = self._draw(st.integers(start, len(value)))
        self.given[name] = value[start:end]
        return f"{escape_braces(value[:start])}{{{name}}}{escape_braces(value[end:])}"


@st.composite
def twins(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A file with a channel that is written out, and one with the same channel from one or two templates."""
    settings, split = draw(channels()), _Split(draw)
    header = draw(st.sampled_from([{}, {"defaults": {"summarizationMethod": "Sum", "isPrimaryValue": True}}]))
    own, below = split.share(settings)
    first, second = split.share(below) if draw(st.booleans()) else (below, {})
    templates = {"first": split.hide(first), "second": split.hide(second)}
    if second:
        templates["first"]["use"] = "second"
    used = {name: template for name, template in templates.items() if template}
    if not used:
        templates = used = {"first": {"isPrimaryDemand": False}}
        settings.setdefault("isPrimaryDemand", False)
    use = {"use": "first", **own} | ({"with": split.given} if split.given else {})
    return {**header, "channels": {"a": settings}}, {**header, "channels": {"a": use}, "templates": used}


# Each sample writes and loads two projects.
@settings(deadline=None)
@given(twins())
@example(
    ({"channels": {"a": {"channelId": 1}}}, {"channels": {"a": {"use": "t"}}, "templates": {"t": {"channelId": 1}}})
)
def test_a_channel_with_a_template_is_its_written_out_twin(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    twin, filled = map(load_text, pair)

    note_case(reached=not twin.findings)
    # Findings are in the order of lines, and a value from the template is on another one.
    said, expected = (Counter((one.code, one.message) for one in each.findings) for each in (filled, twin))
    if any(code.startswith("ESA12") for code, _ in expected):
        # Of a channel that contradicts itself, what else can be said depends on the part that is left.
        assert said <= expected
        assert said
    else:
        assert said == expected
    assert [replace(channel, sources={}) for channel in filled.definitions.channels] == list(twin.definitions.channels)


SWAP = "2026-11-02T08:00:00"


def list_settings(tree: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The keys of each setting of a channel that a template may give alone."""
    # As in _Split.share.
    together = {"isCalculated", "intervalMinutes"} if tree.get("isCalculated") is True else set()
    return [
        (key, *inner)
        for key, value in tree.items()
        if key not in (VERSIONS, "select", *together)
        for inner in ([(one,) for one in value] if key == VERSION else [()])
    ]


def share_one(draw: st.DrawFn, trees: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A template with placeholders for settings that several of `trees` have, and the channels that use it."""
    every = {name: list_settings(tree) for name, tree in trees.items()}
    if not any(every.values()):
        return {}, dict(trees)
    first = draw(st.sampled_from([keys for settings in every.values() for keys in settings]))
    members = [name for name, settings in every.items() if first in settings]
    common = [keys for keys in every[members[0]] if all(keys in every[name] for name in members)]
    shared = [keys for keys in common if keys == first or draw(st.booleans())]
    template: dict[str, Any] = {}
    uses: dict[str, Any] = {name: deepcopy(tree) for name, tree in trees.items()}
    for number, (*above, key) in enumerate(shared):
        (template.setdefault(VERSION, {}) if above else template)[key] = f"{{p{number}}}"
    for name in members:
        use = uses[name]
        given = {f"p{number}": (use[VERSION] if above else use).pop(key) for number, (*above, key) in enumerate(shared)}
        rest = {key: value for key, value in use.items() if value != {}}
        uses[name] = {"use": "shared", "with": given, **rest}
    return {"shared": template}, uses


def share_each(draw: st.DrawFn, trees: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A template for each channel of `trees` with some of its settings, and what is left of them."""
    templates, uses = {}, {}
    for name, tree in trees.items():
        split = _Split(draw)
        own, below = split.share(tree)
        if below:
            templates[f"of-{name}"] = split.hide(below)
        use = {"use": f"of-{name}"} if below else {}
        uses[name] = {**use, **({"with": split.given} if split.given else {}), **own}
    return templates, uses


@st.composite
def tenants_with_templates(draw: st.DrawFn) -> tuple[Tenant, dict[str, Any], dict[str, Any]]:
    """A tenant, the file with its channels written out, and one in which templates give some of their settings."""
    tenant = draw(tenants())
    trees: dict[str, dict[str, Any]] = {
        channel.name: dict(make_tree(channel.select, channel.spec)) for channel in tenant.channels
    }
    for tree in trees.values():
        version = tree.get(VERSION, {"multiplier": 1})
        if "beginDate" not in version and draw(st.integers(0, 3)) == 0:
            tree.pop(VERSION, None)
            later = {"beginDate": SWAP, "multiplier": 5, "because": "swapped", "swap": {"final": 7}}
            tree[VERSIONS] = [{"beginDate": None, **version}, later]
    templates, uses = draw(st.sampled_from((share_one, share_each)))(draw, trees)
    header = {"templates": templates} if templates else {}
    return tenant, {"channels": trees}, {"channels": uses, **header}


def plan_without_places(
    loaded: LoadResult, tenant: Tenant
) -> tuple[Plan, list[tuple[str, str, str, tuple[str, ...]]], bool]:
    """The plan but for where things are written, what it found, and whether a template gives a value of an edit."""
    plan = make_plan(loaded.definitions, Snapshot(tenant.live, REFERENCE), BASIS)
    changes = tuple(
        replace(change, edits=tuple(replace(edit, source=None) for edit in change.edits)) for change in plan.changes
    )
    found = sorted((one.code, one.message, one.fix, one.detail) for one in plan.findings)
    is_given = any(edit.source for change in plan.changes for edit in change.edits)
    return replace(plan, definitions_digest="", changes=changes, findings=()), found, is_given


# Each sample writes and loads two projects.
@settings(deadline=None)
@given(tenants_with_templates())
def test_the_plan_of_channels_with_templates_is_that_of_the_same_channels_written_out(
    case: tuple[Tenant, dict[str, Any], dict[str, Any]],
) -> None:
    tenant, written, templated = case

    twin, filled = (plan_without_places(load_text(tree), tenant) for tree in (written, templated))

    note_case(reached=filled[-1])
    assert filled[:2] == twin[:2]
