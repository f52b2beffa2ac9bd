"""Which journal is the last one, whatever the times of the files."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.journal import find_older_unfinished, find_unfinished, open_journal
from reconciler.errors import UsageError
from reconciler.model.outcomes import ApplyResult
from tests.apply.records import make_plan_of, make_step

if TYPE_CHECKING:
    from pathlib import Path

PLAN = make_plan_of(make_step("main", 1))
MONDAY, TUESDAY = "2026-06-01T10:00:00.000+00:00", "2026-06-02T10:00:00.000+00:00"


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def write_journal(folder: Path, name: str, at: str, *, is_finished: bool) -> Path:
    """A journal whose entries are all of the time `at`."""
    written = folder / "written"
    with open_journal(written, PLAN) as journal:
        if is_finished:
            journal.end(ApplyResult(()))
    source, path = only_file(written), folder / f"{name}.jsonl"
    path.write_text(re.sub(r'"at": ?"[^"]*"', f'"at": "{at}"', source.read_text("utf-8")), encoding="utf-8")
    source.unlink()
    return path


def copy_in_order(*paths: Path) -> None:
    """Give the files times as if they had been copied in this order."""
    for second, path in enumerate(paths):
        os.utime(path, (1_800_000_000 + second,) * 2)


def test_the_youngest_unfinished_journal_of_an_environment_is_found(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass

    assert find_unfinished(tmp_path, "sandbox") == only_file(tmp_path)
    assert find_unfinished(tmp_path, "production") is None


def test_a_finished_journal_leaves_nothing_to_go_on_with(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        journal.end(ApplyResult(()))

    assert find_unfinished(tmp_path, "sandbox") is None


def test_where_nothing_was_applied_nothing_is_unfinished(tmp_path: Path) -> None:
    assert find_unfinished(tmp_path / "nowhere", "sandbox") is None


def test_a_journal_whose_first_line_is_not_whole_hides_no_other(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass
    unfinished = only_file(tmp_path)
    (tmp_path / "torn.jsonl").write_text('{"kind": "pl', encoding="utf-8")

    assert find_unfinished(tmp_path, "sandbox") == unfinished


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["as written", "the older one restored last"])
def test_the_last_journal_is_last_by_its_entries_not_by_its_file(order: tuple[int, int], tmp_path: Path) -> None:
    paths = (
        write_journal(tmp_path, "a", MONDAY, is_finished=False),
        write_journal(tmp_path, "b", TUESDAY, is_finished=True),
    )
    copy_in_order(*(paths[number] for number in order))

    assert find_unfinished(tmp_path, "sandbox") is None
    assert find_older_unfinished(tmp_path, "sandbox") == paths[0]


def test_times_are_compared_as_moments_not_as_texts(tmp_path: Path) -> None:
    earlier = write_journal(tmp_path, "a", "2026-06-02T11:00:00.000+02:00", is_finished=True)
    later = write_journal(tmp_path, "b", "2026-06-02T10:00:00Z", is_finished=False)
    copy_in_order(later, earlier)

    assert find_unfinished(tmp_path, "sandbox") == later


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ((MONDAY, MONDAY), ("its last entry is from 2026-06-01T10:00:00+00:00",) * 2),
        (("", TUESDAY), ("its last entry has no time", "its last entry is from 2026-06-02T10:00:00+00:00")),
        (("2026-06-01T10:00", "yesterday"), ("its last entry has no time",) * 2),
    ],
    ids=["equal", "missing", "without a zone"],
)
def test_journals_that_do_not_say_which_is_the_last_are_named(
    times: tuple[str, str], told: tuple[str, str], tmp_path: Path
) -> None:
    one = write_journal(tmp_path, "a", times[0], is_finished=False)
    other = write_journal(tmp_path, "b", times[1], is_finished=True)
    copy_in_order(one, other)

    with pytest.raises(UsageError) as asked:
        find_unfinished(tmp_path, "sandbox")

    assert asked.value.message == (
        "it is unknown which of these journals is the last one: "
        f"{one} (not finished, {told[0]}), {other} (finished, {told[1]})"
    )
    assert asked.value.fix == (
        "look at each with  reconciler show JOURNAL  and name the one to continue: reconciler apply --resume JOURNAL"
    )


def test_journals_of_equal_times_that_are_all_finished_ask_nothing(tmp_path: Path) -> None:
    write_journal(tmp_path, "a", MONDAY, is_finished=True)
    write_journal(tmp_path, "b", MONDAY, is_finished=True)

    assert find_unfinished(tmp_path, "sandbox") is None
    assert find_older_unfinished(tmp_path, "sandbox") is None


def test_a_journal_alone_needs_no_time(tmp_path: Path) -> None:
    alone = write_journal(tmp_path, "a", "", is_finished=False)

    assert find_unfinished(tmp_path, "sandbox") == alone
