from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.sandbox import Keys, Options, running
from reconciler.sandbox.app import create_app
from reconciler.sandbox.store import open_store
from tests.sandbox.bench import CHANNELS, HEADERS, connect, edit_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.bench import Bench, Start

ONE = f"{CHANNELS}/1049"
ERROR_TEXT = """\
The request is not valid.
channelInfo: is required
intervalMinutes: must be one of 5, 10, 15, 30, 60, 1440, 10080, 43200"""


@pytest.mark.parametrize("key", ["", "Sandbox", "another"])
def test_a_wrong_key_is_a_401(demo: Bench, key: str) -> None:
    with connect(demo.service.url, key) as stranger:
        assert [stranger.get(ONE).status_code, stranger.put(ONE, json={}).status_code] == [401, 401]


def test_a_missing_key_is_a_401(demo: Bench) -> None:
    response = httpx.get(demo.service.url + ONE, headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["message"]) == (401, "The header ECI-ApiKey holds no valid key.")


@pytest.mark.parametrize(("setting", "status"), [("401", 401), ("403", 403)])
def test_a_key_that_may_only_look_cannot_write(start: Start, setting: str, status: int) -> None:
    bench = start(f"no_permission_status={setting}")
    body = edit_of(bench.read(1049))

    with connect(bench.service.url, "sandbox-read") as reader:
        question = {"dataPointId": 301, "formula": "1"}
        statuses = [
            reader.get(ONE).status_code,
            reader.post("/api/v202405/formula/validate", json=question).status_code,
            reader.put(ONE, json=body).status_code,
            reader.post(CHANNELS, json=body).status_code,
        ]

    assert statuses == [200, 200, status, status]
    assert bench.service.requests() == ()


def test_the_keys_can_be_others(tmp_path: Path) -> None:
    options = Options(keys=Keys(write="aaa.bbb.ccc", read="ddd.eee.fff"))
    with running(tmp_path / "sandbox.sqlite3", options=options) as service:
        statuses = [
            httpx.get(service.url + ONE, headers=HEADERS | {"ECI-ApiKey": key}).status_code
            for key in ("sandbox", "aaa.bbb.ccc", "ddd.eee.fff")
        ]

    assert statuses == [401, 200, 200]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json", 200), ("application/json; charset=utf-8", 200), ("text/plain", 415), ("", 415)],
)
def test_a_body_says_it_is_json(demo: Bench, content_type: str, status: int) -> None:
    body = edit_of(demo.read(1049))

    assert demo.client.put(ONE, json=body, headers={"Content-Type": content_type}).status_code == status


def test_without_a_body_there_is_no_content_type_to_be_right(demo: Bench) -> None:
    response = httpx.get(demo.service.url + ONE, headers={"ECI-ApiKey": "sandbox"})

    assert (response.status_code, response.json()) == (200, demo.read(1049))


@pytest.mark.parametrize("path", ["/api/v202406/EsaChannel/1049", "/API/V202406/ESACHANNEL/1049"])
def test_paths_count_without_regard_to_case(demo: Bench, path: str) -> None:
    assert demo.client.get(path).json() == demo.read(1049)


def test_answers_are_compressed_where_asked_for(demo: Bench) -> None:
    packed = demo.client.get(ONE, headers={"Accept-Encoding": "gzip"})
    plain = demo.client.get(ONE, headers={"Accept-Encoding": "identity"})

    assert [one.headers.get("Content-Encoding") for one in (packed, plain)] == ["gzip", None]
    assert packed.json() == plain.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/api/v202406/esachannels", 404, "Not Found"),
        ("GET", "/", 404, "Not Found"),
        ("PATCH", ONE, 405, "Method Not Allowed"),
        ("GET", f"{CHANNELS}/7", 404, "No channel has the id 7."),
    ],
)
def test_an_error_is_json(demo: Bench, method: str, path: str, status: int, message: str) -> None:
    response = demo.client.request(method, path)

    assert (response.status_code, response.json()) == (status, {"message": message, "errors": []})


def test_an_error_is_text_where_the_settings_say_so(start: Start) -> None:
    response = start("error_body=text").put(1049, channelInfo=None, intervalMinutes=7)

    assert (response.status_code, response.headers["Content-Type"], response.text) == (
        400,
        "text/plain; charset=utf-8",
        ERROR_TEXT,
    )


def test_the_journal_holds_every_write_that_was_answered(demo: Bench) -> None:
    body = edit_of(demo.read(1049)) | {"channelInfo": "Renamed"}
    demo.client.put(ONE, json=body)
    demo.client.put(f"{CHANNELS}/7", content="{")
    demo.client.get(ONE)

    journal = demo.client.get("/sandbox/requests").json()

    assert journal == [
        {
            "id": 1,
            "method": "PUT",
            "path": ONE,
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            "status": 200,
            "fault": None,
        },
        {"id": 2, "method": "PUT", "path": f"{CHANNELS}/7", "body": "{", "status": 400, "fault": None},
    ]
    assert [(one.id, one.status) for one in demo.service.requests()] == [(1, 200), (2, 400)]
    assert [one.id for one in demo.service.requests(after=1)] == [2]


def test_an_asgi_server_may_ask_for_its_life_span(tmp_path: Path) -> None:
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    seen: list[str] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        seen.append(message["type"])

    async def live() -> None:
        with open_store(tmp_path / "a") as store:
            await create_app(store)({"type": "lifespan"}, receive, send)

    asyncio.run(live())

    assert seen == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_file_that_another_program_writes_to_is_a_500_that_says_so(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.sandbox.store._LOCK_TIMEOUT_SECONDS", 0)
    bench = start()
    body = bench.edit_text(1049)
    with closing(sqlite3.connect(bench.service.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        response = bench.client.put(ONE, content=body)

    assert (response.status_code, response.json()["message"]) == (
        500,
        "the sandbox's file is in use by another program: database is locked; try again when that is done",
    )
    assert bench.client.put(ONE, content=body).status_code == 200
