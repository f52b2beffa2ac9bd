"""Channels that are alike, drafted as one template: filled in again, they are what they were."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.definitions.channel_writer import make_tree, render_file
from reconciler.definitions.load import load_definitions
from reconciler.definitions.template_drafting import DraftedTemplate, draft_templates, name_file, render_templates
from reconciler.model.channels import Desired
from reconciler.model.identifiers import Identifiers
from tests.cases import note_case
from tests.definitions.places import write

if TYPE_CHECKING:
    from reconciler.model.values import Spec

V = "esaChannelVersion."


def make_meter(number: int, **more: Any) -> Desired:
    code = f"SC-ELEC-{number:02}"
    spec = {
        "channelInfo": f"{code} use",
        "channelImportId": f"{code}-USE",
        "intervalMinutes": 15,
        f"{V}unitCode": "KWH",
        f"{V}multiplier": 80,
        **more,
    }
    identifiers = Identifiers(channel_import_id=f"{code}-USE")
    return Desired(f"sc-elec-{number:02}-use", f"channels/{code}.yaml", 0, identifiers, spec, code)


METERS = [make_meter(1), make_meter(2), make_meter(3, **{f"{V}multiplier": 160})]


def test_equal_values_go_to_the_template_and_the_code_of_the_data_point_is_filled_in() -> None:
    assert draft_templates(METERS, ()) == (
        DraftedTemplate(
            "sc-elec-use",
            {
                "select": {"channelImportId": "{meter}-USE"},
                "channelInfo": "{meter} use",
                "channelImportId": "{meter}-USE",
                "intervalMinutes": 15,
                "esaChannelVersion": {"unitCode": "KWH"},
            },
            {
                f"sc-elec-{number:02}-use": {
                    "use": "sc-elec-use",
                    "with": {"meter": f"SC-ELEC-{number:02}"},
                    "esaChannelVersion": {"multiplier": multiplier},
                }
                for number, multiplier in ((1, 80), (2, 80), (3, 160))
            },
        ),
    )


def test_on_one_data_point_the_text_by_which_several_values_differ_is_filled_in() -> None:
    alike = [
        Desired(
            f"panel-{word}",
            "channels/panel.yaml",
            0,
            Identifiers(channel_import_id=f"P-{word}"),
            {"channelImportId": f"P-{word}", "channelInfo": info},
            "PANEL",
        )
        for word, info in (("12", "Lights"), ("13", "{Pumps}"), ("2", "Lift"))
    ]

    (drafted,) = draft_templates(alike, {"panel"})

    assert (drafted.name, drafted.settings) == (
        "panel-2",
        {"select": {"channelImportId": "P-{part}"}, "channelImportId": "P-{part}"},
    )
    assert drafted.channels["panel-13"] == {"use": "panel-2", "with": {"part": "13"}, "channelInfo": "{Pumps}"}


def test_fewer_than_three_or_of_other_kinds_have_no_template() -> None:
    other = make_meter(3, **{f"{V}unitCode": "KW"})

    assert draft_templates(METERS[:2], ()) == draft_templates([*METERS[:2], other], ()) == ()


def test_braces_in_a_shared_value_are_doubled() -> None:
    meters = [make_meter(number, channelDescription="{old}") for number in (1, 2, 3)]

    (drafted,) = draft_templates(meters, ())

    assert drafted.settings["channelDescription"] == "{{old}}"


def test_the_file_of_templates_is_one_that_does_not_exist() -> None:
    assert [name_file("channels", taken) for taken in ((), {"channels/templates.yaml"})] == [
        "channels/templates.yaml",
        "channels/templates-1.yaml",
    ]


TEXTS = st.text(st.sampled_from("ab1{}- é"), min_size=1, max_size=6).map(lambda text: f"a{text}b")


@st.composite
def meters(draw: st.DrawFn) -> list[Desired]:
    """Channels with different names and import ids, some of whose other values are equal."""
    made = []
    is_shared, prefix, kind = draw(st.booleans()), draw(TEXTS), draw(st.sampled_from(["code", "code", "use", "own"]))
    for number in range(draw(st.integers(3, 5))):
        code = f"{draw(TEXTS)}{number}"
        words = {"code": f"{code} use", "use": "use", "own": draw(TEXTS)}
        spec: Spec = {
            "channelInfo": words[kind],
            "channelImportId": f"{prefix}-{code}",
            f"{V}multiplier": draw(st.sampled_from([1, 1, 80])),
        }
        point = "POINT" if is_shared else code
        made.append(Desired(f"m-{number}", "channels/a.yaml", 2, Identifiers(channel_id=number + 1), spec, point))
    return made


# Each sample writes and loads several files.
@settings(deadline=None)
@given(meters())
def test_a_channel_of_a_template_is_as_it_was(made: list[Desired]) -> None:

    drafted = draft_templates(made, ())
    uses = {name: tree for template in drafted for name, tree in template.channels.items()}
    files = {f"f{one.name}": render_file("channels/x.yaml", [one], uses) for one in made}
    files |= {"templates": render_templates("channels/templates.yaml", drafted)} if drafted else {}

    with tempfile.TemporaryDirectory() as folder:
        root = write(Path(folder), **files)
        loaded = load_definitions(root, ["channels"])

    note_case(reached=any(tree.get("with") for tree in uses.values()))
    assert [finding.message for finding in loaded.findings if finding.code != "ESA217"] == []
    assert {one.name: make_tree(one.select, one.spec) for one in loaded.definitions.channels} == {
        one.name: make_tree(one.select, one.spec) for one in made
    }
