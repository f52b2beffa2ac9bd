"""The least of GitLab's runner that the pipeline needs: rules, stages, scripts, artefacts, reports.

What is not emulated is refused. Source: GitLab's "CI/CD YAML syntax reference" and "Predefined CI/CD variables".
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct, field

from tests.ci.installing import install_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.ci.hub import Hub

_TOP_KEYS = {"stages", "workflow"}
_JOB_KEYS = {
    *("image", "before_script", "extends", "stage", "script", "variables", "rules", "artifacts", "allow_failure"),
    *("needs", "environment", "resource_group", "interruptible"),
}
_COMPARISON = re.compile(r'\$(\w+)\s*(==|!=)\s*(?:\$(\w+)|"([^"]*)")$')


class Pipeline(Struct, frozen=True):
    """What GitLab was asked to run, and with what: `keys` by environment, where `*` is for all others."""

    hub: Hub
    file: Path
    commit: str
    variables: Mapping[str, str]
    keys: Mapping[str, str]
    # The jobs that somebody starts by hand.
    started: frozenset[str] = frozenset()


class Job(Struct, frozen=True):
    """What a job came to: success, warning, failed, or manual where it waits for somebody."""

    status: str
    code: int | None = None
    log: str = ""
    folder: Path = Path()
    artifacts: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def read(self, name: str) -> str:
        """The text of an artefact or report."""
        assert name in self.artifacts
        return (self.folder / name).read_text(encoding="utf-8")


def run_pipeline(pipeline: Pipeline) -> dict[str, Job]:
    """Run the jobs that the rules let in, stage by stage; empty where there is no pipeline for these variables."""
    document = yaml.safe_load(pipeline.file.read_text(encoding="utf-8"))
    if _find_rule(document["workflow"]["rules"], pipeline.variables, pipeline.hub.work) is None:
        return {}
    pipeline.hub.runs += 1
    jobs: dict[str, Job] = {}
    for name, settings, rule in _list_jobs(document, pipeline):
        if any(job.status == "failed" for job in jobs.values()):
            break
        if rule.get("when") == "manual" and name not in pipeline.started:
            jobs[name] = Job("manual", settings=settings)
        else:
            jobs[name] = _run_job(pipeline, (name, settings), rule.get("variables", {}), jobs)
    return jobs


def _list_jobs(document: Mapping[str, Any], pipeline: Pipeline) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The jobs of the pipeline in the order of their stages, with the rule that lets them in."""
    named = {name: one for name, one in document.items() if name not in _TOP_KEYS and not name.startswith(".")}
    for stage in document["stages"]:
        for name, one in named.items():
            settings = {**document[one["extends"]], **one}
            assert set(settings) <= _JOB_KEYS, set(settings) - _JOB_KEYS
            rule = _find_rule(settings.get("rules", [{}]), pipeline.variables, pipeline.hub.work)
            if settings["stage"] == stage and rule is not None:
                yield name, settings, rule


def _find_rule(rules: list[dict[str, Any]], variables: Mapping[str, str], folder: Path) -> dict[str, Any] | None:
    """The first rule that holds; None where none does, or it says never."""
    for rule in rules:
        assert set(rule) <= {"if", "when", "exists", "variables"}
        is_there = all((folder / name).exists() for name in rule.get("exists", []))
        if is_there and all(_holds(term.strip(), variables) for term in rule.get("if", "").split("&&") if term):
            return None if rule.get("when") == "never" else rule
    return None


def _holds(term: str, variables: Mapping[str, str]) -> bool:
    if re.fullmatch(r"\$\w+", term):
        return bool(variables.get(term[1:]))
    match = _COMPARISON.match(term)
    assert match, f"not emulated: {term}"
    left, operator, name, text = match.groups()
    right = variables.get(name) if name else text
    return (variables.get(left) == right) is (operator == "==")


def _run_job(
    pipeline: Pipeline, named: tuple[str, dict[str, Any]], given: Mapping[str, str], jobs: Mapping[str, Job]
) -> Job:
    name, settings = named
    folder = pipeline.hub.root / "runs" / f"{pipeline.hub.runs}-{name}"
    variables = {**pipeline.variables, **settings.get("variables", {}), **given}
    _check_out(pipeline, folder, variables.get("GIT_DEPTH", "20"))
    for other in jobs.values():
        _bring(other, folder)
    key = pipeline.keys.get(settings.get("environment", "*"), pipeline.keys.get("*", ""))
    lines = [*settings.get("before_script", []), *settings["script"]]
    answer = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=folder,
        env={**_base_variables(folder, pipeline.hub), **variables, "ECI_API_KEY": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    allowed = settings.get("allow_failure", {}).get("exit_codes")
    status = {0: "success", allowed: "warning"}.get(answer.returncode, "failed")
    kept = tuple(_list_artifacts(settings.get("artifacts", {}), folder, is_failed=status == "failed"))
    return Job(status, answer.returncode, answer.stdout, folder, kept, settings)


def _check_out(pipeline: Pipeline, folder: Path, depth: str) -> None:
    folder.mkdir(parents=True)
    shallow = [f"--depth={depth}"] if depth != "0" else []
    source = pipeline.hub.work.as_uri()
    for words in (["init", "--quiet"], ["fetch", "--quiet", *shallow, source, pipeline.commit]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    subprocess.run(["git", "checkout", "--quiet", "FETCH_HEAD"], cwd=folder, check=True)


def _bring(job: Job, folder: Path) -> None:
    """Put the artefacts of an earlier job where a later one has them; reports are not among them."""
    for name in job.settings.get("artifacts", {}).get("paths", []):
        if name in job.artifacts:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(job.folder / name, folder / name)


def _list_artifacts(settings: Mapping[str, Any], folder: Path, *, is_failed: bool) -> Iterator[str]:
    assert set(settings) <= {"when", "paths", "reports", "expose_as"}
    if is_failed and settings.get("when") != "always":
        return
    for name in (*settings.get("paths", []), *settings.get("reports", {}).values()):
        if (folder / name).exists():
            yield name


def _base_variables(folder: Path, hub: Hub) -> dict[str, str]:
    return {
        "PATH": install_python(folder.parent / "tools", hub.found),
        "HOME": str(folder.parent),
        "CI": "true",
        "GITLAB_CI": "true",
        # There is no index: the version that the pipeline asks for is there already, or the job fails.
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
