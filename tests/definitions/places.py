"""Projects written for one test, findings in one line each, and the problems of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.definitions.load import load_definitions
from reconciler.definitions.schema import Format
from reconciler.definitions.schema_errors import explain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reconciler.model.findings import Finding


def write(root: Path, **files: str | bytes) -> Path:
    """`root`, with a channel file for each of `files`, by its name without the suffix."""
    folder = root / "channels"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.yaml").write_bytes(data)
    return root


def show(findings: Iterable[Finding]) -> list[str]:
    """Each finding as file:line:column CODE message."""
    return [f"{_show_place(finding)} {finding.code} {finding.message}" for finding in findings]


def validate(root: Path) -> list[str]:
    """The findings in the channel files below `root`."""
    return show(load_definitions(root, ["channels"]).findings)


def _show_place(finding: Finding) -> str:
    place = finding.location
    return f"{place.file.removeprefix('channels/')}:{place.line}:{place.column}" if place else "-"


def in_channel(**settings: Any) -> list[tuple[str, str, str]]:
    """Code, message and fix of each problem of a channel with `settings`."""
    explanation = explain(Format.CHANNELS, {"channels": {"use": settings}})
    return [(problem.code, problem.message, problem.fix) for problem in explanation.problems]


def in_version(**settings: Any) -> list[tuple[str, str, str]]:
    return in_channel(esaChannelVersion=settings)


def in_environment(**settings: Any) -> list[tuple[str, str, str]]:
    document = {"definitions": "channels", "environments": {"there": {"url": "sandbox", **settings}}}
    return [(problem.code, problem.message, problem.fix) for problem in explain(Format.PROJECT, document).problems]
