"""Files that a command reads and writes whole."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from reconciler.errors import FileError
from reconciler.masking import open_masked
from reconciler.ordinary import LARGEST, read_ordinary

# What is written beside its place ends so until it is put there; git is told to ignore it.
UNFINISHED = ".reconciler-tmp"

ELSEWHERE = "give another file, or make room"


def read_file(path: Path) -> str:
    """The text of `path`, of stdin for `-`; raises FileError where it cannot be read, or is no UTF-8.

    A pipe is read, as of `<(command)`; a device and what is larger than 1 GiB are not.
    """
    try:
        return _read(path)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", "look at the name and the permissions") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is no text in UTF-8", "give a file that `plan --out` wrote") from error


def _read(path: Path) -> str:
    if path == Path("-"):
        return sys.stdin.read()
    if path.is_fifo():
        return path.read_text(encoding="utf-8")
    data = read_ordinary(path)
    if len(data) > LARGEST:
        raise FileError(f"{path} is larger than 1 GiB", "give a plan or a snapshot")
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()


def check_target(path: Path) -> None:
    """Raise FileError where `write_file` would find no place for `path`: before anything is done, not after."""
    place, rights = (path, os.W_OK) if _is_special(path) else (path.parent, os.W_OK | os.X_OK)
    if not os.access(place, rights):
        raise FileError(f"cannot write {path}: its folder is missing, or not writable", ELSEWHERE)


def write_file(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; raises FileError.

    What is no ordinary file, such as /dev/stdout or a pipe, is written to directly.
    """
    try:
        if _is_special(path):
            with open_masked(path, "w") as stream:
                stream.write(text)
        else:
            _replace_file(path, text)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", ELSEWHERE) from error


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _replace_file(path: Path, text: str) -> None:
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
    temporary = Path(name)
    with ExitStack() as stack:
        stack.callback(temporary.unlink, missing_ok=True)
        with open_masked(handle, "w", newline="\n") as stream:
            stream.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
