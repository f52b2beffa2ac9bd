"""The least a service can be: `python -m benchmarks.bare world.json 50` holds a world's channels, waits, and answers.

What is measured against it is the client. It knows no more than an apply of new names asks for: the list, a channel,
and the name in a PUT. The 50 ms are the time from a request's first line to its answer, its own work within them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Service(ThreadingTCPServer):
    """Channels by their ids, and the seconds an answer takes; a thread a connection, for it sleeps to the moment."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, channels: dict[int, dict[str, Any]], seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.channels = channels
        self.seconds = seconds

    def answer(self, target: str, body: bytes) -> tuple[object, dict[str, int]]:
        """The document that answers a request, and the headers of its paging."""
        url = urlsplit(target)
        last = url.path.rpartition("/")[2]
        if not last.isdigit():
            query = dict(parse_qsl(url.query))
            return self._list(int(query["pageNumber"]), int(query["pageSize"]))
        channel = self.channels[int(last)]
        if body:
            channel["channelInfo"] = json.loads(body)["channelInfo"]
        return channel, {}

    def _list(self, number: int, size: int) -> tuple[object, dict[str, int]]:
        ids = sorted(self.channels)[(number - 1) * size : number * size]
        paging = {"PageNumber": number, "PageSize": size, "TotalNumberOfRecords": len(self.channels)}
        return [self.channels[channel_id] for channel_id in ids], paging


class _Connection(StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Service

    def handle(self) -> None:
        while line := self.rfile.readline():
            end = time.perf_counter() + self.server.seconds
            document, paging = self.server.answer(line.split()[1].decode("ascii"), self._read_body())
            content = json.dumps(document).encode("ascii")
            headers = {"Content-Type": "application/json", "Content-Length": len(content), **paging}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            time.sleep(max(0.0, end - time.perf_counter()))
            self.wfile.write(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode("ascii") + content)

    def _read_body(self) -> bytes:
        length = 0
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return self.rfile.read(length)


def _main() -> None:
    world, milliseconds = sys.argv[1:]
    channels = json.loads(Path(world).read_text(encoding="utf-8"))["channels"]
    with Service({channel["channelId"]: channel for channel in channels}, int(milliseconds) / 1000) as service:
        print(f"bare at http://127.0.0.1:{service.server_address[1]}", flush=True)
        service.serve_forever()


if __name__ == "__main__":
    _main()
