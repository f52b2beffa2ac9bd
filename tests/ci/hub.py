"""A repository as GitHub keeps it: commits, pull requests, secrets, artefacts, comments and issues."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REPOSITORY = "energy/channels"
_GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main")
_SERVER = "https://github.com"


class Event(Struct, frozen=True):
    """What starts a run: its name, the commit it is for, the branch, and what GitHub tells besides."""

    name: str
    commit: str
    branch: str
    payload: Mapping[str, Any]
    is_from_fork: bool = False


class Hub(Struct):
    """The repository at `root`, its settings, and what its runs left behind."""

    root: Path
    secrets: dict[str, str] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    # Where it is kept what pip has found for the runs; None for the place of all hubs.
    found: Path | None = None

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True)
        self.git("init", "--quiet")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.save({"comments": {}, "issues": [], "pulls": [], "runs": [], "artifacts": [], "calls": []})

    @property
    def work(self) -> Path:
        """The repository, and the working tree that commits are made from."""
        return self.root / "repository"

    @property
    def state_file(self) -> Path:
        """What `gh` reads and writes."""
        return self.root / "state.json"

    @property
    def state(self) -> Any:
        return json.loads(self.state_file.read_text(encoding="utf-8"))

    def save(self, state: Any) -> None:
        self.state_file.write_text(json.dumps(state), encoding="utf-8")

    def git(self, *words: str) -> str:
        answer = subprocess.run([*_GIT, *words], cwd=self.work, check=True, capture_output=True, text=True)
        return answer.stdout.strip()

    def commit(self, files: Mapping[str, str | Path], branch: str = "main") -> str:
        """Commit `files` on `branch`, which begins at main if it is new; a path is what a link leads to."""
        if branch != "main":
            self.git("checkout", "--quiet", "-B", branch, "main")
        for name, text in files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(text, str):
                (self.work / name).write_text(text, encoding="utf-8")
                (self.work / name).chmod(0o755 if text.startswith("#!") else 0o644)
            else:
                (self.work / name).symlink_to(text)
        self.git("add", "--all")
        # Also what .gitignore names: a hostile commit does not mind.
        self.git("add", "--force", "--", *files)
        self.git("commit", "--quiet", "--message", f"{branch}: {', '.join(files)}")
        commit = self.git("rev-parse", "HEAD")
        if branch != "main":
            self.git("checkout", "--quiet", "main")
        return commit

    def open_pull(self, files: Mapping[str, str | Path], *, number: int = 7, is_from_fork: bool = False) -> Event:
        """A pull request that brings `files`, as the event that starts its runs: on the merge that GitHub tries out."""
        return self.open_pull_of(self.commit(files, f"pull-{number}"), "main", number=number, is_from_fork=is_from_fork)

    def open_pull_of(self, head: str, base: str, *, number: int, is_from_fork: bool = False) -> Event:
        """A pull request of the commit `head` into the branch `base`."""
        self.git("checkout", "--quiet", "--detach", base)
        self.git("merge", "--quiet", "--no-ff", "--message", "tried out", head)
        tried = self.git("rev-parse", "HEAD")
        self.git("checkout", "--quiet", "main")
        home = "somebody/channels" if is_from_fork else REPOSITORY
        pull = {"number": number, "head": {"sha": head, "repo": {"full_name": home}}, "base": {"ref": base}}
        return Event("pull_request", tried, f"{number}/merge", {"number": number, "pull_request": pull}, is_from_fork)

    def merge(self, pull: Event) -> Event:
        """Squash what `pull` brings onto main: the push that follows."""
        merged = pull.payload["pull_request"]
        self.git("merge", "--quiet", "--squash", merged["head"]["sha"])
        self.git("commit", "--quiet", "--message", "squashed")
        push = self.push()
        state = self.state
        state["pulls"].append({"merge_commit_sha": push.commit, "merged_at": "2026-11-22", **merged})
        self.save(state)
        return push

    def push(self, name: str = "push") -> Event:
        """The event of a push to main, or another one there."""
        return Event(name, self.git("rev-parse", "main"), "main", {})

    def begin_run(self, event: Event, inputs: Mapping[str, Any], workflow: str = "") -> dict[str, Any]:
        """The contexts of a new run for `event`, of the workflow in the file of that name."""
        self.runs += 1
        state = self.state
        path = f".github/workflows/{workflow}"
        state["runs"].append({"id": self.runs, "path": path, "event": event.name, "head_sha": _find_head(event)})
        self.save(state)
        payload = {**event.payload, "repository": {"default_branch": "main"}}
        secrets = {} if event.is_from_fork else dict(self.secrets)
        github = {
            "event_name": event.name,
            "event": payload,
            "sha": event.commit,
            "ref_name": event.branch,
            "repository": REPOSITORY,
            "server_url": _SERVER,
            "run_id": self.runs,
        }
        return {"github": github, "secrets": secrets, "vars": dict(self.variables), "inputs": inputs}

    def keep_artifact(self, name: str, event: Event, run: int) -> Path:
        """The folder of a new artefact, or of the one of that name and run, again."""
        state = self.state
        others = [one for one in state["artifacts"] if (one["name"], one["workflow_run"]["id"]) != (name, run)]
        homes = {"repository_id": 1, "head_repository_id": 2 if event.is_from_fork else 1}
        made = {"id": 500 + len(state["artifacts"]), "name": name, "expired": False, "created_at": f"{run:05}"}
        state["artifacts"] = [*others, {**made, "workflow_run": {"id": run, "head_sha": _find_head(event), **homes}}]
        self.save(state)
        return self.artifact(name, run)

    def artifact(self, name: str, run: int | None = None) -> Path:
        """The folder of an artefact of `run`, by default the latest."""
        return self.root / "artifacts" / str(run or self.runs) / name


def _find_head(event: Event) -> str:
    """The commit that a run is listed under: that of the branch, not the merge that was tried out."""
    head: str = event.payload.get("pull_request", {}).get("head", {}).get("sha", event.commit)
    return head
