"""What stored readings say of meter swaps: whether the facts of the files fit, and when a swap probably was.

Neither decides what is sent: facts that do not fit are a warning, and a guessed date is only offered.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from reconciler.energycap.session import open_threads
from reconciler.errors import BadResponse, ServiceError
from reconciler.model.registers import RegisterFall
from reconciler.planning.register_falls import MAX_SEARCHES, list_searches
from reconciler.planning.swap_facts import check_swap, doubt_new_swaps, doubt_swap, list_swap_checks
from reconciler.reports.formatting import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.cli.inputs import LiveState, ReadingSource
    from reconciler.model.channels import Definitions
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Plan
    from reconciler.planning.register_falls import FallSearch
    from reconciler.planning.swap_facts import SwapCheck, SwapVerdict

Answer = TypeVar("Answer")


def check_swaps(plan: Plan, definitions: Definitions, live: LiveState) -> tuple[Finding, ...]:
    """What is wrong with the facts of meter swaps, for the channels of `plan`; requests are sent for these alone."""
    checks = list_swap_checks(plan, definitions, live.snapshot.channels)
    if live.readings is None and live.taken is None:
        # A plan that is only compared with a reviewed one is not shown.
        return ()
    doubts = doubt_new_swaps(plan, definitions)
    if live.readings is None:
        return (*doubts, *(doubt_swap(check, "a snapshot has none") for check in checks))
    questions = [partial(_read_around, check, live.readings) for check in checks]
    # Versions that were swapped long ago are checked too, as somebody may still correct their facts.
    with live.readings.output.log_if_slow(f"reading what was stored around {count(len(checks), 'meter swap')} ..."):
        answers = _ask_all(questions)
    pairs = zip(checks, answers, strict=True)
    return (*doubts, *(finding for check, answer in pairs for finding in _list_findings(check, answer)))


def _read_around(check: SwapCheck, source: ReadingSource) -> SwapVerdict:
    """The verdict, from as few readings as are enough to settle it. Raises ServiceError."""
    for begin, end in check.spans:
        verdict = check_swap(check, tuple(source.reader.list_readings(check.live, begin, end)))
        if verdict.is_settled:
            break
    return verdict


def _list_findings(check: SwapCheck, answer: SwapVerdict | ServiceError) -> Iterator[Finding]:
    if isinstance(answer, ServiceError):
        yield doubt_swap(check, answer.message, answer.fix)
    else:
        yield from answer.findings


def guess_swaps(plan: Plan, live: LiveState) -> Plan:
    """`plan` with the last fall of each register for which reports offer a version from a date on, if there is one.

    Requests are sent for these channels alone, and for the first few of them only. If the readings cannot be read, the
    date is left to fill in.
    """
    searches = list_searches(plan, live.snapshot.channels) if live.readings else ()
    if live.readings is None or not searches:
        return plan
    output = live.readings.output
    if (rest := len(searches) - MAX_SEARCHES) > 0:
        output.log(
            f"looked for meter swaps in the readings of {MAX_SEARCHES} channels only, and not in those of {rest} more; "
            "choose the channels with --only"
        )
    falls = _find_falls(searches[:MAX_SEARCHES], live.readings)
    return replace(
        plan,
        changes=tuple(
            replace(change, register_fall=falls[change.channel_id]) if change.channel_id in falls else change
            for change in plan.changes
        ),
    )


def _find_falls(searches: Sequence[FallSearch], source: ReadingSource) -> Mapping[int, RegisterFall]:
    """The last fall by the id of its channel; channels without one, or whose readings cannot be read, are left out."""
    where = f"the readings of {count(len(searches), 'channel')}"
    with source.output.log_if_slow(f"looking for meter swaps in {where} ..."):
        answers = _ask_all([partial(_find_fall, search, source) for search in searches])
    source.output.log_verbose(f"looked for meter swaps in {where}")
    for reason in dict.fromkeys(answer.message for answer in answers if isinstance(answer, ServiceError)):
        source.output.log_verbose(f"no date of a meter swap was guessed: {reason}")
    found = zip(searches, answers, strict=True)
    return {search.live.id: answer for search, answer in found if isinstance(answer, RegisterFall)}


def _find_fall(search: FallSearch, source: ReadingSource) -> RegisterFall | None:
    readings = source.reader.list_readings(search.live, search.begin, search.end, newest_first=True)
    return search.find_last(readings)


def _ask_all(questions: Sequence[Callable[[], Answer]]) -> list[Answer | ServiceError]:
    """The answer to each question, or why there is none; after a refusal of the first, the others are not asked."""
    if not questions:
        return []
    first = _ask(questions[0])
    # A bad answer may be about one channel only.
    if isinstance(first, ServiceError) and not isinstance(first, BadResponse):
        return [first] * len(questions)
    with open_threads() as threads:
        return [first, *threads.map(_ask, questions[1:])]


def _ask(question: Callable[[], Answer]) -> Answer | ServiceError:
    try:
        return question()
    except ServiceError as error:
        return error
