from __future__ import annotations

import pytest

from reconciler.sandbox import SettingError, SettingRow, Settings, describe_settings, parse_settings
from reconciler.sandbox.settings import PutVersionSemantics


def test_without_assignments_everything_is_most_plausible() -> None:
    assert parse_settings([]) == Settings()


def test_the_last_assignment_of_a_name_counts() -> None:
    settings = parse_settings(["put_version_semantics=first", "put_version_semantics=ignore"])

    assert settings == Settings(put_version_semantics=PutVersionSemantics.IGNORE)


@pytest.mark.parametrize("row", describe_settings(), ids=lambda row: row.name)
def test_every_value_of_every_setting_can_be_chosen(row: SettingRow) -> None:
    chosen = {value: getattr(parse_settings([f"{row.name}={value}"]), row.name).value for value in row.values}

    assert chosen == {value: value for value in row.values}
    assert row.default == row.values[0]
    assert row.question.endswith((".", ")."))


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("list_shape", "a setting is written NAME=VALUE, found 'list_shape'"),
        ("list_shap=full", "no setting is called 'list_shap'; did you mean list_shape?"),
        ("page_order=short", "page_order must be one of stable, shuffled, found 'short'"),
        ("page_order=", "page_order must be one of stable, shuffled, found ''"),
    ],
)
def test_an_invalid_assignment_is_refused(assignment: str, message: str) -> None:
    with pytest.raises(SettingError) as failure:
        parse_settings([assignment])

    assert str(failure.value) == message


def test_a_name_that_resembles_none_is_answered_with_all_names() -> None:
    with pytest.raises(
        SettingError, match=r"^no setting is called 'x'; there are put_version_semantics, missing_version"
    ):
        parse_settings(["x=1"])


def test_the_table_is_that_of_the_docs() -> None:
    assert describe_settings()[0] == SettingRow(
        name="put_version_semantics",
        values=("latest", "first", "ignore", "reject"),
        default="latest",
        question="Which version a PUT of a channel with several versions changes.",
    )
