"""An apply in a process of its own that dies at a given request, as if by kill -9.

    python -m tests.apply.victim URL PLAN_FILE JOURNAL_FOLDER NUMBER before|after

Requests count from 0; `after` is when the service has done what was asked, and nobody has heard of it yet.
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
from tests.apply.bench import SANDBOX, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


def main(url: str, plan_file: str, folder: str, number: str, moment: str) -> None:
    """Apply the plan, one change at a time, and die on the way."""
    numbers = count()

    def meddle(_request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        is_last = next(numbers) == int(number)
        if is_last and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        response = pass_on()
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    plan = read_plan(Path(plan_file).read_text(encoding="utf-8"))
    with open_editor(url, "sandbox", Wire(meddle)) as editor, open_journal(Path(folder), plan) as journal:
        apply_plan(plan, editor, SANDBOX, ApplyOptions(parallelism=1, journal=journal))


if __name__ == "__main__":
    main(*sys.argv[1:])
