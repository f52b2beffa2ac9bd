"""How a plan is carried out: how much at a time, and who watches, stops and records it."""

from __future__ import annotations

from threading import Event as Signal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.apply.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.apply.journal import Journal
    from reconciler.model.outcomes import Event, Outcome

DEFAULT_PARALLELISM = 4


def _watch_nothing(_event: Event) -> None:
    pass


class Conduct(Struct, frozen=True):
    """How a plan is carried out.

    Up to `parallelism` changes are carried out side by side, fewer while the service strains. `on_event` is called from
    the thread that applies, one event at a time. Once `stop` is set, from any thread or a signal handler, what is in
    flight is finished and nothing more is begun. With a `journal` every write stands in it before it is sent, and what
    an earlier run left open there is settled first. `known` are outcomes of changes that are not carried out at all, as
    they are live already or stale; the account has them first. With `patience` a channel that does not show a write yet
    is read again.
    """

    parallelism: int = DEFAULT_PARALLELISM
    on_event: Callable[[Event], None] = _watch_nothing
    stop: Signal = field(default_factory=Signal)
    journal: Journal | None = None
    known: tuple[Outcome, ...] = ()
    patience: Patience = field(default_factory=Patience)
