"""The address of a service: what may be one, and where the key may be sent unencrypted."""

from __future__ import annotations

import pytest

from reconciler.energycap.address import Address, read_address
from reconciler.errors import ProjectError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://app.energycap.com", Address("https://app.energycap.com", is_encrypted=True, is_loopback=False)),
        ("https://gateway.example/eci/", Address("https://gateway.example/eci", is_encrypted=True, is_loopback=False)),
        ("HTTPS://Example.com:8443", Address("https://Example.com:8443", is_encrypted=True, is_loopback=False)),
        ("http://127.0.0.1:8080/", Address("http://127.0.0.1:8080", is_encrypted=False, is_loopback=True)),
        ("http://127.8.9.10", Address("http://127.8.9.10", is_encrypted=False, is_loopback=True)),
        ("http://localhost:8080", Address("http://localhost:8080", is_encrypted=False, is_loopback=True)),
        ("http://[::1]:8080", Address("http://[::1]:8080", is_encrypted=False, is_loopback=True)),
        ("https://localhost", Address("https://localhost", is_encrypted=True, is_loopback=True)),
    ],
)
def test_https_is_for_all_and_http_for_this_machine(url: str, address: Address) -> None:
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
