"""The counts for GitLab."""

from __future__ import annotations

from reconciler.reports.plan_gitlab import render_gitlab_terraform
from tests.reports.plans import PLANS


def test_only_what_can_be_sent_is_counted() -> None:
    assert render_gitlab_terraform(PLANS["mixed"]) == '{"create": 0, "update": 1, "delete": 0}\n'
