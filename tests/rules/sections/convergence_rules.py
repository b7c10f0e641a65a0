"""Each run converges."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "A scheduled run looks at entries updated since its data interval began, with an overlap",
        "domain.window.window_of_schedule",
        "unit/domain/test_window.py"
        "::test_a_scheduled_run_looks_back_from_its_interval_s_start_with_an_overlap",
    ),
    rule(
        "After failed or left-out runs a scheduled run looks back to the last that went well, beyond a week at the "
        "whole history",
        "domain.window.window_of_schedule",
        "unit/domain/test_window.py::test_after_an_outage_a_run_looks_back_to_the_last_that_went_well",
        "flows/test_months.py::test_time_moved_to_another_month_during_an_outage_moves_before_it_is_won",
    ),
    rule(
        "By month, the night's run looks at all projects that have time or an opportunity: time moved between months "
        "changes no sum",
        "flows.extract._touched",
        "flows/test_months.py::test_the_night_finds_time_moved_to_another_month_without_an_update",
        "flows/test_months.py::test_the_night_finds_time_moved_out_of_a_lost_month",
    ),
    rule(
        "A backfill looks at entries spent inside its data interval",
        "domain.window.window_of_backfill",
        "flows/test_backfills.py::test_the_days_of_an_interval",
        "flows/test_convergence.py::test_a_backfill_takes_up_only_what_was_spent_in_it_but_computes_it_whole",
    ),
    rule(
        "Each project touched is computed whole",
        "flows.upsert.Upsert._project",
        "flows/test_convergence.py::test_a_backfill_takes_up_only_what_was_spent_in_it_but_computes_it_whole",
        "flows/test_convergence.py::test_backfills_in_any_order_end_in_the_state_of_one_run",
    ),
    rule(
        "Runs may repeat and come in any order, and end in the same state",
        "flows.extract.extract",
        "flows/test_backfills.py::test_24_monthly_runs_in_any_order_end_like_one_run",
        "scheduler/test_real_scheduler.py::test_a_week_of_backfill_ends_in_the_state_of_one_run",
    ),
    rule(
        "Nothing has to be remembered: what was staged and is gone is read from the services again",
        "operators.staging.staged",
        "unit/operators/test_report_and_staging.py::test_what_is_staged_comes_back_and_is_cleared",
    ),
    rule(
        "Deleted, moved and re-priced time is found by comparing Harvest's uninvoiced sums with Upsales",
        "domain.drift.drifted",
        "flows/test_convergence.py::test_time_changed_without_a_trace_converges",
        "flows/test_convergence.py::test_the_last_entry_deleted_empties_the_opportunity",
    ),
    rule(
        "Time without a rate, at a rate of 0 or at another price of the same worth is found each night by its hours",
        "domain.drift.hours_apart",
        "flows/test_hours_apart.py::test_time_without_a_rate_is_an_error_each_night_until_it_has_one",
        "flows/test_hours_apart.py::test_time_at_a_rate_of_0_comes_and_goes",
    ),
    rule(
        "Time of long before its project was made is found by each run over the whole history",
        "flows.overview._newest_unbilled_day",
        "flows/test_time_before_projects.py::test_it_is_found_and_no_drift",
        "flows/test_time_before_projects.py::test_without_such_time_it_costs_one_request",
    ),
    rule(
        "Projects whose time changes while the account's time is read in several pages are read again one by one",
        "flows.time_sweep.sweep",
        "flows/test_time_sweep.py::test_an_entry_moved_to_other_days_meanwhile_counts_once",
    ),
    rule(
        "The uninvoiced report is asked for at most 365 days at a time",
        "domain.uninvoiced_report.report_windows",
        "unit/domain/test_uninvoiced_report.py::test_report_windows_take_at_most_365_days_and_leave_no_gap",
        "flows/test_convergence.py::test_time_two_years_back_behind_an_empty_year_is_found",
    ),
    rule(
        "A run with nothing to do costs a handful of requests",
        "flows.overview.read_overview",
        "flows/test_first_sync.py::test_a_quiet_run_takes_at_most_eight_requests",
        "airflow/test_dag_runs.py::test_a_run_with_nothing_to_do_is_green_and_asks_little",
    ),
)
