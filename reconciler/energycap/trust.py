"""Checks the variables that name certificates, before a connection fails because of them."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE, FOLDERS = "SSL_CERT_FILE", "SSL_CERT_DIR"
# The names by which OpenSSL finds certificates in a folder: a hash of the subject, and a number.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def find_flaw(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with what SSL_CERT_FILE or SSL_CERT_DIR names, and the way out; None if nothing is.

    A folder counts only where no file is named, for then it alone is trusted.
    """
    if file := environment.get(FILE):
        return _check_file(Path(file))
    if folders := environment.get(FOLDERS):
        return _check_folders([Path(folder) for folder in folders.split(os.pathsep) if folder])
    return None


def _check_file(path: Path) -> tuple[str, str] | None:
    fix = f"name a file of certificates in PEM format in {FILE}, or unset it to trust those of this machine"
    try:
        with path.open("rb"):
            ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        return f"{FILE} names {path}, which cannot be used: {_tell(path, error)}", fix
    except OSError as error:
        return f"{FILE} names {path}, which cannot be read: {error.strerror}", fix
    return None


def _tell(path: Path, error: ssl.SSLError) -> str:
    if path.stat().st_size == 0:
        return "it is empty"
    return f"no certificate in PEM format was found in it ({error.reason or error})"


def _check_folders(folders: list[Path]) -> tuple[str, str] | None:
    seen = [_look_at(folder) for folder in folders]
    if not all(seen):
        return None
    fix = (
        f"run  openssl rehash FOLDER  there, or name a file of certificates in PEM format in {FILE}, or unset {FOLDERS}"
    )
    return f"{FOLDERS} leads to no certificate: {'; '.join(seen)}", fix


def _look_at(folder: Path) -> str:
    """What is wrong with one folder; "" where it holds certificates as OpenSSL looks for them."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror}"
    if any(map(_HASHED.fullmatch, names)):
        return ""
    return f"{folder} {'holds no file with a hashed name such as 5ed36f99.0' if names else 'is empty'}"
