"""What git knows of the definitions."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None outside a repository, before its first commit, or without git."""
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            ("git", "-C", str(root), "rev-parse", "--verify", "--quiet", "HEAD"),  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            text=True,
        )
    except OSError:
        return None
    return answer.stdout.strip() or None
