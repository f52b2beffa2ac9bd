"""Which hosts may be sent an API key."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.model.hosts import AllowedHost, is_allowed, is_loopback, name_host, parse_allowed_hosts
from tests.cases import mostly, note_case


@pytest.mark.parametrize(
    "url",
    [
        "https://app.energycap.com",
        "https://implement.energycap.com/eci/",
        "https://APP.EnergyCAP.com:8443",
        "https://a.b.energycap.com",
        "http://127.0.0.1:8080",
        "http://127.8.9.10",
        "http://localhost:8080",
        "https://[::1]:8080",
    ],
)
def test_hosts_of_energycap_and_this_machine_may_get_a_key(url: str) -> None:
    assert is_allowed(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://energycap.com",
        "https://app.fed-energycap.com",
        "https://evilenergycap.com",
        "https://app.energycap.com.evil.org",
        "https://app.energycap.com.",
        "https://app.energycap.com..",
        "https://.energycap.com",
        "https://app.energycap.com@evil.org",
        "https://evil.org@app.energycap.com",
        "https://app.energycap.com%2eevil.org",
        "https://evil.org%2f.energycap.com",
        r"https://evil.org\.energycap.com",
        "https://evil.org\\@app.energycap.com",
        "https://evil.org;.energycap.com",
        "https://evil.org .energycap.com",
        "https://\u0435nergycap.com",
        "https://app.\u0435nergycap.com",
        "https://xn--nergycap-1fg.com",
        "https://app.energycap.com:99999",
        "https://[app.energycap.com]",
        "https://localhost.evil.org",
        "https://127.0.0.1.nip.io",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0.0.0.0",
        "https://[::]",
        "https://[::ffff:10.0.0.1]",
        "https://10.0.0.1",
        "https://",
        "app.energycap.com",
        "",
    ],
)
def test_what_only_looks_like_one_may_not(url: str) -> None:
    assert not is_allowed(url, ())


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
ENDS = st.sampled_from(["", "/", "?a", "#a", ":8443", "/a.b?c=d"])


@given(mostly(HOSTS, st.text(max_size=30)), mostly(ENDS, st.text(max_size=12)))
def test_whatever_a_host_is_called_only_its_end_counts(before: str, after: str) -> None:
    allowed = is_allowed(f"https://{before}.energycap.com{after}", ())
    note_case(reached=allowed)
    assume(allowed)

    # URL parsers drop line breaks and tabs anywhere.
    url = f"{before}.energycap.com{after}".translate(dict.fromkeys(map(ord, "\t\r\n")))
    host = url.partition("/")[0].partition("?")[0].partition("#")[0]
    assert host.partition(":")[0].lower().endswith(".energycap.com") or is_loopback(host.partition(":")[0].lower())


@given(HOSTS, LABELS)
def test_a_host_that_only_holds_the_name_of_energycap_is_not_one(before: str, after: str) -> None:
    others = f"energycap.com.{after}", f"{before}energycap.com", f"{before}.energycap.com{after}", before

    assert [is_allowed(f"https://{host}", ()) for host in others] == [False] * 4
    assert is_allowed(f"https://{before}.energycap.com", ())


@pytest.mark.parametrize(
    ("text", "url", "may"),
    [
        ("gateway.example.org", "https://gateway.example.org", True),
        ("gateway.example.org", "https://GATEWAY.example.org:8443/eci", True),
        ("Gateway.Example.ORG", "https://gateway.example.org", True),
        ("gateway.example.org", "https://a.gateway.example.org", False),
        ("gateway.example.org", "https://gateway.example.org.evil.org", False),
        ("gateway.example.org", "https://evilgateway.example.org", False),
        ("gateway.example.org:8443", "https://gateway.example.org:8443", True),
        ("gateway.example.org:8443", "https://gateway.example.org", False),
        ("gateway.example.org:443", "https://gateway.example.org", True),
        ("gateway.example.org:80", "http://gateway.example.org", True),
        ("gateway.example.org:443", "http://gateway.example.org", False),
        ("*.example.org", "https://gateway.example.org", True),
        ("*.example.org", "https://a.gateway.example.org", True),
        ("*.example.org", "https://example.org", False),
        ("*.example.org", "https://evilexample.org", False),
        ("a.example,b.example", "https://b.example", True),
        ("  a.example \n\tb.example, ", "https://b.example", True),
        ("", "https://b.example", False),
        ("10.0.0.1", "https://10.0.0.1", True),
        ("10.0.0.1", "https://10.0.0.10", False),
        ("[2001:DB8::1]", "https://[2001:db8:0::1]", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]", False),
        ("app.fed-energycap.com", "https://app.fed-energycap.com", True),
    ],
)
def test_a_variable_names_further_hosts(text: str, url: str, may: bool) -> None:
    assert is_allowed(url, parse_allowed_hosts(text)) is may


def test_what_the_variable_holds_becomes_records() -> None:
    assert parse_allowed_hosts("A.example:8443, *.b.example [::2] c.example:1 c.example:65535") == (
        AllowedHost("a.example", port=8443),
        AllowedHost("b.example", is_suffix=True),
        AllowedHost("::2"),
        AllowedHost("c.example", port=1),
        AllowedHost("c.example", port=65535),
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Gateway.example.org:8443/eci", "gateway.example.org"),
        ("https://[2001:DB8::1]:8443", "[2001:db8::1]"),
        ("gateway.example.org", ""),
    ],
)
def test_a_host_is_named_as_the_variable_takes_it(url: str, name: str) -> None:
    assert name_host(url) == name


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("https://a.example", "is not a host"),
        ("a.example/path", "is not a host"),
        ("a.example.", "is not a host"),
        ("user@a.example", "is not a host"),
        ("a..example", "is not a host"),
        ("a_b.example", "is not a host"),
        ("bücher.example", "is not a host"),
        ("*", "is not a host"),
        ("a.*.example", "is not a host"),
        ("*a.example", "is not a host"),
        ("::1", "is not a host"),
        ("[1:2]", "is not an address"),
        ("*.com", "allows too much: behind  *.  it needs a domain of two parts"),
        ("*.10.0.0.1", "allows too much: behind  *.  it needs a domain of two parts"),
        ("*.[2001:db8::1]", "allows too much: behind  *.  it needs a domain of two parts"),
        ("a.example:0", "has no port of 1 to 65535"),
        ("a.example:65536", "has no port of 1 to 65535"),
    ],
)
def test_an_entry_that_is_not_a_host_is_refused(entry: str, why: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_allowed_hosts(f"fine.example {entry}")

    assert refusal.value.message == f"RECONCILER_ALLOWED_HOSTS cannot be used: {entry!a} {why}"


def test_of_a_long_entry_the_first_80_characters_are_shown() -> None:
    with pytest.raises(UsageError) as refusal:
        parse_allowed_hosts("_" * 100)

    assert refusal.value.message == f"RECONCILER_ALLOWED_HOSTS cannot be used: {'_' * 80!r} is not a host"
