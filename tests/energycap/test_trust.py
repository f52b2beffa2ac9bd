"""What the variables that name certificates name."""

from __future__ import annotations

from os import pathsep
from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.trust import find_flaw
from tests.energycap.tunnels import CERTIFICATES

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_of_certificates_has_no_flaw() -> None:
    assert find_flaw({"SSL_CERT_FILE": str(CERTIFICATES / "trusted.pem"), "SSL_CERT_DIR": "/missing"}) is None


def test_no_variable_has_no_flaw() -> None:
    assert find_flaw({"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""}) is None


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"", "it is empty"),
        (b"\x30\x82\x01\x0a", "no certificate in PEM format was found in it (NO_CERTIFICATE_OR_CRL_FOUND)"),
        ((CERTIFICATES / "key.pem").read_bytes(), "no certificate in PEM format was found in it"),
    ],
    ids=["empty", "binary", "a key"],
)
def test_a_file_that_holds_no_certificate_is_named_with_what_it_holds(
    content: bytes, flaw: str, tmp_path: Path
) -> None:
    file = tmp_path / "own.pem"
    file.write_bytes(content)

    found = find_flaw({"SSL_CERT_FILE": str(file)})

    assert found is not None
    assert found[0].startswith(f"SSL_CERT_FILE names {file}, which cannot be used: {flaw}")


def test_a_folder_is_no_file_of_certificates(tmp_path: Path) -> None:
    found = find_flaw({"SSL_CERT_FILE": str(tmp_path)})

    assert found is not None
    assert found[0].startswith(f"SSL_CERT_FILE names {tmp_path}, which cannot be read: ")


def test_folders_count_by_the_names_that_openssl_looks_for(tmp_path: Path) -> None:
    empty, unhashed, hashed = (tmp_path / name for name in ("empty", "unhashed", "hashed"))
    for folder, names in ((empty, []), (unhashed, ["own.pem"]), (hashed, ["5ed36f99.0"])):
        folder.mkdir()
        for name in names:
            (folder / name).touch()

    found = find_flaw({"SSL_CERT_DIR": f"{tmp_path / 'missing'}{pathsep}{empty}{pathsep}{unhashed}"})

    assert found is not None
    assert found[0] == (
        f"SSL_CERT_DIR leads to no certificate: {tmp_path / 'missing'} cannot be read: No such file or directory; "
        f"{empty} is empty; {unhashed} holds no file with a hashed name such as 5ed36f99.0"
    )
    assert find_flaw({"SSL_CERT_DIR": f"{empty}{pathsep}{hashed}"}) is None
