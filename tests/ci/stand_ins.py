"""What stands in for the actions of others: each does what its action.yml says, with the inputs used here and no more.

Source: the action.yml of actions/checkout, setup-python, upload-artifact and download-artifact.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tests.ci import gh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.ci.hub import Event, Hub


class Site(Struct, frozen=True):
    """Where the steps of a job run, for which event, as what part of the workflow."""

    hub: Hub
    event: Event
    run: int
    folder: Path
    permissions: Mapping[str, str]
    contexts: Mapping[str, Any]
    # The shell of steps that name none.
    shell_kind: str | None = None

    @property
    def workspace(self) -> Path:
        return self.folder / "work"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    def needs(self, permission: str) -> None:
        kind, level = permission.split(": ")
        assert self.permissions.get(kind) in (level, "write"), f"the job has no permission {permission}"


def _check_out(site: Site, inputs: Mapping[str, str]) -> None:
    assert set(inputs) <= {"fetch-depth", "persist-credentials"}
    assert inputs["persist-credentials"] == "false"
    site.needs("contents: read")
    depth = f"--depth={inputs.get('fetch-depth', '1')}"
    source = site.hub.work.as_uri()
    for words in (("init", "--quiet"), ("fetch", "--quiet", depth, source, site.event.commit)):
        subprocess.run(["git", *words], cwd=site.workspace, check=True)
    subprocess.run(["git", "checkout", "--quiet", "FETCH_HEAD"], cwd=site.workspace, check=True)


def _set_up_python(_site: Site, inputs: Mapping[str, str]) -> None:
    assert set(inputs) == {"python-version"}


def _upload(site: Site, inputs: Mapping[str, str]) -> Mapping[str, str]:
    known = {"name", "path", "if-no-files-found", "overwrite", "retention-days", "archive", "include-hidden-files"}
    assert set(inputs) <= known
    paths = [site.workspace / line for line in inputs["path"].splitlines()]
    present = [path for path in paths if path.exists()]
    if not present:
        assert inputs.get("if-no-files-found") == "ignore", f"nothing at {inputs['path']}"
        return {}
    name = inputs["name"]
    # One file as it is: the artefact gets its name, and the one to be overwritten is looked for under the name given.
    assert inputs.get("archive") != "false" or [path.name for path in present] == [name]
    folder = site.hub.keep_artifact(name, site.event, site.run)
    folder.mkdir(parents=True, exist_ok=True)
    for path in present:
        if path.is_dir():
            assert inputs.get("include-hidden-files") == "true" or "/." not in f"/{path.relative_to(site.workspace)}"
            shutil.copytree(path, folder, dirs_exist_ok=True)
        else:
            shutil.copy(path, folder)
    return {"artifact-id": str(site.hub.state["artifacts"][-1]["id"]), "artifact-url": f"https://artifacts/{name}"}


def _download(site: Site, inputs: Mapping[str, str]) -> None:
    assert set(inputs) <= {"name", "run-id", "github-token", "path"}
    if "run-id" in inputs:
        assert inputs["github-token"].startswith(gh.TOKEN)
        site.needs("actions: read")
    source = site.hub.artifact(inputs["name"], int(inputs.get("run-id", site.run)))
    assert source.is_dir(), f"no artefact {inputs['name']}"
    shutil.copytree(source, site.workspace / inputs.get("path", "."), dirs_exist_ok=True)


STAND_INS: Mapping[str, Callable[[Site, Mapping[str, str]], Mapping[str, str] | None]] = {
    "actions/checkout": _check_out,
    "actions/setup-python": _set_up_python,
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
}
