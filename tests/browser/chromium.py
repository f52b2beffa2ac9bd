"""Chromium without a window, driven over a pipe by the DevTools protocol: no port, no network, no other package.

Source: Chromium's switch --remote-debugging-pipe reads commands from descriptor 3 and writes answers to descriptor 4,
each ended by a zero byte; https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0
_PROBLEMS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


class Chromium:
    """A running browser, as a pair of pipes."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._last = 0
        self._unread = b""
        self.events: deque[dict[str, Any]] = deque()

    def send(self, method: str, session: str | None = None, **parameters: object) -> dict[str, Any]:
        """The answer to a command; events that come before it are kept. An error of the protocol fails the test."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        os.write(self._commands, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait(self, method: str, session: str) -> dict[str, Any]:
        """The first event of a kind that has come, or comes, from a tab."""
        while True:
            for event in self.events:
                if event["method"] == method and event.get("sessionId") == session:
                    return event
            self.events.append(self._read())

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], _PATIENCE)
            assert ready, "the browser does not answer"
            read = os.read(self._answers, 1 << 20)
            assert read, "the browser is gone"
            self._unread += read
        message, _, self._unread = self._unread.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


class Tab:
    """A page in the browser, of a given size and with or without scripts and a dark theme."""

    def __init__(self, browser: Chromium, *, width: int = 1100, height: int = 900, dark: bool = False) -> None:
        self._browser = browser
        self._has_scripts = True
        self._target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.send("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self._resize(width, height)
        self.emulate(scheme="dark" if dark else "light")

    def send(self, method: str, **parameters: object) -> dict[str, Any]:
        return self._browser.send(method, self._session, **parameters)

    def emulate(self, *, scheme: str = "light", media: str = "") -> None:
        self.send(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def open(self, path: Path, *, scripts: bool = True) -> None:
        """Load the page at `path`, and wait until it is there."""
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.send("Page.navigate", url=path.as_uri())
        self._browser.wait("Page.loadEventFired", self._session)
        self._has_scripts = scripts
        self.settle()

    def settle(self) -> None:
        """Wait until the browser has painted what has been done so far; without scripts nothing is done later."""
        if self._has_scripts:
            self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")

    def evaluate(self, expression: str) -> Any:
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def texts(self, selector: str) -> list[str]:
        """The text of all elements in sight that match, in the page's order."""
        found: list[str] = self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].filter(element => element.checkVisibility())"
            ".map(element => element.textContent.replace(/\\s+/g, ' ').trim())"
        )
        return found

    def choose(self, name: str, option: str) -> None:
        """Pick an option of a filter by its text, as a user does."""
        self.evaluate(
            f"{{const filter = document.querySelector('[name={name}]');"
            f"filter.value = [...filter.options].find(option => option.text === {json.dumps(option)}).value;"
            "filter.dispatchEvent(new Event('input', {bubbles: true}))}"
        )
        self.settle()

    def type(self, selector: str, text: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.send("Input.insertText", text=text)
        self.settle()

    def click(self, selector: str) -> None:
        """Click with the mouse in the middle of the first element that matches."""
        x, y = self.evaluate(
            f"{{const element = document.querySelector({json.dumps(selector)});"
            "element.scrollIntoView({block: 'center'});"
            "const box = element.getBoundingClientRect(); [box.x + box.width / 2, box.y + box.height / 2]}"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)
        self.settle()

    def take_picture(self) -> bytes:
        """The whole page, as PNG."""
        width, height = self.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        self._resize(width, height)
        self.settle()
        return base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def print(self) -> bytes:
        """The page on paper, as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False)["data"])

    def _resize(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What the console got to say: exceptions, messages of scripts and of the browser itself."""
        return [event["params"] for event in self._events if event["method"] in _PROBLEMS]

    @property
    def requests(self) -> list[str]:
        """The address of everything that was asked for."""
        sent = [event for event in self._events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    @property
    def _events(self) -> list[dict[str, Any]]:
        return [event for event in self._browser.events if event.get("sessionId") == self._session]


def find_chromium() -> str | None:
    """The path of a browser that can be driven, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def start_chromium(path: str, profile: Path) -> Iterator[Chromium]:
    """A browser with an empty profile, ended at the end."""
    commands_in, commands = _make_pipe()
    answers, answers_out = _make_pipe()
    process = os.posix_spawn(
        path,
        [path, *_SWITCHES, f"--user-data-dir={profile}", "about:blank"],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, commands_in, 3),
            (os.POSIX_SPAWN_DUP2, answers_out, 4),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
        setpgroup=0,
    )
    os.close(commands_in)
    os.close(answers_out)
    try:
        browser = Chromium(commands, answers)
        yield browser
        browser.send("Browser.close")
    finally:
        os.close(commands)
        os.close(answers)
        _end(process)


def _make_pipe() -> tuple[int, int]:
    """A pipe whose ends are out of the way of the descriptors 3 and 4 of the browser."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _end(process: int) -> None:
    # A browser whose pipes are closed ends by itself; one that a failed test left behind may not.
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGTERM)
    os.waitpid(process, 0)
