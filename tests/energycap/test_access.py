from __future__ import annotations

import threading
from contextlib import closing
from os import pathsep
from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.access import (
    ServiceAddress,
    find_certificate_error,
    find_proxy,
    needs_none,
    read_address,
    read_key,
)
from reconciler.energycap.endpoints import READ_CHANNEL, READS
from reconciler.energycap.session import Session
from reconciler.energycap.transport import ConnectionBlocked, Limits, NotSent, Transport
from reconciler.errors import ProjectError, ServiceError, Unauthorized, Unreachable
from tests.energycap.tunnels import CERTIFICATES, ESTABLISHED, answering, listening, make_context, tunnel_to

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path


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
            r"the url of a service must contain only ASCII characters, and no white space, found 'https://a.example\n'",
        ),
        ("https://a.example:x", "the url of a service must name a host, and a port at most"),
        ("https://[::1", "the url of a service must name a host, and a port at most"),
        (
            "http://a.example",
            (
                "the url of a service must be https, because plain http shows the API key to the network, "
                "found 'http://a.example'"
            ),
        ),
        (
            "http://127.0.0.1.example",
            (
                "the url of a service must be https, because plain http shows the API key to the network, "
                "found 'http://127.0.0.1.example'"
            ),
        ),
    ],
)
def test_an_address_that_must_not_get_a_key_is_refused(url: str, message: str) -> None:
    with pytest.raises(ProjectError) as refusal:
        read_address(url)

    assert refusal.value.message == message
    assert refusal.value.fix.startswith("write  url: https://")


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(ProjectError) as refusal:
        read_address("https://user:geheim@a.example")

    assert refusal.value.message == "the url of a service must not contain a user name or password"


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
def test_a_text_that_cannot_be_a_key_is_refused_without_showing_it(environment: dict[str, str], message: str) -> None:
    with pytest.raises(Unauthorized) as refusal:
        read_key("ECI_API_KEY", environment)

    assert refusal.value.message == message
    assert refusal.value.fix == "export ECI_API_KEY=<the key as EnergyCAP showed it>; in CI, a secret of that name"
    assert "heim" not in repr(refusal.value)


HOST = "a.energycap.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
UNREADABLE = ["[", "http://[", "a:b:c", "!!!", "::::", "1.2.3.4/99", "::1%", ":", "//", "[::1", "é"]


def ask_through(
    serve: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch, certificate: str = ""
) -> tuple[ServiceError | int, list[int], str]:
    """What became of a read through a proxy that does as `serve`, its connections, and its url."""
    if certificate:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / f"{certificate}.pem"))
    with listening(serve) as (url, seen):
        monkeypatch.setenv("HTTPS_PROXY", url)
        with closing(Transport(read_address(f"https://{HOST}"), "a-key-of-a-test", READS)) as transport:
            try:
                return Session(transport).request(READ_CHANNEL.request(7)).status, seen, url
            except ServiceError as failure:
                return failure, seen, url


@pytest.mark.parametrize("no_proxy", ["::1", "[::1]", "fe80::/10", "10.0.0.0/8", ",".join(UNREADABLE)])
def test_entries_for_other_hosts_are_ignored(no_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)

    answer, seen, _ = ask_through(tunnel_to(make_context("trusted"), OK), monkeypatch, "trusted")

    assert (answer, seen) == (200, [1])


@pytest.mark.parametrize(
    ("host", "no_proxy"),
    [
        ("a.energycap.com", "*"),
        ("a.energycap.com", "b.example, *"),
        ("a.energycap.com", "energycap.com"),
        ("a.energycap.com", "b.example .energycap.com"),
        ("a.energycap.com", "*.energycap.com"),
        ("a.energycap.com", "A.EnergyCAP.com."),
        ("a.energycap.com", "a.energycap.com:443"),
        ("a.energycap.com", "https://a.energycap.com"),
        ("10.1.2.3", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3", "10.1.2.3:443"),
        ("fe80::7", "fe80::/10"),
        ("fe80::7", "[fe80::]/10"),
        ("2001:db8::1", "2001:0db8:0:0::1"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("2001:db8::1", "[2001:db8::1]:443"),
    ],
)
def test_a_host_in_no_proxy_is_reached_without_a_proxy(host: str, no_proxy: str) -> None:
    assert needs_none(host, 443, no_proxy)


@pytest.mark.parametrize(
    ("host", "no_proxy"),
    [
        ("a.energycap.com", ""),
        ("a.energycap.com", "aenergycap.com,gycap.com"),
        ("a.energycap.com", "a.energycap.com:8443"),
        ("10.1.2.3", "11.0.0.0/8"),
        ("2001:db8::1", "::1,fe80::/10"),
        ("2001:db8::1", "[2001:db8::1]:8443"),
        *[("a.energycap.com", entry) for entry in UNREADABLE],
    ],
)
def test_a_host_that_is_not_in_no_proxy_is_reached_through_the_proxy(host: str, no_proxy: str) -> None:
    assert not needs_none(host, 443, no_proxy)


@pytest.mark.parametrize(
    ("proxies", "shown"),
    [
        ({"https": "http://u:geheim@proxy.example:3128/"}, "http://proxy.example:3128 from HTTPS_PROXY"),
        ({"https": "proxy.example:3128", "all": "http://b.example"}, "http://proxy.example:3128 from HTTPS_PROXY"),
        ({"https": "", "all": "https://[::1]:8080"}, "https://[::1]:8080 from ALL_PROXY"),
        ({"https": "http://u:ge/heim@proxy.example"}, "from HTTPS_PROXY"),
    ],
)
def test_a_proxy_is_shown_without_its_password(proxies: dict[str, str], shown: str) -> None:
    proxy = find_proxy("https://a.energycap.com/gateway", proxies)

    assert proxy is not None
    assert (proxy.shown, repr(proxy)) == (shown, f"Proxy({shown!r})")


@pytest.mark.parametrize("proxies", [{}, {"http": "http://b.example"}, {"https": "http://b.example", "no": "*"}])
def test_a_proxy_for_another_scheme_is_not_used(proxies: dict[str, str]) -> None:
    assert find_proxy("https://a.energycap.com", proxies) is None


@pytest.mark.parametrize(
    ("shown", "trusted", "reason", "fix"),
    [
        (
            "trusted",
            "",
            "self-signed certificate",
            "name the file of your organisation's certificates in the variable SSL_CERT_FILE",
        ),
        (
            "other-host",
            "other-host",
            "Hostname mismatch, certificate is not valid for 'a.energycap.com'.",
            (
                "what answered for a.energycap.com has a certificate for another host: "
                "check the url, and any proxy in between"
            ),
        ),
        (
            "expired",
            "expired",
            "certificate has expired",
            (
                "check the clock of this machine; if it is right, the certificate shown for a.energycap.com "
                "must be renewed by its owner, or by the owner of the proxy in between"
            ),
        ),
    ],
    ids=["not trusted", "of another host", "expired"],
)
def test_an_untrusted_certificate_is_tried_once_and_its_cause_is_named(
    shown: str, trusted: str, reason: str, fix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure, seen, url = ask_through(tunnel_to(make_context(shown), OK), monkeypatch, trusted)

    assert isinstance(failure, ConnectionBlocked)
    assert f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {reason} (" in failure.message
    assert failure.message.endswith(f", through the proxy {url} from HTTPS_PROXY")
    assert (failure.fix, seen) == (fix, [1])


@pytest.mark.parametrize(
    ("answer", "said", "fix"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            "asks for a login: 407 Proxy Authentication Required",
            (
                "write user name and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT; if they are there, "
                "they are wrong, or the proxy asks for a kind of login other than Basic"
            ),
        ),
        *[
            (
                f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".encode(),
                f"did not connect to a.energycap.com: {status}",
                (
                    "ask the owner of the proxy to let a.energycap.com through; if a.energycap.com is reached "
                    "without it, add it to NO_PROXY"
                ),
            )
            for status in ("403 Forbidden", "405 Method Not Allowed", "302 Found")
        ],
    ],
    ids=["login", "forbidden", "no tunnels", "portal"],
)
def test_a_proxy_that_refuses_is_tried_once_and_named(
    answer: bytes, said: str, fix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure, seen, url = ask_through(answering(answer), monkeypatch)

    assert isinstance(failure, ConnectionBlocked)
    assert failure.message == (
        f"no answer from https://{HOST}: GET /api/v202406/esachannel/7: the proxy {url} from HTTPS_PROXY {said}"
    )
    assert (failure.fix, seen) == (fix, [1])


def keep_silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def answer_late(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 2")
    keep_silent(connection)


@pytest.mark.parametrize("serve", [keep_silent, answer_late], ids=["silent", "in the middle"])
def test_a_proxy_may_take_as_long_for_a_tunnel_as_a_connection_may(
    serve: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(serve) as (url, _):
        monkeypatch.setenv("HTTPS_PROXY", url)
        limits = Limits(connect_timeout=0.2, read_timeout=600)
        with (
            closing(Transport(read_address(f"https://{HOST}"), "a-key-of-a-test", READS, None, limits)) as transport,
            pytest.raises(NotSent) as failure,
        ):
            transport.exchange(READ_CHANNEL.request(7))

    assert failure.value.message.endswith(f": no connection within 0.2 s, through the proxy {url} from HTTPS_PROXY")
    assert failure.value.fix == (
        f"check HTTPS_PROXY and the network; if {HOST} is reached without a proxy, add it to NO_PROXY"
    )


def test_a_response_through_a_tunnel_may_take_longer_than_the_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "trusted.pem"))
    arrived = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(ESTABLISHED)
        with make_context("trusted").wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(65536)
            arrived.set()
            keep_silent(encrypted)

    with listening(serve) as (url, _):
        monkeypatch.setenv("HTTPS_PROXY", url)
        limits = Limits(connect_timeout=600, read_timeout=0.2)
        with (
            closing(Transport(read_address(f"https://{HOST}"), "a-key-of-a-test", READS, None, limits)) as transport,
            pytest.raises(Unreachable) as failure,
        ):
            transport.exchange(READ_CHANNEL.request(7))

    assert arrived.is_set()
    assert type(failure.value) is Unreachable
    assert failure.value.message.endswith(f": silence for 0.2 s, through the proxy {url} from HTTPS_PROXY")


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "], ids=["none", "other", "cut"])
def test_a_proxy_that_opens_no_tunnel_gets_nothing_of_the_request(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(answering(answer)) as (url, _):
        monkeypatch.setenv("HTTPS_PROXY", url)
        with (
            closing(Transport(read_address(f"https://{HOST}"), "a-key-of-a-test", READS)) as transport,
            pytest.raises(NotSent) as failure,
        ):
            transport.exchange(READ_CHANNEL.request(7))

    assert failure.value.message.endswith(f", through the proxy {url} from HTTPS_PROXY")
    assert failure.value.fix.startswith("check HTTPS_PROXY and the network")


def test_blanks_around_a_proxy_do_not_count() -> None:
    proxy = find_proxy("https://a.energycap.com", {"https": " \n", "all": " http://proxy.example:3128\n"})

    assert (proxy and proxy.shown) == "http://proxy.example:3128 from ALL_PROXY"


def test_a_proxy_that_answers_with_a_page_does_not_speak_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"<html>" + b"Please sign in. " * 40

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        connection.recv(65536)
        connection.sendall(page)

    failure, seen, _ = ask_through(serve, monkeypatch)

    assert isinstance(failure, ConnectionBlocked)
    assert failure.fix == (
        "what answered does not speak TLS: either the port in the url is not one for https, "
        "or the proxy answered instead of the service"
    )
    assert seen == [1]


def test_a_version_of_tls_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"  # fatal: protocol version

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(65536)
        connection.sendall(alert)

    failure, seen, _ = ask_through(serve, monkeypatch)

    assert isinstance(failure, ConnectionBlocked)
    assert "PROTOCOL_VERSION" in failure.message
    assert failure.fix.startswith("this machine and what answers for a.energycap.com have no version or cipher of TLS")
    assert seen == [1]


def test_a_tunnel_that_failed_does_not_keep_the_next_request_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = iter([answering(b"HTTP/1.1 200 OK\r\n\r\n"), tunnel_to(make_context("trusted"), OK)])

    def serve(connection: socket.socket) -> None:
        next(turns)(connection)

    answer, seen, _ = ask_through(serve, monkeypatch, "trusted")

    assert (answer, seen) == (200, [1, 2])


def test_a_proxy_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://u:geheim@127.0.0.1:1")

    with (
        closing(Transport(read_address(f"https://{HOST}"), "a-key-of-a-test", READS)) as transport,
        pytest.raises(ServiceError) as failure,
    ):
        transport.exchange(READ_CHANNEL.request(7))

    start = f"no answer from https://{HOST}: GET /api/v202406/esachannel/7: "
    assert failure.value.message.startswith(f"{start}the proxy http://127.0.0.1:1 from HTTPS_PROXY cannot be reached: ")
    assert failure.value.fix == (
        "check HTTPS_PROXY and the network; if a.energycap.com is reached without a proxy, add it to NO_PROXY"
    )


def test_the_certificates_of_the_environment_are_also_for_a_proxy_that_speaks_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = make_context("trusted")

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")(encrypted)

    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "trusted.pem"))
    with listening(serve) as (url, _):
        monkeypatch.setenv("HTTPS_PROXY", url.replace("http:", "https:").replace("127.0.0.1", "localhost"))
        with (
            closing(Transport(read_address(f"https://{HOST}"), "a-key-of-a-test", READS)) as transport,
            pytest.raises(ConnectionBlocked) as failure,
        ):
            transport.exchange(READ_CHANNEL.request(7))

    # The certificate is of another host: it was judged, and not refused as unknown.
    assert "Hostname mismatch" in failure.value.message


def test_a_file_of_certificates_has_no_flaw() -> None:
    assert (
        find_certificate_error({"SSL_CERT_FILE": str(CERTIFICATES / "trusted.pem"), "SSL_CERT_DIR": "/missing"}) is None
    )


def test_no_variable_has_no_flaw() -> None:
    assert find_certificate_error({"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""}) is None


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"", "it is empty"),
        (b"\x30\x82\x01\x0a", "no certificate in PEM format was found in it (NO_CERTIFICATE_OR_CRL_FOUND)"),
        ((CERTIFICATES / "key.pem").read_bytes(), "no certificate in PEM format was found in it"),
    ],
    ids=["empty", "binary", "a key"],
)
def test_a_file_without_a_certificate_is_named_with_what_is_in_it(content: bytes, flaw: str, tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    file.write_bytes(content)

    found = find_certificate_error({"SSL_CERT_FILE": str(file)})

    assert found is not None
    assert found[0].startswith(f"SSL_CERT_FILE names {file}, which cannot be used: {flaw}")


def test_a_folder_is_not_a_file_of_certificates(tmp_path: Path) -> None:
    found = find_certificate_error({"SSL_CERT_FILE": str(tmp_path)})

    assert found is not None
    assert found[0].startswith(f"SSL_CERT_FILE names {tmp_path}, which cannot be read: ")


def test_folders_count_by_the_names_that_openssl_looks_for(tmp_path: Path) -> None:
    empty, unhashed, hashed = (tmp_path / name for name in ("empty", "unhashed", "hashed"))
    for folder, names in ((empty, []), (unhashed, ["own.pem"]), (hashed, ["5ed36f99.0"])):
        folder.mkdir()
        for name in names:
            (folder / name).touch()

    found = find_certificate_error({"SSL_CERT_DIR": f"{tmp_path / 'missing'}{pathsep}{empty}{pathsep}{unhashed}"})

    assert found is not None
    assert found[0] == (
        f"SSL_CERT_DIR leads to no certificate: {tmp_path / 'missing'} cannot be read: No such file or directory; "
        f"{empty} is empty; {unhashed} holds no file with a hashed name such as 5ed36f99.0"
    )
    assert find_certificate_error({"SSL_CERT_DIR": f"{empty}{pathsep}{hashed}"}) is None
