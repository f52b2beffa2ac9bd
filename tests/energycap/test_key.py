"""The API key: what the environment must hold, and what is said of it otherwise."""

from __future__ import annotations

import pytest

from reconciler.energycap.key import read_key
from reconciler.errors import Unauthorized


def test_the_key_is_what_the_variable_holds() -> None:
    assert read_key("ECI_API_KEY", {"ECI_API_KEY": "abc.d+/f=.ghi"}) == "abc.d+/f=.ghi"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "no API key: the variable ECI_API_KEY is not set"),
        ({"ECI_API_KEY": ""}, "no usable API key: the variable ECI_API_KEY is empty"),
        ({"ECI_API_KEY": " \n"}, "no usable API key: the variable ECI_API_KEY is empty"),
        (
            {"ECI_API_KEY": "geheim\n"},
            "no usable API key: the variable ECI_API_KEY begins or ends with white space, perhaps a newline",
        ),
        (
            {"ECI_API_KEY": "ge heim"},
            "no usable API key: the variable ECI_API_KEY holds white space or characters that no API key has",
        ),
        (
            {"ECI_API_KEY": "gehe\nim"},
            "no usable API key: the variable ECI_API_KEY holds white space or characters that no API key has",
        ),
        (
            {"ECI_API_KEY": "“geheim”"},
            "no usable API key: the variable ECI_API_KEY holds white space or characters that no API key has",
        ),
    ],
    ids=["missing", "empty", "blank", "newline at the end", "space within", "newline within", "typographic quotes"],
)
def test_what_can_be_no_key_is_refused_without_showing_it(environment: dict[str, str], message: str) -> None:
    with pytest.raises(Unauthorized) as refusal:
        read_key("ECI_API_KEY", environment)

    assert refusal.value.message == message
    assert refusal.value.fix == "export ECI_API_KEY=<the key as EnergyCAP showed it>; in CI, a secret of that name"
    assert "heim" not in repr(refusal.value)
