"""A service that dies while it is written to: what it confirmed until then is done, and the exit is not 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.desk import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.desk import Desk

IDS = range(1, 7)


class Mortal:
    """Six channels, and a service that refuses everything once it has done so many writes."""

    def __init__(self, writes: int) -> None:
        self._left = writes
        self._channels: dict[int, dict[str, Any]] = {id_: make_channel(id_, data_point=id_) for id_ in IDS}

    @property
    def replies(self) -> dict[str, Reply | Callable[[], Reply]]:
        return {
            LIST: lambda: self._unless_dead(reply_list(*self._channels.values())),
            UNITS: Reply(body=[]),
            TYPES: Reply(body=[]),
            **{f"{LIST}/{id_}": self._reader(id_) for id_ in IDS},
            **{f"PUT {LIST}/{id_}": self._writer(id_) for id_ in IDS},
        }

    def _unless_dead(self, reply: Reply) -> Reply:
        return reply if self._left > 0 else Reply(400, {"message": "out of order"})

    def _reader(self, id_: int) -> Callable[[], Reply]:
        return lambda: self._unless_dead(Reply(body=self._channels[id_]))

    def _writer(self, id_: int) -> Callable[[], Reply]:
        def write() -> Reply:
            if self._left <= 0:
                return Reply(400, {"message": "out of order"})
            self._left -= 1
            self._channels[id_]["channelInfo"] = "New"
            return Reply(body=self._channels[id_])

        return write


@pytest.mark.parametrize(("writes", "line"), [(3, "3 done, 0 stale, 3 failed"), (6, "6 done, 0 stale, 0 failed")])
def test_what_was_confirmed_before_the_service_died_counts_as_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, writes: int, line: str
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "key")
    desk.define({f"c{id_}": {"channelId": id_, "channelInfo": "New"} for id_ in IDS})
    with answering(Mortal(writes).replies) as url:
        desk.write("reconciler.yaml", f"{PROJECT.replace('url: sandbox', f'url: {url}')}guards: {{maxChanges: 10}}\n")
        answer = desk.run("apply", "--auto-approve", "--parallelism", "1")

    (journal,) = (desk.root / ".reconciler" / "journal").iterdir()
    shown = desk.run("show", str(journal)).out.splitlines()
    assert answer.code == 6
    assert answer.out.splitlines()[-1] == f"Apply: {line}, 0 not tried."
    assert f"Apply: {line}, 0 not tried." in shown
    assert f"{writes} of them confirmed but not read again." in answer.out
    assert "Next, see what is left on what EnergyCAP has now:" in answer.out
