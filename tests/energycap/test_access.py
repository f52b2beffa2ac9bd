from __future__ import annotations

import pytest

from reconciler.energycap.access import ServiceAddress, read_address, read_key
from reconciler.errors import ProjectError, Unauthorized


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "https://app.energycap.com",
            ServiceAddress("https://app.energycap.com", is_encrypted=True, is_loopback=False),
        ),
        (
            "https://gateway.example/eci/",
            ServiceAddress("https://gateway.example/eci", is_encrypted=True, is_loopback=False),
        ),
        ("HTTPS://Example.com:8443", ServiceAddress("https://Example.com:8443", is_encrypted=True, is_loopback=False)),
        ("http://127.0.0.1:8080/", ServiceAddress("http://127.0.0.1:8080", is_encrypted=False, is_loopback=True)),
        ("http://127.8.9.10", ServiceAddress("http://127.8.9.10", is_encrypted=False, is_loopback=True)),
        ("http://localhost:8080", ServiceAddress("http://localhost:8080", is_encrypted=False, is_loopback=True)),
        ("http://[::1]:8080", ServiceAddress("http://[::1]:8080", is_encrypted=False, is_loopback=True)),
        ("https://localhost", ServiceAddress("https://localhost", is_encrypted=True, is_loopback=True)),
    ],
)
def test_https_is_for_all_and_http_for_this_machine(url: str, address: ServiceAddress) -> None:
    assert read_address(url) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "the url of a service must begin with https://, found ''"),
        ("app.energycap.com", "the url of a service must begin with https://, found 'app.energycap.com'"),
        ("ftp://app.energycap.com", "the url of a service must begin with https://, found 'ftp://app.energycap.com'"),
        ("https://", "the url of a service must name a host, found 'https://'"),
        ("https://a..example", "the url of a service must name a host, found 'https://a..example'"),
        ("https://a.example?x=1", "the url of a service must end with its path, found 'https://a.example?x=1'"),
        ("https://a.example#x", "the url of a service must end with its path, found 'https://a.example#x'"),
        (
            "https://a.example\n",
            r"the url of a service must hold neither white space nor letters beyond ASCII, found 'https://a.example\n'",
        ),
        ("https://a.example:x", "the url of a service must name a host, and a port at most"),
        ("https://[::1", "the url of a service must name a host, and a port at most"),
        (
            "http://a.example",
            (
                "the url of a service must be https, for plain http shows the API key to the network, "
                "found 'http://a.example'"
            ),
        ),
        (
            "http://127.0.0.1.example",
            (
                "the url of a service must be https, for plain http shows the API key to the network, "
                "found 'http://127.0.0.1.example'"
            ),
        ),
    ],
)
def test_what_is_no_address_for_a_key_is_refused(url: str, message: str) -> None:
    with pytest.raises(ProjectError) as refusal:
        read_address(url)

    assert refusal.value.message == message
    assert refusal.value.fix.startswith("write  url: https://")


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(ProjectError) as refusal:
        read_address("https://user:geheim@a.example")

    assert refusal.value.message == "the url of a service must hold no user name or password"


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
