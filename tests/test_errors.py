"""What is said of an error of the file system goes by its number."""

from __future__ import annotations

import errno

import pytest

from reconciler.errors import advise_on


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.EEXIST, "a file has the name of a folder that is needed here: rename it, or use another path"),
        (errno.ENOENT, "the path, or a part of it, does not exist: check its spelling, and the folder you are in"),
        (errno.ENOSPC, "make room on that disk, or use a path on another one"),
        (errno.EROFS, "the file system is read-only: use a path on another one"),
        (errno.EISDIR, "it is a folder: give a file"),
        (errno.ENAMETOOLONG, "the name is too long for this file system: use a shorter one"),
        (errno.EPROTO, "check the path, and what the system says about it"),
        (None, "check the path, and what the system says about it"),
    ],
)
def test_the_way_out_goes_by_the_number_of_the_error(number: int | None, fix: str) -> None:
    error = OSError("odd") if number is None else OSError(number, "as the system says")

    assert advise_on(error) == fix
