"""Packed bodies: unpacked whole, piece by piece, and never more than once."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import zlib
from operator import mul
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.unpacking import Packed, unpack
from tests.cases import note_case
from tests.energycap.wires import raw_server
from tests.stub import LIST, TYPES, UNITS, Reply, answering

if TYPE_CHECKING:
    from collections.abc import Callable

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
from reconciler.energycap.address import read_address
from reconciler.energycap.calls import LIST_CHANNELS, READS
from reconciler.energycap.rows import unpack_rows
from reconciler.energycap.transport import Transport
from reconciler.errors import ServiceError

with closing(Transport(read_address(sys.argv[1]), "sandbox", READS)) as transport:
    request = LIST_CHANNELS.to()
    try:
        unpack_rows(request, transport.exchange(request))
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
def test_what_was_packed_is_unpacked_however_it_comes(data: bytes, size: int, encoding: str) -> None:
    pack = PACKERS.get(encoding.casefold(), bytes)
    note_case(reached=len(data) > PIECE)
    assert b"".join(unpack(cut(pack(data), size), encoding)) == data


def test_all_members_of_a_body_are_unpacked() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")

    assert b"".join(unpack([packed], "gzip")) == b"one two"
    assert b"".join(unpack(cut(packed, 1), "gzip")) == b"one two"


def test_an_answer_without_a_body_is_not_cut_short() -> None:
    assert list(unpack([], "gzip")) == list(unpack([b""], "gzip")) == []


def test_a_bomb_comes_in_pieces_of_bounded_size() -> None:
    pieces = [len(piece) for piece in unpack([gzip.compress(ZEROS * 20)], "gzip")]

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
def test_what_cannot_be_unpacked_is_said(packed: bytes, encoding: str, message: str) -> None:
    with pytest.raises(Packed) as caught:
        list(unpack([packed], encoding))

    assert str(caught.value) == message


def test_other_names_beside_one_that_packs_change_nothing() -> None:
    assert b"".join(unpack([gzip.compress(b"[]")], "identity, gzip")) == b"[]"


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
from reconciler.energycap.client import open_reader
from reconciler.errors import ServiceError

with open_reader(sys.argv[1], "sandbox") as reader:
    try:
        reader.read_snapshot()
    except ServiceError as failure:
        print(failure.message)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
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
