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
    reading, writing = os.pipe()
    try:
        with _replaced(journal, writing):
            yield
    finally:
        os.close(reading)


@contextmanager
def no_disk(journal: Journal) -> Iterator[None]:
    """A pipe that nobody reads stands in the place of the journal's file meanwhile: it takes no line."""
    reading, writing = os.pipe()
    os.close(reading)
    with _replaced(journal, writing):
        yield


@contextmanager
def _replaced(journal: Journal, other: int) -> Iterator[None]:
    descriptor = _find_descriptor(journal.path)
    original = os.dup(descriptor)
    os.dup2(other, descriptor)
    try:
        yield
    finally:
        os.dup2(original, descriptor)
        os.close(original)
        os.close(other)


def _find_descriptor(path: Path) -> int:
    links = {link.name: link for link in Path("/proc/self/fd").iterdir()}
    return next(int(name) for name, link in links.items() if link.resolve() == path.resolve())
