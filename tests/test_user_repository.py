"""A user's repository, made from nothing but the README, from the first import to drift that was found and accepted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml
from msgspec import Struct

from reconciler import sandbox
from tests.ci.hub import Hub
from tests.ci.runner import run_workflow, skip_without_locked_packages
from tests.hooking import ROOT, commit_all, copy_package, git, make_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.ci.hub import Event
    from tests.ci.runner import JobRun

HOOK_ADDRESS = "https://github.com/OWNER/reconciler"
FILE = "channels/north-building/nb-elec-01.yaml"


class Team(Struct, frozen=True):
    """People with a repository on a hub, an EnergyCAP, and a terminal."""

    hub: Hub
    service: sandbox.Service
    variables: Mapping[str, str]

    def type(self, *words: str, code: int = 0) -> str:
        """What a command prints on a machine with the key of a user who may only look."""
        answer = subprocess.run(
            words, cwd=self.hub.work, env=self.variables, capture_output=True, text=True, check=False
        )
        assert answer.returncode == code, answer.stdout + answer.stderr
        return answer.stdout

    def edit(self, before: str, after: str) -> None:
        path = self.hub.work / FILE
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def open_pull(self, number: int) -> Event:
        """A pull request with the file as it lies there; the hook has its say."""
        text = (self.hub.work / FILE).read_text(encoding="utf-8")
        git(self.hub.work, self.variables, "checkout", "--quiet", "--", FILE)
        return self.hub.open_pull({FILE: text}, number=number)

    def run(self, workflow: str, event: Event) -> dict[str, JobRun]:
        return run_workflow(self.hub, self.hub.work / ".github" / "workflows" / f"reconciler-{workflow}.yml", event)

    def edit_live(self, channel_id: int, **values: str) -> None:
        world = self.service.export()
        next(one for one in world["channels"] if one["channelId"] == channel_id).update(values)
        self.service.load(world)


def read_readme(key: str) -> str:
    """The block of YAML in the README that has `key`."""
    blocks = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    (block,) = [block for block in blocks if key in yaml.safe_load(block)]
    return str(block)


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """A team that has read the README, with an EnergyCAP and a repository with nothing in it."""
    if shutil.which("jq") is None:
        pytest.skip("gh's --jq is played by jq, which is not here")
    skip_without_locked_packages()
    variables = make_variables(tmp_path) | {"ECI_API_KEY": "sandbox-read"}
    _publish_hook(tmp_path / "reconciler", variables)
    # The hub's own git runs the hook as well.
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    hub = Hub(tmp_path / "hub")
    hub.secrets["ECI_API_KEY_READ"] = "sandbox-read"
    hub.environments["energycap"] = {"ECI_API_KEY_WRITE": "sandbox"}
    with sandbox.running(tmp_path / "service.sqlite3") as service:
        yield Team(hub, service, variables)


def _publish_hook(repository: Path, variables: Mapping[str, str]) -> None:
    """This project where the README says that it is, as far as git is told."""
    repository.mkdir()
    copy_package(repository)
    commit_all(repository, variables)
    git(repository, variables, "tag", "v0.1.0")
    git(repository, variables, "config", "--global", f"url.{repository}.insteadOf", HOOK_ADDRESS)


def test_from_the_first_import_to_drift_accepted(team: Team) -> None:
    _begin(team)
    _change_what_a_pull_request_showed(team)
    _find_drift_and_accept_it(team)


def test_a_new_repository_works_at_once_on_the_sandbox_and_without_a_key(team: Team) -> None:
    team.hub.secrets.clear()
    team.hub.environments.clear()
    team.type("reconciler", "init", "--ci", "github")
    team.type("git", "add", "--all")
    team.type("git", "commit", "--quiet", "--message", "As init writes it")
    example = (team.hub.work / "channels" / "example.yaml").read_text(encoding="utf-8")

    pull = team.hub.open_pull({"channels/example.yaml": example.replace("multiplier: 1 ", "multiplier: 0.001 ")})
    assert team.run("plan", pull)["plan"].result == "success"
    applied = team.run("apply", team.hub.merge(pull))
    assert applied["apply"].summary.endswith("Apply: 1 done, 0 stale, 0 failed, 0 not tried.\n")


def _begin(team: Team) -> None:
    """Init, the README's project file and hook, import: the first plan is empty, the first commit passes the hook."""
    team.type("reconciler", "init", "--ci", "github")
    assert team.type("reconciler", "validate") == "1 file, 2 channels: no findings.\n"
    (team.hub.work / "channels" / "example.yaml").unlink()
    project = read_readme("environments").replace("https://implement.energycap.com", team.service.url)
    (team.hub.work / "reconciler.yaml").write_text(project, encoding="utf-8")
    (team.hub.work / ".pre-commit-config.yaml").write_text(read_readme("repos"), encoding="utf-8")
    assert team.type("reconciler", "import").startswith("60 channels of implement went into")
    assert (
        team.type("reconciler", "plan").splitlines()[-1] == "Plan: 0 to update, 0 blocked, 60 unchanged, 0 unmanaged."
    )
    team.type("pre-commit", "install")
    team.type("git", "add", "--all")
    team.type("git", "commit", "--quiet", "--message", "As EnergyCAP has it")


def _change_what_a_pull_request_showed(team: Team) -> None:
    """A commit with a slip is stopped; the pull request shows the plan, and the merge applies it."""
    team.edit("Odometer\n      multiplier: 1\n", "Odometer\n      multiplyer: 0.001\n")
    team.type("git", "commit", "--quiet", "--all", "--message", "a slip", code=1)
    team.edit("multiplyer: 0.001\n", "multiplier: 0.001\n")
    pull = team.open_pull(7)
    planned = team.run("plan", pull)
    assert planned["plan"].result == "success"
    assert "**1 channel would change in implement" in planned["plan"].summary
    assert _origins(team, pull) == [("esaChannelVersion.multiplier", "change")]
    applied = team.run("apply", team.hub.merge(pull))
    assert applied["plan"].summary == planned["plan"].summary
    assert applied["apply"].summary.endswith("Apply: 1 done, 0 stale, 0 failed, 0 not tried.\n")


def _find_drift_and_accept_it(team: Team) -> None:
    """The next day somebody has changed a channel by hand: an issue says so, and the files take it over."""
    assert team.run("drift", team.hub.push("schedule"))["issue"].result == "success"
    assert team.hub.state["issues"] == []
    team.edit_live(1042, channelInfo="Renamed by hand")
    team.run("drift", team.hub.push("schedule"))
    (issue,) = team.hub.state["issues"]
    assert "Renamed by hand" in issue["body"]

    team.type("reconciler", "import", "--update")
    assert "+    channelInfo: Renamed by hand" in team.type("git", "diff", "--unified=0")
    pull = team.open_pull(8)
    assert "0 to update" in team.run("plan", pull)["plan"].summary
    assert team.run("apply", team.hub.merge(pull))["apply"].result == "skipped"
    team.run("drift", team.hub.push("schedule"))
    assert [one["state"] for one in team.hub.state["issues"]] == ["closed"]


def _origins(team: Team, pull: Event) -> list[tuple[str, str]]:
    folder = team.hub.artifact(f"reconciler-plan-7-{pull.payload['pull_request']['head']['sha']}", team.hub.runs)
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return [(edit["path"], edit["origin"]) for change in plan["resource_changes"] for edit in change["edits"]]
