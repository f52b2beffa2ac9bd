"""A stand-in for `gh api`: answers from a file, keeps what it is told, and wants the permissions that GitHub wants.

Run as a program: the state is the JSON file at $GH_STATE, the token says what its job may do. Source of the endpoints
and their permissions: GitHub's REST reference. `--jq` is left to jq itself.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json: TypeAlias = Any
TOKEN = "token of a job that may: "  # noqa: S105 - it stands for one
_BOT = {"login": "github-actions[bot]", "type": "Bot"}


class Call(Struct, frozen=True):
    """One call: what the path matched, the query, the fields sent, and all that the service holds."""

    words: tuple[str, ...]
    query: Mapping[str, str]
    fields: Mapping[str, str]
    state: Json


def list_comments(call: Call) -> Json:
    return call.state["comments"].get(call.words[0], [])


def add_comment(call: Call) -> Json:
    comment = {"id": 1000 + len(call.state["calls"]), "user": _BOT, **call.fields}
    call.state["comments"].setdefault(call.words[0], []).append(comment)
    return comment


def edit_comment(call: Call) -> Json:
    (comment,) = [one for some in call.state["comments"].values() for one in some if str(one["id"]) == call.words[0]]
    comment.update(call.fields)
    return comment


def list_issues(call: Call) -> Json:
    return [issue for issue in call.state["issues"] if issue["state"] == call.query.get("state", "open")]


def add_issue(call: Call) -> Json:
    issue = {"number": 100 + len(call.state["issues"]), "state": "open", "user": _BOT, **call.fields}
    call.state["issues"].append(issue)
    return issue


def edit_issue(call: Call) -> Json:
    (issue,) = [one for one in call.state["issues"] if str(one["number"]) == call.words[0]]
    issue.update(call.fields)
    return issue


def list_pulls(call: Call) -> Json:
    return [pull for pull in call.state["pulls"] if pull["merge_commit_sha"] == call.words[0]]


def list_artifacts(call: Call) -> Json:
    named = [one for one in call.state["artifacts"] if one["name"] == call.query["name"]]
    return {"total_count": len(named), "artifacts": named}


def list_runs(call: Call) -> Json:
    runs = [run for run in call.state["runs"] if run["path"].endswith(f"/{call.words[0]}")]
    wanted = {name: call.query[name] for name in ("event", "head_sha") if name in call.query}
    return {"workflow_runs": [run for run in runs if wanted.items() <= run.items()]}


def get_commit(call: Call) -> Json:
    return {"parents": [{"sha": parent} for parent in _git("rev-list", "--parents", "-1", call.words[0]).split()[1:]]}


def compare(call: Call) -> Json:
    base, head = call.words
    since, before = (_git("rev-list", "--count", f"{one}..{other}") for one, other in ((base, head), (head, base)))
    return {"status": _STATUSES[since != "0", before != "0"]}


# Whether the second has commits that the first has not, and the other way round.
_STATUSES = {
    (False, False): "identical",
    (True, False): "ahead",
    (False, True): "behind",
    (True, True): "diverged",
}


def _git(*words: str) -> str:
    repository = Path(os.environ["GH_STATE"]).parent / "repository"
    answer = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit("gh: Not Found (HTTP 404)")
    return answer.stdout.strip()


Endpoint: TypeAlias = "tuple[str, str, tuple[str, ...], Callable[[Call], Json]]"
# Method, path below the repository, the permissions of which one is enough, and what answers.
ENDPOINTS: tuple[Endpoint, ...] = (
    ("GET", r"issues/(\d+)/comments", ("issues: read", "pull-requests: read"), list_comments),
    ("POST", r"issues/(\d+)/comments", ("issues: write", "pull-requests: write"), add_comment),
    ("PATCH", r"issues/comments/(\d+)", ("issues: write", "pull-requests: write"), edit_comment),
    ("GET", r"issues", ("issues: read",), list_issues),
    ("POST", r"issues", ("issues: write",), add_issue),
    ("PATCH", r"issues/(\d+)", ("issues: write",), edit_issue),
    ("GET", r"commits/(\w+)/pulls", ("pull-requests: read",), list_pulls),
    ("GET", r"commits/(\w+)", ("contents: read",), get_commit),
    ("GET", r"compare/(\w+)\.\.\.(\w+)", ("contents: read",), compare),
    ("GET", r"actions/artifacts", ("actions: read",), list_artifacts),
    ("GET", r"actions/workflows/([\w.-]+)/runs", ("actions: read",), list_runs),
)


def main() -> None:
    arguments = _read_arguments()
    file = Path(os.environ["GH_STATE"])
    state = json.loads(file.read_text(encoding="utf-8"))
    fields = dict(_read_field(text) for text in arguments.typed) | dict(text.split("=", 1) for text in arguments.fields)
    method = arguments.method or ("POST" if fields else "GET")
    url = urlsplit(arguments.path)
    state["calls"].append([method, url.path])
    answer = _answer(method, url.path, Call((), dict(parse_qsl(url.query)), fields, state))
    file.write_text(json.dumps(state, indent=1), encoding="utf-8")
    if not arguments.silent:
        _print(answer, arguments.jq)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    parser.add_argument("command", choices=["api"])
    parser.add_argument("path")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--method")
    parser.add_argument("--jq")
    parser.add_argument("-f", dest="fields", action="append", default=[])
    parser.add_argument("-F", dest="typed", action="append", default=[])
    return parser.parse_args()


def _read_field(text: str) -> tuple[str, str]:
    name, value = text.split("=", 1)
    return name, Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value


def _answer(method: str, path: str, call: Call) -> Json:
    repository = f"repos/{os.environ['GITHUB_REPOSITORY']}/"
    for wanted, pattern, permissions, answer in ENDPOINTS:
        match = re.fullmatch(re.escape(repository) + pattern, path)
        if match and method == wanted:
            if not any(_may(permission) for permission in permissions):
                sys.exit(f"gh: Resource not accessible by integration (HTTP 403): {method} {path}")
            return answer(Call(match.groups(), call.query, call.fields, call.state))
    sys.exit(f"gh: Not Found (HTTP 404): {method} {path}")


def _may(permission: str) -> bool:
    token = os.environ.get("GH_TOKEN", "")
    granted = token.removeprefix(TOKEN).split(", ") if token.startswith(TOKEN) else []
    return permission in granted or permission.replace("read", "write") in granted


def _print(answer: Json, query: str | None) -> None:
    text = json.dumps(answer)
    if query is None:
        print(text)  # noqa: T201 - it is a program
    else:
        subprocess.run(["jq", "--raw-output", query], input=text, text=True, check=True)


if __name__ == "__main__":
    main()
