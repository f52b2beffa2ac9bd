"""`python -m reconciler.requirements` prints where the lock of the package is: what it runs on, with hashes.

A pipeline installs the package alone, and then what this lock names; no file of the checked-out repository has a say.
"""

from __future__ import annotations

import sys
from pathlib import Path


def find_lock(package: Path) -> Path:
    """The lock for the package at `package`: within it in a wheel, beside it in the repository."""
    within = package / "requirements.txt"
    return within if within.is_file() else package.parent / "requirements" / "runtime.txt"


if __name__ == "__main__":
    sys.stdout.write(f"{find_lock(Path(__file__).parent)}\n")
