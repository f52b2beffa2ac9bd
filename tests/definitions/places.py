"""Projects written for one test, and findings in one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.load import load_definitions

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
