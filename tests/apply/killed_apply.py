"""An apply in its own process that is killed with SIGKILL at a given request.

    python -m tests.apply.killed_apply URL PLAN_FILE JOURNAL_FOLDER NUMBER before|after

Requests count from 0; `after` means that the service has answered and the client has not got the answer.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.apply.journal import open_journal
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.energycap.client import open_editor
from reconciler.planfile.reading import read_plan
from tests.apply.bench import SANDBOX, Interceptor

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


def main(url: str, plan_file: str, folder: str, number: str, moment: str) -> None:
    """Apply the plan, one change at a time, until the process is killed."""
    numbers = count()

    def intercept(_request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        is_last = next(numbers) == int(number)
        if is_last and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        response = pass_on()
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    plan = read_plan(Path(plan_file).read_text(encoding="utf-8"))
    with open_editor(url, "sandbox", Interceptor(intercept)) as editor, open_journal(Path(folder), plan) as journal:
        apply_plan(plan, editor, SANDBOX, ApplyOptions(parallelism=1, journal=journal))


if __name__ == "__main__":
    main(*sys.argv[1:])
