"""A plan for a command: made from the files and the service, and rendered in every format there is for it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.definitions.git import read_commit
from reconciler.definitions.pinpoint import pinpoint
from reconciler.planfile.writing import render_plan_file
from reconciler.planning.plan import Basis, make_plan
from reconciler.reports import findings_text
from reconciler.reports.plan_text import render_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.cli.service import Address
    from reconciler.model.desired import Definitions
    from reconciler.model.findings import Finding
    from reconciler.model.live import Snapshot
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment
    from reconciler.reports.paint import Paint
