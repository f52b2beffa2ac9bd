from __future__ import annotations

import errno
import gzip
import logging
import resource
import subprocess
import sys
import traceback
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from operator import mul
from threading import Barrier
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import __version__
from reconciler.energycap.access import read_address
from reconciler.energycap.endpoints import (
    CREATE_READINGS,
    EDIT_CHANNEL,
    LIST_CHANNELS,
    READ_CHANNEL,
    READS,
    SENDS,
    WRITES,
)
from reconciler.energycap.responses import Response
from reconciler.energycap.transport import DecompressionError, Limits, NotSent, Transport, decompress
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unreachable
from tests.cases import note_case
from tests.energycap.fake_network import Script, raw_server, trickling_server
from tests.stub import LIST, TYPES, UNITS, Reply, answering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from re import Pattern

    from reconciler.energycap.endpoints import Endpoint
    from reconciler.energycap.transport import HttpTransport


URL = "https://a.energycap.com"
KEY = "c2VjcmV0.c2VjcmV0.c2VjcmV0"
READ = READ_CHANNEL.request(7)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def make_transport(
    url: str = URL, network: HttpTransport | None = None, limits: Limits | None = None
) -> closing[Transport]:
    return closing(Transport(read_address(url), KEY, READS, network, limits or Limits()))


def find_failure(url: str = URL, network: HttpTransport | None = None, limits: Limits | None = None) -> ServiceError:
    with pytest.raises(ServiceError) as failure, make_transport(url, network, limits) as transport:
        transport.exchange(READ)
    return failure.value


def test_a_request_carries_key_type_and_query() -> None:
    network = Script(httpx.Response(200, headers={"X-Count": "1"}, content=b"[]"))

    with make_transport(network=network) as transport:
        answer = transport.exchange(
            LIST_CHANNELS.request(query={"filter": "dataPointId equals '7'", "pageNumber": "1"})
        )

    (sent,) = network.sent
    assert str(sent.url) == (
        "https://a.energycap.com/api/v202406/esachannel?filter=dataPointId+equals+%277%27&pageNumber=1"
    )
    assert dict(sent.headers) == {
        "accept": "application/json",
        "accept-encoding": "gzip",
        "content-type": "application/json",
        "eci-apikey": KEY,
        "host": "a.energycap.com",
        "user-agent": f"esa-reconciler/{__version__}",
    }
    assert answer == Response(200, {"x-count": "1", "content-length": "2"}, b"[]")


def test_a_body_is_sent_as_it_is() -> None:
    network = Script(httpx.Response(204))

    with closing(Transport(read_address(f"{URL}/gateway"), KEY, WRITES, network)) as transport:
        transport.exchange(EDIT_CHANNEL.request(7, body={"channelInfo": "ä"}))

    (sent,) = network.sent
    assert (sent.method, str(sent.url)) == ("PUT", "https://a.energycap.com/gateway/api/v202406/esachannel/7")
    assert sent.content == b'{"channelInfo": "\\u00e4"}'


def test_what_is_not_allowed_is_never_sent() -> None:
    network = Script()

    with make_transport(network=network) as transport, pytest.raises(RuntimeError) as refusal:
        transport.exchange(EDIT_CHANNEL.request(7, body={}))

    assert str(refusal.value) == (
        "PUT /api/v202406/esachannel/7 may not be sent from here: this is a bug, and nothing was sent"
    )
    assert network.sent == []


def test_each_thread_has_a_connection_of_its_own() -> None:
    rendezvous = Barrier(2, timeout=20)

    def ask(_number: int) -> int:
        rendezvous.wait()
        return transport.exchange(READ).status

    # This server gives one answer to each connection, and waits for as many connections as it has answers.
    with raw_server(*[OK % (2, b"[]")] * 2) as url, make_transport(url) as transport, ThreadPoolExecutor(2) as executor:
        assert list(executor.map(ask, range(2))) == [200, 200]


def test_a_transport_that_is_closed_sends_nothing() -> None:
    network = Script(httpx.Response(204))
    transport = Transport(read_address(URL), KEY, READS, network)
    transport.exchange(READ)
    transport.close()

    with pytest.raises(RuntimeError, match="this transport is closed: nothing was sent"):
        transport.exchange(READ)

    assert len(network.sent) == 1


def test_a_cookie_of_the_service_is_sent_back_as_a_balancer_wants_it() -> None:
    answers = httpx.Response(200, headers={"Set-Cookie": "node=7; Path=/; Secure"}), httpx.Response(200)
    network = Script(*answers)

    with make_transport(network=network) as transport:
        transport.exchange(READ)
        transport.exchange(READ)

    assert [sent.headers.get("cookie") for sent in network.sent] == [None, "node=7"]


def test_a_key_that_cannot_be_sent_is_refused_before_anything_is() -> None:
    with pytest.raises(Unauthorized) as refusal:
        Transport(read_address(URL), f"{KEY}\n", READS)

    assert refusal.value.message == "no usable API key: it begins or ends with white space, perhaps a newline"


def test_answers_over_a_real_connection_are_read_whole_and_unpacked() -> None:
    packed = gzip.compress(b'{"channelId": 7}')
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"

    with raw_server(head % len(packed) + packed) as url, make_transport(url) as transport:
        assert transport.exchange(READ).body == b'{"channelId": 7}'


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            OK % (9, b"[]"),
            "peer closed connection without sending complete message body (received 2 bytes, expected 9)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2",
            "peer closed connection without sending complete message body (incomplete chunked read)",
        ),
        (b"", "Server disconnected without sending a response."),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "illegal status line: bytearray(b'SSH-2.0-OpenSSH_9.6')"),
    ],
    ids=["lying length", "cut off", "dropped", "another protocol"],
)
def test_a_response_that_breaks_off_is_refused(answer: bytes, reason: str) -> None:
    with raw_server(answer) as url:
        failure = find_failure(url)

    assert type(failure) is Unreachable
    assert failure.message == f"no answer from {url}: GET /api/v202406/esachannel/7: {reason}"


def test_a_length_that_is_too_short_cuts_the_answer() -> None:
    with raw_server(OK % (4, b'["whole"]')) as url, make_transport(url) as transport:
        assert transport.exchange(READ).body == b'["wh'


def test_a_response_that_cannot_be_decompressed_is_refused() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip"

    with raw_server(answer) as url:
        failure = find_failure(url)

    assert type(failure) is BadResponse
    assert failure.message == (
        "the service's answer cannot be used: GET /api/v202406/esachannel/7: it could not be unpacked: "
        "Error -3 while decompressing data: incorrect header check"
    )


def test_no_server_means_that_nothing_was_sent() -> None:
    failure = find_failure("http://127.0.0.1:1")

    assert type(failure) is NotSent
    assert failure.message.startswith("no answer from http://127.0.0.1:1: GET /api/v202406/esachannel/7: [Errno ")
    assert failure.fix == "check the network and the url of the environment; behind a proxy, the variable HTTPS_PROXY"


@pytest.mark.parametrize(
    ("error", "failure", "reason"),
    [
        (httpx.ConnectTimeout(""), NotSent, "no connection within 10 s"),
        (httpx.PoolTimeout(""), NotSent, "the connection of this thread was still in use after 10 s"),
        (httpx.ProxyError("407 Proxy Authentication Required"), NotSent, "407 Proxy Authentication Required"),
        (httpx.ReadTimeout("timed out"), Unreachable, "silence for 60 s"),
        (httpx.WriteTimeout(""), Unreachable, "silence for 60 s"),
        (httpx.ReadError("[Errno 104] Connection reset by peer"), Unreachable, "[Errno 104] Connection reset by peer"),
        (httpx.ReadError(""), Unreachable, "ReadError"),
        (httpx.InvalidURL("Invalid\nport"), Unreachable, "Invalid port"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_only_a_request_that_cannot_have_been_sent_counts_as_unsent(
    error: Exception, failure: type[ServiceError], reason: str
) -> None:
    found = find_failure(network=Script(error))

    assert type(found) is failure
    assert found.message == f"no answer from https://a.energycap.com: GET /api/v202406/esachannel/7: {reason}"


def test_an_unknown_certificate_says_where_to_name_it() -> None:
    failure = find_failure(network=Script(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")))

    assert failure.fix == "name the file of your organisation's certificates in the variable SSL_CERT_FILE"


def test_a_connection_may_take_10_s_silence_60_s_an_answer_120_s_and_32_mib() -> None:
    assert Limits() == Limits(connect_timeout=10.0, read_timeout=60.0, total_timeout=120.0, max_bytes=33_554_432)


def test_a_response_without_end_is_given_up() -> None:
    failure = find_failure(network=Script(httpx.Response(200, content=b"[]")), limits=Limits(total_timeout=0))

    assert type(failure) is Unreachable
    assert failure.message.endswith("GET /api/v202406/esachannel/7: it takes longer than 0 s")


@pytest.mark.parametrize("piece", [b"x", b"HTTP/1.1 103 Early Hints\r\n\r\n"], ids=["one header", "answers before it"])
def test_a_response_whose_headers_have_no_end_is_given_up(piece: bytes) -> None:
    with trickling_server(piece) as url, make_transport(url, limits=Limits(total_timeout=0.5)) as transport:
        for _ in range(2):
            with pytest.raises(Unreachable) as failure:
                transport.exchange(READ)

            assert failure.value.message.endswith("GET /api/v202406/esachannel/7: it takes longer than 0.5 s")


def test_a_response_that_is_too_large_is_given_up() -> None:
    failure = find_failure(network=Script(httpx.Response(200, content=b"[1]")), limits=Limits(max_bytes=2))

    assert type(failure) is BadResponse
    assert failure.message.endswith("GET /api/v202406/esachannel/7: it is longer than 2 bytes")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        (
            "socks5://user:geheim@proxy.example",
            "socks5://proxy.example from {} cannot be used: only http:// and https:// are supported, not socks5://",
        ),
        ("http://user:ge/heim@proxy.example", "from {} cannot be used: its address cannot be read"),
        ("http://proxy.example:99999", "from {} cannot be used: its address cannot be read"),
        ("http://[::1:3128", "from {} cannot be used: its address cannot be read"),
        ("http://", "from {} cannot be used: its address cannot be read"),
        (
            "http://proxy.example/proxy.pac",
            (
                "http://proxy.example from {} cannot be used: its address has a path: it may be that of a file such as "
                "proxy.pac, which only lists proxies"
            ),
        ),
    ],
    ids=["socks", "password", "port", "brackets", "no host", "pac"],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    variable: str, proxy: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)

    failure = find_failure()

    assert failure.message == f"the proxy {message.format(variable)}"
    assert failure.fix == (
        f"write {variable} as http://HOST:PORT or https://HOST:PORT; with a login, as http://USER:PASSWORD@HOST:PORT, "
        "with / : @ in the name and password written as %2F %3A %40"
    )


def test_a_limit_of_this_machine_is_not_a_fault_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    error = httpx.ConnectError("[Errno 24] Too many open files")
    error.__cause__ = OSError(errno.EMFILE, "Too many open files")

    failure = find_failure(network=Script(error))

    assert (type(failure), failure.fix) == (
        NotSent,
        "this process has too many files open: raise its limit (ulimit -n)",
    )


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv(variable, proxy)

        failure = find_failure()

    assert type(failure) is NotSent
    assert failure.message == (
        "no answer from https://a.energycap.com: GET /api/v202406/esachannel/7: "
        f"the proxy {proxy} from {variable} did not connect to a.energycap.com: 502 Bad Gateway"
    )


def test_no_proxy_is_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    with raw_server(OK % (2, b"[]")) as url, make_transport(url) as transport:
        assert transport.exchange(READ).status == 200


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(missing))

    failure = find_failure()

    assert failure.message == f"SSL_CERT_FILE names {missing}, which cannot be read: No such file or directory"
    assert failure.fix == (
        "name a file of certificates in PEM format in SSL_CERT_FILE, or unset it to trust those of this machine"
    )


def test_error_text_is_kept_unless_a_response_is_successful_json() -> None:
    network = Script(
        httpx.Response(200, json={"message": "hello"}),
        httpx.Response(400, json={"message": "Not\x1b so"}),
        httpx.Response(200, html="<title>Sign in</title>"),
    )

    with make_transport(network=network) as transport:
        words = [transport.exchange(READ).error_text for _ in range(3)]

    assert words == ["", r"Not\x1b so", 'a page titled "Sign in"']


@pytest.mark.parametrize(
    "answer",
    [
        f"HTTP/1.1 401 No\r\nContent-Length: {len(KEY) + 8}\r\n\r\nyour key{KEY}",
        f'HTTP/1.1 400 No\r\nContent-Length: {len(KEY) + 393}\r\n\r\n"{"x" * 390}{KEY}"',
        f"HTTP/1.1 302 No\r\nLocation: https://b.example/{KEY}\r\nContent-Length: 0\r\n\r\n",
        f"{KEY}\r\n\r\n",
    ],
    ids=["body", "body cut within the key", "header", "status line"],
)
def test_the_key_is_in_no_answer_no_error_and_no_log(answer: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []

    with raw_server(answer.encode()) as url, make_transport(url) as transport:
        shown.append(repr(transport))
        try:
            received = transport.exchange(READ)
            shown += [received.error_text, repr(received.headers)]
        except Unreachable as failure:
            shown += [repr(failure), *traceback.format_exception(failure)]

    assert KEY[:8] not in "".join(shown) + caplog.text


@pytest.mark.parametrize(
    ("call", "ids", "allowed"), [(EDIT_CHANNEL, (7,), WRITES), (CREATE_READINGS, (), SENDS)], ids=["edit", "readings"]
)
def test_the_mask_of_a_hidden_key_is_never_written(call: Endpoint, ids: tuple[int, ...], allowed: Pattern[str]) -> None:
    network = Script()
    request = call.request(*ids, body={"channelInfo": "of [the key]"})

    with closing(Transport(read_address(URL), KEY, allowed, network)) as transport, pytest.raises(Rejected) as refusal:
        transport.exchange(request)

    assert refusal.value.message == f"{request} was not sent: it would write [the key] where a key was hidden"
    assert network.sent == []


PIECE = 2**16
ZEROS = b"0" * (2**20)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}
HALF_A_GIBIBYTE = 2**29
# Prints what comes of reading the list of channels at an address.
ASK = """
import sys
from contextlib import closing
from reconciler.energycap.access import read_address
from reconciler.energycap.endpoints import LIST_CHANNELS, READS
from reconciler.energycap.paging import decode_rows
from reconciler.energycap.transport import Transport
from reconciler.errors import ServiceError

with closing(Transport(read_address(sys.argv[1]), "sandbox", READS)) as transport:
    request = LIST_CHANNELS.request()
    try:
        decode_rows(request, transport.exchange(request))
    except ServiceError as failure:
        print(failure.message)
"""


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(
    st.builds(mul, st.binary(max_size=9), st.sampled_from([1, 40_000, 65_536, 70_001])),
    st.integers(1, 70_000),
    st.sampled_from(["gzip", "X-GZip", "deflate", "identity", ""]),
)
def test_compressed_bodies_are_decompressed_however_they_arrive(data: bytes, size: int, encoding: str) -> None:
    pack = PACKERS.get(encoding.casefold(), bytes)
    note_case(reached=len(data) > PIECE)
    assert b"".join(decompress(cut(pack(data), size), encoding)) == data


def test_all_members_of_a_body_are_decompressed() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")

    assert b"".join(decompress([packed], "gzip")) == b"one two"
    assert b"".join(decompress(cut(packed, 1), "gzip")) == b"one two"


def test_an_answer_without_a_body_is_not_cut_short() -> None:
    assert list(decompress([], "gzip")) == list(decompress([b""], "gzip")) == []


def test_a_bomb_comes_in_pieces_of_bounded_size() -> None:
    pieces = [len(piece) for piece in decompress([gzip.compress(ZEROS * 20)], "gzip")]

    assert (max(pieces), sum(pieces)) == (PIECE, len(ZEROS) * 20)


@pytest.mark.parametrize(
    ("packed", "encoding", "message"),
    [
        (gzip.compress(gzip.compress(b"[]")), "gzip, gzip", "it is packed 2 times"),
        (b"[]", "gzip, br, deflate", "it is packed 3 times"),
        (b"[]", "br", "it is packed as br, which was not asked for"),
        (b"[]", "zstd", "it is packed as zstd, which was not asked for"),
        (b"[]", "compress", "it is packed as compress, which was not asked for"),
        (gzip.compress(b"[1, 2, 3]")[:-4], "gzip", "it was cut short"),
        (gzip.compress(ZEROS)[:500], "gzip", "it was cut short"),
        (b"[]", "gzip", "Error -3 while decompressing data: incorrect header check"),
        (gzip.compress(b"[]") + b"rest", "gzip", "Error -3 while decompressing data: incorrect header check"),
    ],
    ids=["twice", "thrice", "br", "zstd", "compress", "without sum", "cut", "not packed", "more behind"],
)
def test_why_a_body_cannot_be_decompressed_is_reported(packed: bytes, encoding: str, message: str) -> None:
    with pytest.raises(DecompressionError) as caught:
        list(decompress([packed], encoding))

    assert str(caught.value) == message


def test_encodings_that_change_nothing_are_ignored() -> None:
    assert b"".join(decompress([gzip.compress(b"[]")], "identity, gzip")) == b"[]"


def pack_bomb(piece: bytes, count: int) -> bytes:
    """`piece` so many times, as a list of JSON that never ends, packed."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join((packer.compress(b"["), *(packer.compress(piece) for _ in range(count)), packer.flush()))


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (HALF_A_GIBIBYTE, HALF_A_GIBIBYTE))


@pytest.mark.parametrize(
    ("piece", "count", "message"),
    [
        (b" " * 2**20, 256, "it is longer than 33,554,432 bytes"),
        (b"[]," * 2**18, 40, "broken JSON of 31,457,281 bytes: it holds more than 2,000,000 values"),
        (b"[" * 2**20, 30, "broken JSON of 31,457,281 bytes: it holds more than 2,000,000 values"),
        (b'["' + b"x" * 2**20 + b'"],', 30, "broken JSON of 31,457,431 bytes: Expecting value"),
    ],
    ids=["blanks", "values", "depth", "texts"],
)
def test_no_answer_takes_half_a_gibibyte(piece: bytes, count: int, message: str) -> None:
    packed = pack_bomb(piece, count)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    with raw_server(head % len(packed) + packed) as url:
        done = subprocess.run(
            [sys.executable, "-c", ASK, url],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=limit_memory,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert message in done.stdout


# Reads all that a plan needs from the address, several answers at once, and prints the most memory that this took.
READ_ALL = """
import resource, sys
from pathlib import Path
from reconciler.energycap.client import open_reader
from reconciler.errors import ServiceError

with open_reader(sys.argv[1], "sandbox") as reader:
    try:
        reader.read_snapshot()
    except ServiceError as failure:
        print(failure.message)
# On Linux what getrusage gives begins with the memory of the process that started this one.
status = Path("/proc/self/status")
peaks = [line.split()[1] for line in status.read_text().splitlines() if line[:6] == "VmHWM:"] if status.exists() else []
print(int(peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024)
"""


@pytest.mark.parametrize(
    ("status", "piece", "count"),
    [
        (200, b'{"channelId":1,"channelVersions":[{}]},', 390_000),
        (200, b'{"channelId":1,"channelVersions":[{}]},', 149_000),
        (200, b'{"a":1},', 990_000),
        (200, b"1.5,", 1_900_000),
        (500, b"<p>ab cd ef gh ", 2_000_000),
        (400, b"ab ", 10_000_000),
        (400, b'{"message":"ab ab ab"},', 1_300_000),
    ],
    ids=["channels", "fewer channels", "objects", "numbers", "page", "text", "errors"],
)
def test_several_answers_at_once_do_not_take_half_a_gibibyte(status: int, piece: bytes, count: int) -> None:
    body = b"[" + piece * count + b"0]" if status == 200 else piece * count
    kind = "text/html" if piece.startswith(b"<") else "application/json"
    headers = {"Content-Type": kind, "Content-Encoding": "gzip", "TotalNumberOfRecords": str(count)}
    with answering(dict.fromkeys((LIST, UNITS, TYPES), Reply(status, gzip.compress(body, 1), headers))) as url:
        done = subprocess.run([sys.executable, "-c", READ_ALL, url], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    message, most = done.stdout.splitlines()
    assert message
    assert int(most) < HALF_A_GIBIBYTE
