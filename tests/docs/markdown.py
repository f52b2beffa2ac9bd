"""What a Markdown document leads to and speaks of; anchors as GitHub makes them."""

from __future__ import annotations

import re
from collections import Counter
from textwrap import dedent

_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`+[^`\n]+`+")
_OURS = re.compile(r"^ *(?:\$ )?(?:- run: )?(?:\w+=\S+ )*reconciler (\S.*)$", re.MULTILINE)
_OURS_INLINE = re.compile(r"`(?:reconciler ([^`]+)|(--[a-z][^`]*))`")
_YAML = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def strip_code(text: str) -> str:
    """`text` without its fenced blocks and without pieces of code in lines."""
    return _CODE.sub("", _FENCE.sub("", text))


def find_links(text: str) -> list[str]:
    """Where links and pictures lead, outside of code."""
    return _LINK.findall(strip_code(text))


def find_commands(text: str) -> list[str]:
    """What is said to reconciler, in blocks and in lines: command and arguments, or an option by itself."""
    in_blocks = _OURS.findall("\n".join(_FENCE.findall(text)))
    return [*in_blocks, *("".join(groups) for groups in _OURS_INLINE.findall(_FENCE.sub("", text)))]


def find_yaml(text: str) -> list[str]:
    """The blocks of YAML that stand for no whole file, moved to the left; not those of other tools."""
    return [piece for piece in map(dedent, _YAML.findall(text)) if not piece.startswith("repos:")]


def find_anchors(text: str) -> set[str]:
    """The anchors of the headings; a heading that comes again gets a number."""
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        anchor = _make_anchor(heading)
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def _make_anchor(heading: str) -> str:
    shown = re.sub(r"\]\([^)]*\)|[\[`*]", "", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
