"""A service that answers what a test tells it to, over real HTTP: for answers that the sandbox would never give."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Seconds after which whoever waits for another thread or process is stuck: a test then fails instead of hanging.
STUCK = 60.0

LIST = "/api/v202406/esachannel"
UNITS = "/api/v202305/unit"
TYPES = "/api/v3/observationtype"


class Reply(Struct, frozen=True):
    """One answer: a status, a body (JSON, or bytes as they are), and headers beside the usual ones."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def reply_list(*channels: Mapping[str, Any], total: int | None = None) -> Reply:
    """One page of channels, of `total` in all."""
    count = len(channels) if total is None else total
    headers = {"PageNumber": "1", "PageSize": "1000", "TotalNumberOfRecords": str(count), "TotalPages": "1"}
    return Reply(body=list(channels), headers=headers)


def _find_listed(listed: Reply | Callable[[], Reply] | None, key: str) -> Reply | None:
    rows = listed.body if isinstance(listed, Reply) and isinstance(listed.body, list) else ()
    return next((Reply(body=row) for row in rows if key == f"{LIST}/{row['channelId']}"), None)


@contextmanager
def answering(replies: Mapping[str, Reply | Callable[[], Reply]]) -> Iterator[str]:
    """The URL of a service that gives the reply of a path, `PUT path` or `POST path`; 404 where there is none.

    A reply may be a function, which is called for each request. A channel without a reply of its own reads by its id as
    the list has it, if the list is no function.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(self.path.partition("?")[0])

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(f"PUT {self.path}")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(f"POST {self.path}")

        def _answer(self, key: str) -> None:
            found = replies.get(key) or _find_listed(replies.get(LIST), key) or Reply(404, {"message": "nothing here"})
            reply = found if isinstance(found, Reply) else found()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
