"""docs/security.md promises nothing that no test holds: each paragraph, point and row has its tests here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# How each paragraph, point or row begins (a row by its first cell), and the tests of what it promises. Advice has none.
PROMISES: dict[str, tuple[str, ...]] = {
    "To report a weakness": (),
    # Keys
    "The API key comes from an environment variable alone": (
        "energycap/test_access.py::test_the_key_is_what_the_variable_holds",
        "definitions/test_schema_errors.py::test_a_key_for_a_secret_is_refused_without_showing_its_value",
    ),
    "The variable's name begins with": (
        "definitions/test_schema_errors.py::test_only_a_variable_for_keys_of_energycap_may_be_named",
    ),
    "It is sent in one header": (
        "energycap/test_transport.py::test_a_request_carries_key_type_and_query",
        "model/test_hosts.py::test_hosts_of_energycap_and_this_machine_may_get_a_key",
        "model/test_hosts.py::test_what_only_looks_like_one_may_not",
        "cli/test_allowed_hosts.py::test_no_command_sends_the_key_to_such_a_host",
        "cli/test_allowed_hosts.py::test_validate_says_offline_which_host_may_not_be_sent_a_key",
        "energycap/test_access.py::test_https_is_for_all_and_http_for_this_machine",
        "energycap/test_responses.py::test_a_redirect_is_not_followed",
        "energycap/test_transport.py::test_an_unknown_certificate_says_where_to_name_it",
    ),
    "It appears in no output": (
        "cli/test_key.py::test_the_key_is_in_no_output_no_file_and_no_log",
        "cli/test_hidden_key.py::test_no_output_and_no_file_of_any_command_shows_it",
        "cli/test_hidden_key.py::test_the_traceback_of_a_bug_does_not_show_it",
        "cli/test_hidden_key.py::test_no_finding_of_a_formula_quotes_a_piece_of_it",
        "cli/test_hidden_key.py::test_no_fix_is_made_of_a_piece_of_it",
        "cli/test_hidden_key.py::test_a_key_too_short_to_be_hidden_is_refused",
        "test_masking.py::test_a_key_is_hidden_however_it_is_written",
        "test_masking.py::test_a_key_of_four_characters_is_hidden_however_it_is_written",
        "test_masking.py::test_a_key_of_four_characters_is_hidden_in_hexadecimal_but_not_in_a_digest",
        "test_masking.py::test_keys_are_what_the_variables_for_them_hold",
        "test_masking.py::test_no_other_place_opens_a_file_for_writing",
    ),
    "If a name or a value of a channel holds the key": (
        "cli/test_hidden_key.py::test_no_channel_file_gets_it_from_an_import",
        "cli/test_hidden_key.py::test_a_saved_plan_in_which_it_was_hidden_is_read_and_is_stale",
        "cli/test_hidden_key.py::test_what_was_hidden_in_a_journal_is_not_put_back",
        "energycap/test_transport.py::test_the_mask_of_a_hidden_key_is_never_written",
    ),
    "The source line below a finding is left out": (
        "definitions/test_document.py::test_a_line_that_names_a_secret_is_not_shown",
        "definitions/test_document.py::test_text_that_looks_like_a_key_is_masked",
        "test_masking.py::test_what_has_the_shape_of_a_key_is_not_repeated",
    ),
    "An EnergyCAP key has all rights": (),
    # What is trusted
    "channel files of a pull request": (
        "definitions/test_hostile.py::test_a_bad_file_gives_a_finding_at_its_line",
        "definitions/test_yaml_reader.py::test_a_hundred_aliases_are_read_and_one_more_is_not",
        "test_strict_json.py::test_what_is_nested_deeper_than_the_limit_is_found",
        "definitions/test_discovery.py::test_links_out_of_the_definitions_are_refused_once_each_and_not_read",
        "cli/test_file_io.py::test_channels_that_lead_to_what_is_no_yaml_are_refused",
    ),
    "`reconciler.yaml` of a pull request": (
        "cli/test_file_io.py::test_a_link_from_the_project_file_out_of_the_project_is_refused_unread",
        "cli/test_build_plan.py::test_a_key_goes_nowhere_that_the_base_does_not_name",
        "ci/test_plan_workflow.py::test_a_fork_gets_no_key_and_a_plan_only_from_a_copy",
    ),
    "EnergyCAP's answers": (
        "energycap/test_transport.py::test_no_answer_takes_half_a_gibibyte",
        "energycap/test_transport.py::test_several_answers_at_once_do_not_take_half_a_gibibyte",
        "reports/test_plan_html.py::test_whatever_a_name_holds_it_shows_as_text_and_makes_nothing",
    ),
    "a plan file": (
        "cli/test_apply_session.py::test_a_forged_plan_is_refused_and_nothing_is_written",
        "cli/test_apply_session.py::test_what_apply_refuses_for_its_parts_is_not_shown_either",
        "cli/test_apply_session.py::test_a_count_of_managed_channels_is_not_believed",
        "cli/test_apply.py::test_what_the_files_do_not_ask_for_any_more_makes_a_plan_stale",
        "planfile/test_reading.py::test_a_damaged_plan_is_refused_with_the_place_of_the_damage",
        "planning/test_approval.py::test_a_restricted_plan_sends_only_reviewed_changes_and_still_lists_blocked_ones",
    ),
    "an inverse plan": ("apply/test_rollback.py::test_an_inverse_plan_says_what_it_undoes",),
    "a journal": (
        "apply/test_rollback.py::test_what_was_not_written_is_not_undone",
        "apply/test_rollback.py::test_somebody_elses_edit_since_keeps_a_change_from_being_undone",
        "cli/test_build_plan.py::test_a_committed_journal_is_tracked_even_if_something_beside_it_looks_like_a_repository",
        "cli/test_recovery.py::test_a_journal_with_a_number_or_a_key_that_readers_could_take_otherwise_is_refused",
    ),
    "a snapshot": ("cli/test_snapshot.py::test_a_plan_against_a_copy_is_never_applied",),
    "clients of the sandbox": (
        "sandbox/test_server.py::test_a_page_of_another_origin_is_refused",
        "sandbox/test_server.py::test_one_foreign_origin_beside_its_own_is_enough_to_be_refused",
    ),
    "packages": (
        "test_requirements.py::test_each_entry_is_one_version_with_its_hashes_and_nothing_else",
        "test_requirements.py::test_what_the_readme_runs_installs_from_the_lock_alone",
        "test_package.py::test_the_lock_that_pipelines_install_from_is_in_the_wheel_and_found_there",
        "ci/test_workflow_files.py::test_what_is_copied_installs_this_version_and_then_its_lock_isolated_and_outside_of_the_checkout",
    ),
    # Forks and pull requests
    "How the workflows and the pipeline of": (),
    "A pull request from a fork gets no key": (
        "ci/test_plan_workflow.py::test_a_fork_gets_no_key_and_a_plan_only_from_a_copy",
        "ci/test_plan_workflow.py::test_a_fork_cannot_reach_the_service_even_where_it_asks_to",
        "ci/test_gitlab.py::test_a_fork_gets_no_key_and_a_plan_only_from_a_copy",
    ),
    "Nothing in the checkout is run": (
        "ci/test_hostile_checkout.py::test_a_workflow_runs_nothing_that_a_commit_holds",
        "ci/test_hostile_checkout.py::test_the_action_runs_nothing_that_a_commit_holds",
        "ci/test_hostile_checkout.py::test_the_pipeline_runs_nothing_that_a_commit_holds",
    ),
    "If a commit puts files that look like a git repository": (
        "cli/test_build_plan.py::test_files_that_look_like_a_repository_are_not_asked_what_the_base_is",
        "cli/test_build_plan.py::test_files_that_look_like_a_repository_do_not_say_which_commit_a_plan_is_of",
        "cli/test_build_plan.py::test_a_committed_journal_is_tracked_even_if_something_beside_it_looks_like_a_repository",
    ),
    "The base is read from the commit itself": (
        "cli/test_git_states.py::test_attributes_have_no_say_in_what_a_commit_holds",
        "cli/test_git_states.py::test_no_program_of_the_repository_is_started",
        "cli/test_git_states.py::test_a_partial_clone_without_the_base_is_said_and_nothing_is_fetched",
        "cli/test_git_states.py::test_links_at_the_base_are_followed_within_the_definitions_alone",
    ),
    "Only the tool gets the key": (
        "ci/test_hostile_checkout.py::test_the_key_is_there_for_the_tool_and_for_nothing_else_of_the_action",
        "ci/test_hostile_checkout.py::test_the_key_is_there_for_plan_and_apply_and_for_nothing_else_of_the_pipeline",
        "ci/test_workflow_files.py::test_what_is_copied_installs_before_a_file_of_the_repository_or_a_key_is_there",
    ),
    "Packages are installed by their hashes, from the lock": (
        "ci/test_workflow_files.py::test_what_is_copied_installs_this_version_and_then_its_lock_isolated_and_outside_of_the_checkout",
        "ci/test_action.py::test_the_tool_is_installed_from_the_commit_of_the_action",
    ),
    "Results go to a new, empty folder": (
        "ci/test_hostile_checkout.py::test_nothing_is_kept_or_commented_when_the_files_are_unsound",
        "ci/test_hostile_checkout.py::test_nothing_is_kept_when_the_plan_cannot_be_made",
        "ci/test_hostile_checkout.py::test_nothing_of_a_fork_is_kept_when_there_is_no_copy_to_plan_against",
        "ci/test_hostile_checkout.py::test_what_is_kept_commented_and_applied_is_what_the_tool_made",
        "ci/test_hostile_checkout.py::test_a_committed_plan_is_no_reviewed_plan",
        "ci/test_hostile_checkout.py::test_what_the_action_names_is_what_the_tool_made",
        "ci/test_hostile_checkout.py::test_the_action_follows_no_link_of_the_checkout",
        "ci/test_hostile_checkout.py::test_a_committed_plan_is_not_applied_by_the_action",
        "ci/test_hostile_checkout.py::test_the_reports_of_the_pipeline_are_those_of_the_tool",
        "ci/test_hostile_checkout.py::test_reports_are_gone_when_nothing_can_be_installed",
        "ci/test_hostile_checkout.py::test_a_committed_plan_is_not_applied_by_the_pipeline",
        "ci/test_apply_workflow.py::test_a_journal_that_was_committed_is_not_kept_as_that_of_the_apply",
    ),
    "After a merge, a plan is applied only if": (
        "ci/test_apply_workflow.py::test_only_the_plan_that_this_pull_request_showed_is_the_reviewed_one",
        "ci/test_apply_workflow.py::test_a_plan_that_cannot_be_trusted_or_fetched_is_no_reviewed_plan",
    ),
    "A comment or an issue is overwritten only": (
        "ci/test_hostile_checkout.py::test_only_the_mark_of_the_reconciler_chooses_what_is_written_anew",
        "ci/test_hostile_checkout.py::test_a_comment_of_another_bot_is_left_alone_whatever_it_begins_with",
        "ci/test_drift_workflow.py::test_issues_and_pull_requests_of_others_are_left_alone",
    ),
    "What they cannot prevent": (),
    "**Anyone who can push a branch": ("ci/test_apply_workflow.py::test_the_key_to_write_is_in_the_environment_alone",),
    "Such a workflow can also show": (
        "ci/test_apply_workflow.py::test_a_stale_plan_is_not_applied_and_the_next_step_is_said",
    ),
    "On GitLab, a member": (),
    "Use no `pull_request_target`": (
        "ci/test_workflow_files.py::test_no_workflow_is_started_with_the_rights_of_the_base",
    ),
    # What is escaped
    "Names in files and in EnergyCAP can hold anything": (
        "cli/test_main.py::test_a_name_with_a_line_break_stays_on_its_line",
        "reports/test_escaping.py::test_what_does_not_print_or_would_command_is_shown_escaped",
        "reports/test_plan_text.py::test_hostile_text_can_do_nothing_to_a_terminal_or_a_log",
        "reports/test_plan_markdown.py::test_hostile_names_are_shown_as_they_are_and_notify_nobody",
        "reports/test_plan_html.py::test_whatever_a_name_holds_it_shows_as_text_and_makes_nothing",
        "reports/test_plan_html.py::test_nothing_is_asked_for_from_anywhere",
        "browser/test_plan_page.py::test_without_scripts_all_is_there_but_the_filters",
    ),
    # What is on disk
    "plans": ("cli/test_hidden_key.py::test_no_output_and_no_file_of_any_command_shows_it",),
    "journals": ("cli/test_hidden_key.py::test_no_output_and_no_file_of_any_command_shows_it",),
    "snapshots": ("cli/test_snapshot.py::test_a_plan_against_a_copy_is_the_plan_against_the_service",),
    "the sandbox": ("sandbox/test_serving.py::test_state_survives_from_block_to_block",),
    "None holds a key": ("cli/test_hidden_key.py::test_no_output_and_no_file_of_any_command_shows_it",),
}


def read_blocks() -> list[str]:
    """Each paragraph, point and row of the page, on one line."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    lines = re.sub(r"\n(?![\n*|#])", " ", text).splitlines()
    rows = [re.sub(r"^(?:\| |\* )", "", line) for line in lines if not re.match(r"#|\|---|\| \||$", line)]
    return [" ".join(row.split()) for row in rows]


def find_promises(block: str) -> list[str]:
    return [start for start in PROMISES if block.startswith(f"{start} |" if " | " in block else start)]


def test_each_paragraph_point_and_row_has_its_tests() -> None:
    assert {block[:60]: len(find_promises(block)) for block in read_blocks()} == {
        block[:60]: 1 for block in read_blocks()
    }


def test_each_promise_is_on_the_page() -> None:
    found = [start for block in read_blocks() for start in find_promises(block)]
    assert [start for start in PROMISES if start not in found] == []


@pytest.mark.parametrize("named", sorted({name for names in PROMISES.values() for name in names}))
def test_each_test_of_a_promise_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
