"""Mutants that change nothing that a user or a caller could see, each with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant

_LOOKED_AT = "for the types: only a step whose write failed is looked at again, and that one holds its attempt"

_WINDOWS = "it runs on Windows alone, where these tests do not run"
_UNNUMBERED = "the number of a write is for the journal, and here nothing goes there"
_SEEK = "os.lseek(descriptor, _BYTE, os.SEEK_SET)"
_LOCK = "msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)"

# By file, the line, the text before and the text after: the numbers of lines change, and "0" alone is everywhere.
EQUIVALENT: dict[tuple[str, str, str, str], str] = {
    (
        "reconciler/apply/journal.py",
        "self._appended = 0",
        "0",
        "(1)",
    ): "a count is only compared with copies of itself, and the copy that nobody made begins below all of them",
    (
        "reconciler/apply/journal.py",
        "self._appended += 1",
        "1",
        "(2)",
    ): "a count is only compared with copies of itself: it must grow with each line, by however much",
    **dict.fromkeys(
        [
            ("reconciler/apply/journal.py", line, before, after)
            for line, before, after in (
                ("_BYTE = 2**40", "2", "(3)"),
                ("_BYTE = 2**40", "40", "(41)"),
                (_SEEK, _SEEK, "None"),
                (_LOCK, _LOCK, "None"),
                (_LOCK, "1", "(2)"),
                ("os.fsync(descriptor)", "os.fsync(descriptor)", "None"),
            )
        ],
        _WINDOWS,
    ),
    (
        "reconciler/apply/read_back.py",
        "older = zip(pairwise(expected.versions), live.versions[:-1], strict=True)",
        "True",
        "False",
    ): "the versions have the same ids here, so there are as many",
    (
        "reconciler/apply/read_back.py",
        "return {channel_id: read for channel_id, read in zip(ids, reads, strict=True) if read is not None}",
        "True",
        "False",
    ): "a map yields as many results as it was given ids",
    (
        "reconciler/apply/run.py",
        "return dict(zip((intent.name for intent in intents), executor.map(sender.resolve, intents), strict=True))",
        "True",
        "False",
    ): "a map yields as many results as it was given intents",
    (
        "reconciler/apply/run.py",
        "return False",
        "return False",
        "return None",
    ): "the one caller asks only whether it is true",
    (
        "reconciler/apply/scheduler.py",
        "return (-self._heights[rank] if self._waiting <= self._last else 0), rank",
        "0",
        "(1)",
    ): "the first part of all entries until all are made again: alike, whatever it is",
    (
        "reconciler/apply/scheduler.py",
        "self._last = lanes * max(self._heights, default=0) if lanes > 1 else 0",
        "0",
        "(1)",
    ): "the order of no change or of the last change alone, which is the same in any order",
    **dict.fromkeys(
        [
            (
                "reconciler/apply/step.py",
                "if earlier is None or earlier.attempt is None:",
                "earlier is None or earlier.attempt is None",
                after,
            )
            for after in (
                "((earlier is None) and (earlier.attempt is None))",
                "((earlier is None))",
                "((earlier.attempt is None))",
            )
        ],
        _LOOKED_AT,
    ),
    (
        "reconciler/apply/step.py",
        "number = self.journal.record_intent(name, write, before, holders) if self.journal else 0",
        "0",
        "(1)",
    ): _UNNUMBERED,
    ("reconciler/apply/step.py", "return step.outcome", "return step.outcome", "return None"): _LOOKED_AT,
    (
        "reconciler/apply/step.py",
        "if result.found and find_writes(change, result.found):",
        "result.found and find_writes(change, result.found)",
        "((find_writes(change, result.found)))",
    ): "for the types: a write that was done was found, for nothing else says that it was",
    (
        "reconciler/apply/writes.py",
        "return _read_result(FailedWrite(0, write, before), editor, patience, lost=error.message)",
        "0",
        "(1)",
    ): _UNNUMBERED,
    (
        "reconciler/apply/writes.py",
        "return _read_result(FailedWrite(0, write, before), editor, patience, answer)",
        "0",
        "(1)",
    ): _UNNUMBERED,
    (
        "reconciler/model/formulas.py",
        "return one == other or tokenize(one) == tokenize(other)",
        "one == other or tokenize(one) == tokenize(other)",
        "((tokenize(one) == tokenize(other)))",
    ): "equal texts have equal tokens, but are compared sooner",
    (
        "reconciler/planning/messages.py",
        "_COMPARED = 40",
        "40",
        "(41)",
    ): "a limit for speed: the last of so many names shares the fewest letters, and is hardly the most similar one",
    (
        "reconciler/planning/importing/drafting.py",
        "known = {reference: index.by_id.get(read_id(reference) or 0) for reference in find_references(formula)}",
        "read_id(reference) or 0",
        "((read_id(reference)))",
    ): "a key of a mapping by id: neither 0 nor None is an id",
    (
        "reconciler/planning/importing/drafting.py",
        "return False",
        "return False",
        "return None",
    ): "the one caller asks only whether it is true",
    (
        "reconciler/planning/importing/drafting.py",
        'return replace(desired, select=by_id) if path.startswith("select") and desired.select != by_id else None',
        'path.startswith("select") and desired.select != by_id',
        "((path.startswith('select')))",
    ): "a guard against an endless loop: no rule refuses the id of a channel that no file manages",
    (
        "reconciler/planning/plan.py",
        "if not desired.versions and desired.spec.items() <= live.values.items():",
        "desired.spec.items() <= live.values.items()",
        "((desired.spec.items()) < (live.values.items()))",
    ): "a shortcut: a channel of which the files manage every value goes the longer way to the same end",
    (
        "reconciler/planning/versions.py",
        "if one.begin not in begins and one.begin < begins[-1]:",
        "one.begin < begins[-1]",
        "((one.begin) <= (begins[-1]))",
    ): "a begin that is none of the live ones equals none of them",
}


def make_key(mutant: Mutant, source: str) -> tuple[str, str, str, str]:
    """What `mutant` of a file with this `source` is called in EQUIVALENT."""
    return mutant.file, source.splitlines()[mutant.line - 1].strip(), mutant.before, mutant.after
