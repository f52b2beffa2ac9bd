"""The counts of a plan for the widget of a GitLab merge request.

Source: GitLab's "Terraform integration in merge requests": artifacts:reports:terraform, {"create", "update", "delete"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.json_text import dump_line

if TYPE_CHECKING:
    from reconciler.model.plan import Plan


def render_gitlab_terraform(plan: Plan) -> str:
    """How many channels would change; blocked changes are not counted, and none is ever created or deleted."""
    return dump_line({"create": 0, "update": plan.summary.update, "delete": 0})
