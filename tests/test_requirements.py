"""The locks in `requirements/`: what `make demo`, `make test` and CI install, on every machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("dev", "runtime")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
MACHINES = [
    {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": name, "platform_system": system}
    for python in PYTHONS
    for name, system in SYSTEMS.items()
]
NAMES = [f"{machine['sys_platform']}-{machine['python_version']}" for machine in MACHINES]


def read_lock(name: str) -> list[str]:
    """The entries of a lock, each on one line and without comments."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return re.sub(r"\s*#.*", "", text.replace("\\\n", " ")).strip().splitlines()


def read_pins(name: str) -> list[Requirement]:
    return [Requirement(entry.partition("--hash")[0].strip()) for entry in read_lock(name) if entry.strip()]


def read_ranges(name: str) -> list[Requirement]:
    """What pyproject.toml wants at runtime, and for development beside it."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["dev"] if name == "dev" else []
    return [Requirement(wanted) for wanted in (*project["dependencies"], *extra)]


def find_versions(pins: list[Requirement], machine: dict[str, str]) -> dict[str, list[str]]:
    """The versions that `pins` install on `machine`, by name."""
    found: dict[str, list[str]] = {}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate(machine):
            found.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_each_entry_is_one_version_with_its_hashes_and_nothing_else(name: str) -> None:
    entry = re.compile(r"[a-z0-9-]+==[\w.!+]+(?: ; [^#;]+?)?(?:\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [line for line in read_lock(name) if line.strip() and not entry.fullmatch(line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_folder(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert re.findall(r"://|--(?!hash=)\S+|(?m:^-)", text) == []


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("machine", MACHINES, ids=NAMES)
def test_a_lock_has_one_version_within_each_range_of_the_project(name: str, machine: dict[str, str]) -> None:
    versions = find_versions(read_pins(name), machine)

    assert {name: found for name, found in versions.items() if len(found) != 1} == {}
    for wanted in read_ranges(name):
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)][0], prereleases=True), wanted


@pytest.mark.parametrize("machine", MACHINES, ids=NAMES)
def test_what_is_tested_is_what_runs_in_production(machine: dict[str, str]) -> None:
    runtime, dev = (find_versions(read_pins(name), machine) for name in ("runtime", "dev"))
    assert runtime == {name: version for name, version in dev.items() if name in runtime}


@pytest.mark.parametrize("target", ["demo", "test", "sdk"])
def test_what_the_readme_runs_installs_from_the_lock_alone(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    installs = [line for line in done.stdout.splitlines() if "-m pip" in line and "EnergyCapSdk" not in line]
    assert ["--require-hashes --requirement requirements/dev.txt" in line for line in installs] == [True, False]
    assert "--no-index --no-deps --no-build-isolation --editable ." in installs[1]
