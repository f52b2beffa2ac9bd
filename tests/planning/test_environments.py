"""The definitions of one environment, and what is wrong with the environments that channels name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import Definitions, Desired, Live, Snapshot
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.environments import choose_environment
from reconciler.planning.offline_checks import check_definitions
from reconciler.planning.plan import make_plan
from tests.cases import note_case
from tests.planning.offline_files import make_channel, make_definitions, make_feed, make_formula, summarize
from tests.planning.tenant import BASIS, REFERENCE, make_live
from tests.planning.test_creation import SPEC

BOTH = ("implement", "production")
ID_77 = Identifiers(channel_id=77)


def make_plain(name: str, select: int | None, select_in: dict[str, int], only: tuple[str, ...]) -> Desired:
    """A channel that is found by ids alone."""
    by_id = {environment: Identifiers(channel_id=id_) for environment, id_ in select_in.items()}
    found = None if select is None else Identifiers(channel_id=select)
    return Desired(name, "channels/north.yaml", 7, found, {}, select_in=by_id, only=only)


def describe(definitions: Definitions) -> dict[str, int | None]:
    """The id by which each channel is found, by name."""
    return {
        channel.name: None if channel.select is None else channel.select.channel_id for channel in definitions.channels
    }


def list_places(channels: list[Desired], environments: tuple[str, ...] | None = BOTH) -> list[tuple[str, str, str]]:
    return summarize(check_definitions(make_definitions(channels), environments))


def test_select_in_takes_the_place_of_select_in_its_environment() -> None:
    use = make_channel("use", select=Identifiers(channel_import_id="USE"), select_in={"production": ID_77})
    definitions = make_definitions([use])

    assert choose_environment(definitions, "implement") == definitions
    assert choose_environment(definitions, "production") == replace(
        definitions, channels=(replace(use, select=ID_77, selected_in="production"),)
    )


def test_a_channel_is_left_out_of_all_environments_but_those_of_only_and_its_feeds_with_it() -> None:
    use, trial = make_channel("use"), make_channel("trial", only=("implement",))
    kept = make_feed("kept", "use", Identifiers(channel_id=1))
    lost = make_feed("lost", "trial", Identifiers(channel_id=2))
    definitions = make_definitions([trial, use], [kept, lost])

    assert choose_environment(definitions, "implement") == definitions
    assert choose_environment(definitions, "production") == replace(
        definitions, channels=(use,), feeds=(kept,), left_out=(trial,), left_out_feeds=(lost,)
    )


def test_what_finds_a_channel_in_one_environment_is_located_there() -> None:
    use = make_channel("use", select_in={"prod.eu": ID_77})

    (chosen,) = choose_environment(make_definitions([use]), "prod.eu").channels

    assert chosen.locate("select.channelId").path == ("channels", "use", "selectIn", "prod.eu", "channelId")
    assert chosen.locate("select").path == ("channels", "use", "selectIn", "prod.eu")
    assert chosen.locate("channelInfo").path == ("channels", "use", "channelInfo")


def test_an_unknown_environment_is_an_error_at_its_name_with_the_nearest_one() -> None:
    use = make_channel("use", select_in={"prodution": ID_77}, only=("implement", "staging"), line=7)

    found = check_definitions(make_definitions([use]), BOTH)

    assert found == (
        Finding(
            "ESA165",
            Severity.ERROR,
            "reconciler.yaml has no environment with this name, found prodution under selectIn",
            Location("channels/north.yaml", 7, path=("channels", "use", "selectIn", "prodution")),
            fix="did you mean  production; reconciler.yaml has implement, production",
        ),
        Finding(
            "ESA165",
            Severity.ERROR,
            "reconciler.yaml has no environment with this name, found staging under only",
            Location("channels/north.yaml", 7, path=("channels", "use", "only", "1")),
            fix="reconciler.yaml has implement, production",
        ),
    )


def test_names_are_not_checked_while_the_environments_are_not_known() -> None:
    assert list_places([make_channel("use", select_in={"prodution": ID_77})], None) == []


def test_without_environments_every_name_is_unknown() -> None:
    (finding,) = check_definitions(make_definitions([make_channel("use", only=("implement",))]), ())

    assert (finding.code, finding.fix.startswith("write the name as it is in reconciler.yaml")) == ("ESA165", True)


@pytest.mark.parametrize(
    ("channel", "found"),
    [
        (
            make_channel("use", only=("implement", "production", "implement")),
            ("ESA166", "channels use only 2", "an environment is listed twice under only, found implement"),
        ),
        (
            make_channel("use", select_in={"production": ID_77}, only=("implement",)),
            (
                "ESA167",
                "channels use selectIn production",
                "selectIn names an environment that is not listed under only, found production",
            ),
        ),
        (
            make_channel("use", select=None, select_in={"production": ID_77}),
            (
                "ESA331",
                "channels use",
                "channel has no identifiers of its live channel, found no select, and selectIn for production alone",
            ),
        ),
        (
            make_channel("use", select_in={"production": Identifiers(unit_code="KWH")}),
            (
                "ESA331",
                "channels use selectIn production",
                "channel has no identifiers of its live channel, found only unitCode KWH",
            ),
        ),
        (
            make_channel("use", select_in={"production": Identifiers(channel_import_id="USE ")}),
            (
                "ESA217",
                "channels use selectIn production channelImportId",
                'channelImportId should not begin or end with a space, found "USE "',
            ),
        ),
    ],
    ids=["twice", "left out", "found in one environment alone", "no identifiers there", "space there"],
)
def test_what_is_wrong_with_the_environments_of_a_channel(channel: Desired, found: tuple[str, str, str]) -> None:
    assert list_places([channel]) == [found]


def test_channels_of_different_environments_may_select_the_same_live_channel() -> None:
    one, other = (
        make_channel(name, {"channelImportId": "USE", "isPrimaryValue": True}, data_point="NB", only=(environment,))
        for name, environment in (("one", "implement"), ("other", "production"))
    )

    assert list_places([replace(one, select=ID_77), replace(other, select=ID_77)]) == []


def test_channels_of_one_environment_may_not_and_the_finding_says_which() -> None:
    one = make_channel("one", select_in={"production": ID_77})
    other = make_channel("other", select=ID_77, line=12)

    (finding,) = check_definitions(make_definitions([one, other]), BOTH)

    assert (finding.code, finding.message, finding.detail) == (
        "ESA332",
        "channel selects the same live channel as one (channels/north.yaml:7), found channelId 77",
        ("in environment: production",),
    )


def test_what_is_wrong_in_every_environment_is_said_once_and_names_none() -> None:
    one, other = make_channel("one", select=ID_77), make_channel("other", select=ID_77, line=12)

    (finding,) = check_definitions(make_definitions([one, other, make_channel("trial", only=("implement",))]), BOTH)

    assert (finding.code, finding.detail) == ("ESA332", ())


def test_feeds_with_the_same_identifiers_may_expect_channels_of_different_environments() -> None:
    one, other = make_channel("one", only=("implement",)), make_channel("other", only=("production",))
    feeds = [make_feed(name, name, ID_77) for name in ("one", "other")]

    assert check_definitions(make_definitions([one, other], feeds), BOTH) == ()


@pytest.mark.parametrize(
    ("only", "fix"),
    [
        ((), "write  only: [implement]  for net too, or list all environments of net under only of use"),
        (BOTH, "write  only: [implement]  for net too, or list all environments of net under only of use"),
        (("production",), "list all environments of net under only of use"),
    ],
    ids=["everywhere", "in both", "elsewhere"],
)
def test_a_formula_may_not_use_a_channel_that_is_left_out_of_its_environment(only: tuple[str, ...], fix: str) -> None:
    use = make_channel("use", only=("implement",))
    net = make_formula("net", "channel(use) * 2", line=12, only=only)

    (finding,) = check_definitions(make_definitions([use, net]), BOTH)

    assert finding == Finding(
        "ESA333",
        Severity.ERROR,
        "formula uses a channel that is left out of this environment, found channel(use)",
        Location(
            "channels/north.yaml", 12, path=("channels", "net", "esaChannelVersion", "formula"), fragment="channel(use)"
        ),
        (
            "left out: use (channels/north.yaml:7), which is in implement only",
            "in environment: production",
        ),
        fix,
    )


def test_a_formula_may_use_a_channel_of_the_same_environments() -> None:
    use = make_channel("use", only=("implement",))
    net = make_formula("net", "channel(use) * 2", only=("implement",))

    assert list_places([use, net]) == []


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ([make_live(77, {"channelImportId": "OLD"})], ([("use", 77, "update")], [])),
        ([make_live(1)], ([], ["ESA301"])),
    ],
    ids=["found", "not found"],
)
def test_a_channel_to_be_created_is_not_created_where_selectin_finds_it(
    live: list[Live], expected: tuple[list[tuple[str, int, str]], list[str]]
) -> None:
    by_import_id = Identifiers(channel_import_id="NEW")
    use = Desired("use", "a.yaml", 1, by_import_id, SPEC, "NB-ELEC", creates=True, select_in={"production": ID_77})
    definitions = make_definitions([use])

    plan = make_plan(choose_environment(definitions, "production"), Snapshot(tuple(live), REFERENCE), BASIS)

    found = [finding.code for finding in plan.findings if finding.severity is Severity.ERROR]
    planned = [(change.name, change.channel_id, change.action.value) for change in plan.changes]
    assert check_definitions(definitions, BOTH) == ()
    assert (planned, found) == expected


@pytest.mark.parametrize("environments", [BOTH, None], ids=["known", "not known"])
def test_a_file_may_name_any_number_of_environments(environments: tuple[str, ...] | None) -> None:
    many = tuple(f"e{number}" for number in range(20_000))
    use = make_channel("use", select_in=dict.fromkeys(many, ID_77), only=(*many, *many))
    net = make_formula("net", "channel(use) * 2", only=many)

    found = [code for code, _, _ in list_places([use, net], environments)]

    assert {code: found.count(code) for code in found} == ({"ESA166": 50} if environments is None else {"ESA165": 150})


NAMES = ("implement", "production", "sandbox")
KNOWN = st.sampled_from([*NAMES, *NAMES, "staging"])
SELECTS = st.none() | st.integers(1, 5)
ANY_CHANNELS = st.lists(
    st.tuples(
        SELECTS,
        st.dictionaries(KNOWN, st.integers(1, 5), max_size=2),
        st.lists(KNOWN, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


def choose_plainly(
    channels: dict[str, tuple[int | None, dict[str, int], tuple[str, ...]]], environment: str
) -> dict[str, int | None]:
    """The id of each channel that `environment` has: the rules of the documentation, word by word."""
    chosen = {}
    for name, (select, select_in, only) in channels.items():
        if not only or environment in only:
            chosen[name] = select_in.get(environment, select)
    return chosen


def expect_codes(channels: dict[str, tuple[int | None, dict[str, int], tuple[str, ...]]]) -> set[str]:
    codes = set()
    for _, select_in, only in channels.values():
        codes |= {"ESA165" for name in (*select_in, *only) if name not in NAMES}
        codes |= {"ESA166" for name in only if name in NAMES and only.count(name) > 1}
        codes |= {"ESA167" for name in select_in if name in NAMES and only and name not in only}
    for environment in NAMES:
        ids = list(choose_plainly(channels, environment).values())
        codes |= {"ESA331" for id_ in ids if id_ is None}
        codes |= {"ESA332" for id_ in ids if id_ is not None and ids.count(id_) > 1}
    return codes


@given(ANY_CHANNELS)
def test_each_environment_has_what_its_channels_say_and_nothing_else_is_wrong(
    drawn: list[tuple[int | None, dict[str, int], tuple[str, ...]]],
) -> None:
    channels = {f"c{number}": one for number, one in enumerate(drawn)}
    definitions = make_definitions([make_plain(name, *one) for name, one in channels.items()])
    seen = {name: choose_environment(definitions, name) for name in NAMES}

    note_case(reached=any(select_in or only for _, select_in, only in drawn))
    assert {name: describe(one) for name, one in seen.items()} == {
        name: choose_plainly(channels, name) for name in NAMES
    }
    assert all({channel.name for channel in (*one.channels, *one.left_out)} == channels.keys() for one in seen.values())
    assert {finding.code for finding in check_definitions(definitions, NAMES)} == expect_codes(channels)
