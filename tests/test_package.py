"""The package as users install it: built, unpacked apart from the repository, and tried there."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from reconciler import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
DEMO = ("channels", "reconciler.yaml", "docs/demo.sh")


def build(folder: Path, source: Path, *targets: str) -> Sequence[Path]:
    """What hatchling makes of `source`, which needs no index and no network."""
    chosen = [word for target in targets for word in ("--target", target)]
    subprocess.run([sys.executable, "-m", "hatchling", "build", "--directory", folder, *chosen], cwd=source, check=True)
    return sorted(folder.iterdir())


def read_names(wheel: Path) -> dict[str, int]:
    """The checksum of each file in a wheel but the list of them."""
    with ZipFile(wheel) as archive:
        return {one.filename: one.CRC for one in archive.infolist() if not one.filename.endswith("RECORD")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the source distribution of the working tree."""
    source, wheel = sorted(build(tmp_path_factory.mktemp("dist"), ROOT, "sdist", "wheel"), key=lambda path: path.suffix)
    return wheel, source


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables of a shell in which the wheel is installed, before all else that this environment holds."""
    wheel, _ = built
    place = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--no-deps", "--no-index", "--target", str(place))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    return {**os.environ, "PYTHONPATH": str(place), "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def run(command: str, folder: Path, variables: Mapping[str, str]) -> str:
    done = subprocess.run(command, shell=True, cwd=folder, env=variables, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_code_that_is_typed_schemas_and_pipelines_and_nothing_of_the_tests(
    built: tuple[Path, Path],
) -> None:
    names = read_names(built[0])
    packed = {path.relative_to(ROOT / "reconciler").as_posix() for path in (ROOT / "reconciler").rglob("*.py")}
    assert {f"reconciler/{name}" for name in packed} <= set(names)
    assert {
        "reconciler/py.typed",
        "reconciler/schemas/channels.schema.json",
        "reconciler/ci/github/reconciler-plan.yml",
        "reconciler/ci/gitlab/reconciler.gitlab-ci.yml",
        "reconciler/requirements.txt",
    } <= set(names)
    assert {name.partition("/")[0] for name in names} == {"reconciler", f"esa_reconciler-{__version__}.dist-info"}


def test_the_source_distribution_makes_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, source = built
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (again,) = build(tmp_path / "dist", tmp_path / f"esa_reconciler-{__version__}", "wheel")
    assert read_names(again) == read_names(wheel)


def test_what_is_installed_runs_without_the_repository(installed: Mapping[str, str], tmp_path: Path) -> None:
    place = run("python -c 'import reconciler; print(reconciler.__file__)'", tmp_path, installed)
    assert Path(place.strip()).parents[1] == Path(installed["PYTHONPATH"])
    assert run("reconciler --version", tmp_path, installed).startswith(f"reconciler {__version__}")
    assert "apply" in run("reconciler --help", tmp_path, installed)


def test_a_new_repository_is_laid_out_and_validated(installed: Mapping[str, str], tmp_path: Path) -> None:
    run("git init --quiet", tmp_path, installed)
    run("reconciler init --ci github", tmp_path, installed)
    assert run("reconciler validate", tmp_path, installed) == "1 file, 2 channels: no findings.\n"


def test_the_demo_runs(installed: Mapping[str, str], tmp_path: Path) -> None:
    run("git init --quiet", tmp_path, installed)
    for name in DEMO:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        run(f"cp -R {ROOT / name} {tmp_path / name}", tmp_path, installed)
    assert "What to do next:" in run("sh docs/demo.sh", tmp_path, installed)


def test_the_lock_that_pipelines_install_from_is_in_the_wheel_and_found_there(installed: Mapping[str, str]) -> None:
    place = Path(installed["PYTHONPATH"])
    answer = run(f"{sys.executable} -m reconciler.requirements", place, installed)

    assert Path(answer.strip()) == place / "reconciler" / "requirements.txt"
    assert Path(answer.strip()).read_bytes() == (ROOT / "requirements" / "runtime.txt").read_bytes()
