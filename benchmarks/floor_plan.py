"""The floor below a plan: the files read and the pages received, side by side, and nothing made of either.

Run as a program: the URL of the service, the folder of the channel files.
"""

from __future__ import annotations

import http.client
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

_HEADERS = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json", "Accept-Encoding": "gzip"}
_SIDE_BY_SIDE = 4


def _receive(address: str, number: int) -> tuple[int, int]:
    """The number of pages, and the bytes of one."""
    connection = http.client.HTTPConnection(address)
    connection.request("GET", f"/api/v202406/esachannel?pageNumber={number}&pageSize=1000", headers=_HEADERS)
    answer = connection.getresponse()
    return int(answer.headers["TotalPages"]), len(answer.read())


def _main(url: str, folder: str) -> None:
    files = sum(len(path.read_bytes()) for path in Path(folder).rglob("*.yaml"))
    address = urlsplit(url).netloc
    pages, first = _receive(address, 1)
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as executor:
        others = executor.map(lambda number: _receive(address, number), range(2, pages + 1))
        received = first + sum(length for _, length in others)
    print(f"{files} bytes read, {received} bytes received in {pages} pages")


if __name__ == "__main__":
    _main(*sys.argv[1:])
