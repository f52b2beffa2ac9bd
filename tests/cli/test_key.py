"""The key is nowhere but in the header of a request: in no output, file, log or exception, whatever goes wrong."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import pytest
import stamina

from reconciler import sandbox
from reconciler.apply.read_back import PAUSES, Patience
from reconciler.cli.inputs import ServiceAccess
from reconciler.energycap.client import open_editor
from reconciler.errors import ServiceError
from reconciler.model.project import ChannelEdit
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.workspace import Answer, Workspace

KEY = "a1.distinctive-key-Zk9Qw3.b2"
ONE, TWO, READ = make_channel(1), make_channel(2, data_point=2), make_channel(3, data_point=3, readings=True)
WANTED = {
    "one": {"channelId": 1, "channelInfo": "Renamed"},
    "two": {"channelId": 2, "channelInfo": "Renamed too"},
    "read": {"channelId": 3, "intervalMinutes": 30},
}
FAULTS = [
    pytest.param((), id="nothing"),
    pytest.param(("PUT 401",), id="key refused"),
    pytest.param(("PUT 403 @2",), id="permission refused"),
    pytest.param(("GET 401",), id="reads refused"),
    pytest.param(("PUT 500-before",), id="failures"),
    pytest.param(("PUT 503-after", "GET deprecated"), id="failures after the write"),
    pytest.param(("PUT drop-after",), id="lost answers"),
    pytest.param(("PUT drop-before @2", "GET drop-before every=3"), id="dropped"),
    pytest.param(("429 retry-after=0 every=2",), id="busy"),
    pytest.param(("GET truncated-body",), id="torn answers"),
    pytest.param(("GET truncated-page",), id="torn pages"),
    pytest.param(("GET /api/v202406/esachannel/* other-writer=channelInfo",), id="other writers"),
]
EVERY_FORMAT = [f"--format={name}=plan.{name}" for name in ("markdown", "html", "json", "gitlab-terraform")]


@pytest.fixture(autouse=True)
def repeats_come_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Patience.__init__, "__defaults__", (PAUSES, lambda _seconds: None))
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def use(workspace: Workspace, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECI_API_KEY", KEY)
    workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
    workspace.define(WANTED)


def run_everything(workspace: Workspace) -> list[Answer]:
    """Each command that talks to the service or shows what came of it, in the order of a working day."""
    answers = [
        workspace.run("plan", "-v", "--out", "plan.json", *EVERY_FORMAT),
        workspace.run("apply", "plan.json", "-v", "--format", "json=events.jsonl", "--format", "markdown=done.md"),
        workspace.run("apply", "--auto-approve", "-v", "--format", "json"),
        workspace.run("apply", "--resume", "--auto-approve", "-v"),
        workspace.run("snapshot", "--out", "copy.json"),
        workspace.run("import", "--out", "imported"),
        workspace.run("show", "plan.json", "-v", "--format", "html=shown.html"),
    ]
    for number, journal in enumerate(sorted((workspace.root / ".reconciler").glob("journal/*.jsonl"))):
        answers.append(workspace.run("show", str(journal), "--inverse", f"undo{number}.json", "--format", "markdown"))
    return answers


def assert_hidden(workspace: Workspace, answers: list[Answer], logged: str) -> None:
    """The key is in nothing that was printed, logged or left in a file, the sandbox's own journal included."""
    assert [answer for answer in answers if KEY in answer.out + answer.err] == []
    assert KEY not in logged
    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("faults", FAULTS)
def test_the_key_is_in_no_output_no_file_and_no_log(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, faults: tuple[str, ...]
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = sandbox.parse_settings(["edit_with_readings=reject"])
    options = sandbox.Options(settings, sandbox.parse_faults(faults), sandbox.Keys(write=KEY))
    with sandbox.running(workspace.root / "served.sqlite3", make_world(ONE, TWO, READ), options) as service:
        use(workspace, service.url, monkeypatch)
        answers = run_everything(workspace)

    assert_hidden(workspace, answers, caplog.text)


# A service, or something before it, that says back what it was sent.
ECHOES = [
    Reply(400, {"message": f"you sent ECI-ApiKey: {KEY}"}),
    Reply(401, f"<html>{KEY} is not valid</html>".encode(), {"Content-Type": "text/html"}),
    Reply(503, {"headers": {"ECI-ApiKey": KEY}}, {"ECI-ApiKey": KEY, "Retry-After": "0"}),
    Reply(302, b"", {"Location": f"https://elsewhere.example/?key={KEY}"}),
    Reply(200, f"<html>{KEY}</html>".encode(), {"Content-Type": "text/html", "ECI-Deprecated": KEY}),
    Reply(200, f'{{"channelId": "{KEY}'.encode(), {"Content-Type": "application/json"}),
]


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: f"{echo.status} {echo.headers.get('Content-Type', '')}")
@pytest.mark.parametrize("where", [LIST, f"{LIST}/1", f"PUT {LIST}/1"])
def test_a_service_that_repeats_the_key_is_not_repeated(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str, echo: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    empty = Reply(body=[])
    sound = {LIST: reply_list(ONE, TWO, READ), UNITS: empty, TYPES: empty, f"{LIST}/1": Reply(body=ONE)}
    with answering({**sound, where: echo}) as url:
        use(workspace, url, monkeypatch)
        answers = run_everything(workspace)

    assert_hidden(workspace, answers, caplog.text)


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: f"{echo.status} {echo.headers.get('Content-Type', '')}")
def test_the_key_is_in_no_exception_and_in_none_behind_it(echo: Reply) -> None:
    replies = {f"{LIST}/1": Reply(body=ONE), f"{LIST}/2": echo, f"PUT {LIST}/1": echo}
    with answering(replies) as url, open_editor(url, KEY) as editor:
        fresh = editor.read_channel(1)
        failures = [
            fail(editor.read_channel, 2),
            fail(editor.edit_channel, fresh, {"channelInfo": "Renamed"}, ChannelEdit.OMIT_VERSION),
        ]
    assert [failure for failure in failures if KEY in failure] == []


def test_the_key_is_in_no_exception_where_nobody_answers() -> None:
    with answering({}) as url:
        pass
    with open_editor(url, KEY) as editor:
        assert KEY not in fail(editor.read_channel, 1)


def fail(ask: Callable[..., object], *arguments: object) -> str:
    """The traceback of what `ask` raises, with all that lies behind it."""
    with pytest.raises(ServiceError) as caught:
        ask(*arguments)
    return "".join(traceback.format_exception(caught.value)) + repr(caught.value)


def test_the_record_that_carries_the_key_does_not_show_it() -> None:
    assert KEY not in repr(ServiceAccess("https://app.energycap.com", KEY))
