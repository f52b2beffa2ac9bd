"""Text as a stream of YAML events, by libyaml where it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    # PyYAML's events have no common type for what the readers ask of them.
    NextEvent: TypeAlias = Callable[[], Any]
    OpenEvents: TypeAlias = Callable[[str], NextEvent]


def open_pure(text: str) -> NextEvent:
    """The events of `text` by PyYAML's own parser: everywhere, at an eighth of the speed."""
    loader = yaml.SafeLoader(text)

    def next_event() -> Any:
        try:
            return loader.get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:
            # PyYAML's own slip: an escape like \U00110000 is a number to it, but no character.
            raise yaml.MarkedYAMLError(problem="an escape of no character", problem_mark=loader.get_mark()) from error

    return next_event


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    PARSER = "libyaml"
    SCANNER: Any = yaml.CSafeLoader

    def open_events(text: str) -> NextEvent:
        """The events of `text`, one a call. Raises yaml.YAMLError, then or at a call, where it is not YAML."""
        return CParser(text).get_event

else:  # pragma: no cover - a PyYAML built without libyaml; tests give `open_pure` to the readers instead
    PARSER = "pure Python, 8 times slower than libyaml"
    SCANNER = yaml.SafeLoader
    open_events = open_pure
