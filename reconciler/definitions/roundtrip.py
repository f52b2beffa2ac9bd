"""Channel files changed as trees, by ruamel: whatever their style, with their comments kept."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from reconciler.definitions.spelling import is_plain, to_yaml_scalar

if TYPE_CHECKING:
    from reconciler.definitions.writing import Tree
    from reconciler.model.values import Value

_WIDEST = 4096


class _Literal(VersionedResolver):
    """Takes every scalar for text, so that what is not changed keeps its spelling: 1.50, 012, dates."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        return self.DEFAULT_SCALAR_TAG if kind is ScalarNode else super().resolve(kind, value, implicit)


def change_tree(text: str, channels: Tree, step: int) -> str:
    """`text`, a sound channel file, with `channels` merged into its own: new keys added, values replaced.

    What an anchor lets stand in other places too is changed in this one alone. Every mapping is indented by `step`.
    """
    yaml = YAML()
    yaml.Resolver = _Literal
    yaml.indent(mapping=step, sequence=4, offset=2)
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    tree = yaml.load(text.replace("\r\n", "\n"))
    _merge(tree["channels"], channels)
    stream = StringIO()
    yaml.dump(tree, stream)
    changed = stream.getvalue()
    return changed.replace("\n", "\r\n") if "\r\n" in text else changed


def _merge(mapping: CommentedMap, tree: Tree) -> None:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            mapping[key] = _own(mapping.get(key))
            _merge(mapping[key], value)
        else:
            mapping[key] = _make_scalar(value)


def _own(mapping: object) -> CommentedMap:
    if not isinstance(mapping, CommentedMap):
        return CommentedMap()
    return CommentedMap(mapping) if mapping.anchor.value else mapping


def _make_scalar(value: Value) -> str:
    if isinstance(value, str) and not is_plain(value):
        quoted: str = DoubleQuotedScalarString(value)
        return quoted
    return to_yaml_scalar(value)
