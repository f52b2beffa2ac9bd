"""Where the user stands, seen from the project."""

from __future__ import annotations

import os
from pathlib import Path


def path_prefix(root: Path) -> str:
    """What leads from the working directory to the project's root, "" or ending with a slash."""
    relative = os.path.relpath(root, Path.cwd())
    return "" if relative == "." else f"{Path(relative).as_posix()}/"
