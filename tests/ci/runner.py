"""The least of GitHub's runner that the workflows and the action need: jobs, steps, variables, files of commands.

What is not emulated is refused, so that a workflow cannot pass by something that nobody looked at. Sources: GitHub's
"Workflow syntax" and "Workflow commands".
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from tests.ci import gh
from tests.ci.expressions import Scope, to_text
from tests.ci.hub import REPOSITORY
from tests.ci.installing import install_python, make_tool
from tests.ci.stand_ins import STAND_INS, Site
from tests.test_requirements import read_pins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.ci.hub import Event, Hub

ROOT = Path(__file__).resolve().parents[2]
OWN_ACTION = "OWNER/reconciler"
_SHELLS = {None: ("bash", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}
_JOB_KEYS = {
    *("name", "needs", "if", "runs-on", "permissions", "environment", "outputs", "steps"),
    *("strategy", "timeout-minutes"),
}
_STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory"}
# `name=value`, or several lines between two marks.
_ASSIGNMENT = re.compile(r"^([\w-]+)=(.*)$")


class StepRun(Struct, frozen=True):
    """What a step came to; `code` is None where it was skipped."""

    name: str
    code: int | None
    log: str = ""
    summary: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


class JobRun(Struct, frozen=True):
    """What a job came to: success, failure or skipped."""

    result: str
    steps: tuple[StepRun, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return "".join(step.summary for step in self.steps)

    @property
    def log(self) -> str:
        return "".join(step.log for step in self.steps)

    @property
    def failed(self) -> tuple[tuple[str, int | None], ...]:
        """The steps that failed, with their exit codes."""
        return tuple((step.name, step.code) for step in self.steps if step.code)


def skip_without_locked_packages() -> None:
    """Skip where other versions are installed than those of the lock, as `make test-matrix` does: there is no index."""
    pins = [pin for pin in read_pins("runtime") if pin.marker is None or pin.marker.evaluate()]
    if any(not pin.specifier.contains(version(pin.name), prereleases=True) for pin in pins):
        pytest.skip("what workflows install is the lock, and other packages are here")


def run_workflow(hub: Hub, file: Path, event: Event) -> dict[str, JobRun]:
    """Run the workflow in `file` for `event`, job by job; raises AssertionError where the event does not start it."""
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    # YAML 1.1 takes `on` for true.
    assert event.name in workflow[True], f"{file.name} is not started by {event.name}"
    contexts = hub.begin_run(event, {}, file.name)
    jobs: dict[str, JobRun] = {}
    for name, job in workflow["jobs"].items():
        assert set(job) <= _JOB_KEYS, set(job) - _JOB_KEYS
        site = make_site(hub, event, name, contexts)
        shell = workflow.get("defaults", {}).get("run", {}).get("shell")
        jobs[name] = _run_job(replace(site, permissions=workflow["permissions"], shell_kind=shell), job, jobs)
    return jobs


def make_site(hub: Hub, event: Event, name: str, contexts: Mapping[str, Any]) -> Site:
    """The place of the job `name` in the latest run, with nothing in it."""
    site = Site(hub, event, hub.runs, hub.root / "runs" / f"{hub.runs}-{name}", {}, contexts)
    site.workspace.mkdir(parents=True)
    site.temporary.mkdir()
    return site


def _run_job(site: Site, job: Mapping[str, Any], jobs: Mapping[str, JobRun]) -> JobRun:
    needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
    needs = {name: {"result": jobs[name].result, "outputs": jobs[name].outputs} for name in needed}
    contexts = {**site.contexts, "needs": needs}
    is_well = all(jobs[name].result == "success" for name in needed)
    if not Scope(contexts, is_well).holds(job.get("if")):
        return JobRun("skipped")
    secrets = site.contexts["secrets"] | site.hub.environments.get(job.get("environment", ""), {})
    within = grant(replace(site, contexts={**contexts, "secrets": secrets}), job.get("permissions", site.permissions))
    steps, scope = run_steps(within, job["steps"], {})
    outputs = {name: scope.fill(text) for name, text in job.get("outputs", {}).items()}
    return JobRun("success" if scope.is_well else "failure", steps, outputs)


def grant(site: Site, permissions: Mapping[str, str]) -> Site:
    """`site` with these permissions, and a token that has them."""
    token = gh.TOKEN + ", ".join(f"{kind}: {level}" for kind, level in permissions.items())
    github = site.contexts["github"] | {"token": token}
    return replace(site, permissions=permissions, contexts={**site.contexts, "github": github})


def run_steps(site: Site, steps: list[Any], variables: Mapping[str, str]) -> tuple[tuple[StepRun, ...], Scope]:
    """Run `steps` one after the other, and what expressions see at the end; `variables` hold for all of them."""
    done: list[StepRun] = []
    outputs: dict[str, Any] = {}
    scope = Scope({**site.contexts, "steps": outputs})
    for step in steps:
        assert set(step) <= _STEP_KEYS, set(step) - _STEP_KEYS
        name = step.get("name", step.get("uses", "").partition("@")[0])
        if not scope.holds(step.get("if")):
            done.append(StepRun(name, None))
            outputs[step.get("id", "")] = {"outputs": {}, "outcome": "skipped"}
            continue
        one = replace(_run_step(site, step, scope, variables), name=name)
        done.append(one)
        outputs[step.get("id", "")] = {"outputs": one.outputs, "outcome": "failure" if one.code else "success"}
        scope = replace(scope, is_well=scope.is_well and one.code == 0)
    return tuple(done), scope


def _run_step(site: Site, step: Mapping[str, Any], scope: Scope, variables: Mapping[str, str]) -> StepRun:
    given = {**variables, **{name: scope.fill(value) for name, value in step.get("env", {}).items()}}
    if "uses" in step:
        inputs = {name: scope.fill(value) for name, value in step.get("with", {}).items()}
        name, _, commit = step["uses"].partition("@")
        if name == OWN_ACTION:
            return run_action(site, ROOT / "action.yml", inputs, given)
        assert re.fullmatch("[0-9a-f]{40}", commit), step["uses"]
        return StepRun(name, 0, outputs=STAND_INS[name](site, inputs) or {})
    folder = site.workspace / scope.fill(step.get("working-directory", "."))
    return run_shell(site, scope.fill(step["run"]), given, (step.get("shell", site.shell_kind), folder))


def run_shell(site: Site, script: str, variables: Mapping[str, str], shell: tuple[str | None, Path]) -> StepRun:
    """Run `script` as a runner would, with no variable but the runner's own and `variables`."""
    kind, folder = shell
    files = {name: site.temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    (site.temporary / "script.sh").write_text(script, encoding="utf-8")
    answer = subprocess.run(
        [*_SHELLS[kind], site.temporary / "script.sh"],
        cwd=folder,
        env=_base_variables(site) | {name: str(file) for name, file in files.items()} | dict(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    outputs = dict(_read_assignment(line) for line in texts["GITHUB_OUTPUT"].splitlines())
    return StepRun("", answer.returncode, answer.stdout, texts["GITHUB_STEP_SUMMARY"], outputs)


def _read_assignment(line: str) -> tuple[str, str]:
    match = _ASSIGNMENT.match(line)
    assert match, f"GITHUB_OUTPUT cannot hold {line!r}"
    return match.group(1), match.group(2)


def _base_variables(site: Site) -> dict[str, str]:
    tools = site.folder / "tools"
    path = install_python(tools, site.hub.found)
    make_tool(tools / "gh", f'#!/bin/sh\nexec "{sys.executable}" "{gh.__file__}" "$@"\n')
    return {
        "PATH": path,
        "HOME": str(site.folder),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": site.event.name,
        "GITHUB_REF_NAME": site.event.branch,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SHA": site.event.commit,
        "GITHUB_WORKSPACE": str(site.workspace),
        "RUNNER_TEMP": str(site.temporary),
        "GH_STATE": str(site.hub.state_file),
        # There is no index: the version that a workflow asks for is there already, or the step fails.
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def run_action(site: Site, file: Path, inputs: Mapping[str, str], variables: Mapping[str, str]) -> StepRun:
    """One step that `uses` the composite action in `file`: its log, summaries and outputs together."""
    action = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert action["runs"]["using"] == "composite"
    assert set(inputs) <= set(action["inputs"])
    filled = {name: inputs.get(name, one.get("default", "")) for name, one in action["inputs"].items()}
    # An action sees no secrets, and each of its steps must name its shell.
    seen = {"github": site.contexts["github"], "inputs": filled}
    within = replace(site, contexts=seen, shell_kind="named by each step")
    given = {**variables, "GITHUB_ACTION_PATH": str(file.parent)}
    steps, scope = run_steps(within, action["runs"]["steps"], given)
    outputs = {name: to_text(scope.fill(one["value"])) for name, one in action["outputs"].items()}
    code = next((step.code for step in steps if step.code), 0)
    return StepRun("", code, "".join(s.log for s in steps), "".join(s.summary for s in steps), outputs)
