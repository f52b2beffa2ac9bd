"""What a file without a flaw holds, and by whom it is read: by `plain`, else by `quick`; any other is for `close`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.plain import read_plainly

if TYPE_CHECKING:
    from reconciler.definitions.scalars import PlainScalars
    from reconciler.definitions.values import Values


def read_flawless(text: str, scalars: PlainScalars) -> Values | None:
    """What `text` holds; None where it needs a close look: an error, or an anchor, an alias, a tag."""
    values = read_plainly(text, scalars)
    if values is not None:
        return values
    # Imported here, as most runs need no YAML parser, which takes a third of the time of a hook.
    from reconciler.definitions.quick import read_quickly  # noqa: PLC0415

    return read_quickly(text, scalars)
