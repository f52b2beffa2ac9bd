"""What a broken file still says, so that one mistake in it does not make other files look wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.definitions.build import EMPTY, FileContent, make_content
from reconciler.definitions.schema import Format, validator_for
from reconciler.model.channels import Desired

if TYPE_CHECKING:
    from collections.abc import Set

    from reconciler.definitions.document import Document
    from reconciler.definitions.problems import Keys
    from reconciler.definitions.values import Lines

# What may name a channel in a file that is no YAML: a key with nothing after it in its line, or with a mapping.
_NAME = re.compile(r"^[ ]+([A-Za-z0-9][A-Za-z0-9_.-]*):[ ]*(?:[{#].*)?$", re.MULTILINE)


def recover_channels(document: Document, refused: Set[Keys], lines: Lines) -> FileContent:
    """All channels of a broken file by name, with those of their values that are not `refused`, and its sound feeds."""
    if not document.is_read:
        names = dict.fromkeys(_NAME.findall(document.text))
        return FileContent(recovered=tuple(Desired(name, document.file, 1, None, {}) for name in names))
    tree = _prune(document.tree, (), refused)
    return make_content(document.file, _keep_sound(tree), lines) if isinstance(tree, dict) else EMPTY


def _prune(value: Any, keys: Keys, refused: Set[Keys]) -> Any:
    if not isinstance(value, dict):
        return value
    members = ((key, member, (*keys, key)) for key, member in value.items())
    return {key: _prune(member, path, refused) for key, member, path in members if _is_kept(path, refused)}


def _is_kept(keys: Keys, refused: Set[Keys]) -> bool:
    # A channel stays known by its name, however little is left of it.
    return keys not in refused or (len(keys) == 2 and keys[0] == "channels")


def _keep_sound(tree: dict[str, Any]) -> dict[str, Any]:
    channels = {name: _sound_or_empty("channel", channel) for name, channel in _members(tree, "channels").items()}
    feeds = {name: feed for name, feed in _members(tree, "feeds").items() if _is_sound("feed", feed)}
    data_point = tree.get("dataPoint")
    return {
        "dataPoint": data_point if isinstance(data_point, str) else None,
        "defaults": _sound_or_empty("defaults", tree.get("defaults")),
        "channels": channels,
        "feeds": feeds,
    }


def _members(tree: dict[str, Any], section: str) -> dict[str, Any]:
    members = tree.get(section)
    return members if isinstance(members, dict) else {}


def _sound_or_empty(definition: str, settings: object) -> Any:
    return settings if _is_sound(definition, settings) else {}


def _is_sound(definition: str, member: object) -> bool:
    return validator_for(Format.CHANNELS, definition)(member)
