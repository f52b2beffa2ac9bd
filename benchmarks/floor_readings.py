"""The floor below a file of readings: its rows told apart by the standard library, and nothing made of them.

Run as a program: the file.
"""

from __future__ import annotations

import csv
import sys


def _main(path: str) -> None:
    rows = 0
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123 - as the documentation of csv shows it
        for _ in csv.reader(file):
            rows += 1
    print(f"{rows:,} rows")


if __name__ == "__main__":
    _main(*sys.argv[1:])
