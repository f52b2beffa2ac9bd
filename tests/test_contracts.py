"""The import contracts of the sandbox: a part of the package that is new is in them from the first day."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def find_parts() -> set[str]:
    """The packages and modules right below `reconciler`, but for the sandbox."""
    paths = (ROOT / "reconciler").iterdir()
    parts = (path for path in paths if path.suffix == ".py" or (path / "__init__.py").exists())
    return {f"reconciler.{path.stem}" for path in parts} - {"reconciler.__init__", "reconciler.sandbox"}


def read_contract(name: str) -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (one for one in settings["tool"]["importlinter"]["contracts"] if one["id"] == name)
    return dict(contract)


@pytest.mark.parametrize(
    ("contract", "side"), [("sandbox", "forbidden_modules"), ("sandbox-adapter", "source_modules")]
)
def test_a_contract_that_keeps_the_sandbox_apart_names_every_other_part(contract: str, side: str) -> None:
    assert set(read_contract(contract)[side]) == find_parts()
