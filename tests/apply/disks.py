"""Disks that fill up or fail, made with what Linux offers."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.apply.journal import Journal


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process grows beyond `room` bytes meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def no_durability(journal: Journal) -> Iterator[None]:
    """A pipe stands in the place of the journal's file meanwhile: it takes lines, but nothing makes them durable."""
    descriptor = _find_descriptor(journal.path)
    original = os.dup(descriptor)
    reading, writing = os.pipe()
    os.dup2(writing, descriptor)
    try:
        yield
    finally:
        os.dup2(original, descriptor)
        for one in (original, reading, writing):
            os.close(one)


def _find_descriptor(path: Path) -> int:
    links = {link.name: link for link in Path("/proc/self/fd").iterdir()}
    return next(int(name) for name, link in links.items() if link.resolve() == path.resolve())
