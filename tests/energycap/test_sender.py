"""The sender: what it sends, what it repeats, and what it makes of the answers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.energycap.receipts import KeptReading, Receipt
from reconciler.energycap.sender import open_sender
from reconciler.errors import BadResponse, Rejected, Unauthorized, Unavailable, Unreachable
from reconciler.sandbox import running
from reconciler.sandbox.demo_world import make_demo_world
from tests.energycap.wires import Script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.energycap.sender import Sender

READING = {"time": "2026-12-01T00:15:00", "value": 1.5, "estimated": False, "note": None}
GROUPS = [{"channelImportId": "NB-ELEC-01-USE", "readings": [READING]}]
ESA_GROUPS = [{"esaChannelImportId": "NB-ELEC-01-USE", "readings": [READING]}]
TAKEN = {"importedReadingsCount": 1, "failedReadingsCount": 0, "failedReadings": []}


@contextmanager
def sending(script: Script) -> Iterator[Sender]:
    with open_sender("https://a.energycap.com", "sandbox", script) as sender:
        yield sender


def test_groups_are_sent_as_they_are_and_the_receipt_comes_back() -> None:
    script = Script(httpx.Response(200, json=TAKEN))

    with sending(script) as sender:
        receipt = sender.send_readings(GROUPS)

    assert receipt == Receipt(imported=1, failed=0, groups=())
    assert (script.sent[0].method, script.sent[0].url.path) == ("POST", "/api/v3/reading")
    assert json.loads(script.sent[0].content) == GROUPS


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("silence"), Unreachable),
        (httpx.RemoteProtocolError("gone"), Unreachable),
        (httpx.Response(503), Unavailable),
        (httpx.Response(200, content=b"<html>"), Unreachable),
        (httpx.Response(200, json={}), Unreachable),
        (httpx.Response(200, json={**TAKEN, "failedReadingsCount": 1}), Unreachable),
        (httpx.Response(302, headers={"Location": "/sign-in"}), Unreachable),
        (httpx.Response(400, json={"message": "no"}), Rejected),
        (httpx.Response(401), Unauthorized),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_readings_are_never_sent_again_where_they_may_have_arrived(
    answer: httpx.Response | Exception, kind: type[Exception]
) -> None:
    script = Script(answer)

    with sending(script) as sender, pytest.raises(kind):
        sender.send_readings(GROUPS)

    assert len(script.sent) == 1


def test_readings_that_certainly_did_not_arrive_are_sent_again() -> None:
    script = Script(httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(200, json=TAKEN))

    with sending(script) as sender:
        assert sender.send_readings(GROUPS).imported == 1

    assert len(script.sent) == 2


def test_a_key_without_the_permission_names_the_permission() -> None:
    with sending(Script(httpx.Response(403))) as sender, pytest.raises(Unauthorized) as caught:
        sender.send_readings(GROUPS)

    assert caught.value.fix.endswith("lacks the permission IntervalData (Manage)")


def test_esa_readings_are_sent_again_after_a_lost_answer() -> None:
    script = Script(httpx.ReadTimeout("silence"), httpx.Response(200, json=TAKEN))

    with sending(script) as sender:
        assert sender.send_esa_readings(ESA_GROUPS) == Receipt(1, 0, ())

    assert [request.url.path for request in script.sent] == ["/api/v202407/esaReading"] * 2


@pytest.mark.parametrize("answer", [b"", b"null", b'{"taskId": 7}', b"[1]"])
def test_an_esa_answer_may_say_no_more_than_success(answer: bytes) -> None:
    with sending(Script(httpx.Response(200, content=answer))) as sender:
        assert sender.send_esa_readings(ESA_GROUPS) is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>sign in</html>", headers={"Content-Type": "text/html"}),
        httpx.Response(302, headers={"Location": "/sign-in"}),
        httpx.Response(200, json={**TAKEN, "failedReadingsCount": 1}),
    ],
    ids=["a page", "a redirect", "a receipt that does not add up"],
)
def test_what_does_not_come_from_the_service_is_no_success(answer: httpx.Response) -> None:
    with sending(Script(answer)) as sender, pytest.raises(BadResponse):
        sender.send_esa_readings(ESA_GROUPS)


def test_a_sender_cannot_edit_channels() -> None:
    with sending(Script()) as sender:
        assert not hasattr(sender, "edit_channel")


def test_readings_arrive_in_the_sandbox_and_are_read_back(tmp_path: Path) -> None:
    later = [{**GROUPS[0], "readings": [{**READING, "time": "2026-12-01T00:30:00-05:00", "value": 2}, {"value": 1}]}]
    with (
        running(tmp_path / "sandbox.sqlite3", make_demo_world()) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        channel = next(live for live in sender.list_channels() if live.values["channelImportId"] == "NB-ELEC-01-USE")
        esa, v3 = sender.send_esa_readings(ESA_GROUPS), sender.send_readings(later)
        kept = sender.read_readings(channel.id, "2026-12-01T00:00:00", "2026-12-02T00:00:00")

    assert esa == Receipt(imported=1, failed=0, groups=())
    assert (v3.imported, v3.failed, v3.groups[0].identifiers["channelImportId"]) == (1, 1, "NB-ELEC-01-USE")
    assert [(reading.time[:16], reading.value) for reading in kept] == [
        ("2026-12-01T00:15", 1.5),
        ("2026-12-01T00:30", 2),
    ]
    assert isinstance(kept[0], KeptReading)
