"""The run's tasks."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "The tasks follow each other as promised, settlement as a mapped group",
        "dag._compose",
        "airflow/test_dag_shape.py::test_the_tasks_follow_each_other_as_promised",
    ),
    rule(
        "`reconcile` always runs",
        "dag._compose",
        "airflow/test_dag_shape.py::test_failures_stay_where_they_are",
        "airflow/test_alerts.py::test_a_failed_project_and_a_red_run_are_told",
    ),
    rule(
        "It sets Harvest's uninvoiced amount beside Upsales' value, project by project",
        "domain.reconciliation.reconcile",
        "unit/domain/test_reconciliation.py::test_every_state_of_the_two_sides",
    ),
    rule(
        "Every drift that nothing explains is named",
        "domain.reconciliation.unexplained",
        "flows/test_settlement.py::test_time_tracked_between_the_comparison_and_the_archive_is_not_lost",
        "flows/test_bad_projects.py::test_a_project_deleted_in_harvest_is_reported",
    ),
    rule(
        "A settled order whose Harvest invoice was deleted is named, with what to do",
        "flows.invoice_search.gone_invoices",
        "flows/test_deleted_invoices.py::test_it_is_told_and_invoiced_anew_once_the_field_is_cleared",
    ),
    rule(
        "Mapped instances of the upsert bear readable names",
        "operators.upsert_operator.UpsertOpportunitiesOperator.label",
        "scheduler/test_real_scheduler.py::test_a_failed_project_is_mended_by_clearing_its_task_instance",
    ),
    rule(
        "Mapped settlements bear the project's name",
        "operators.mark_invoiced_operator.MarkProjectInvoicedOperator.label",
        "scheduler/test_real_scheduler.py::test_won_orders_wait_in_the_triggerer_and_are_billed_once",
    ),
    rule(
        "What is large goes between tasks as a file, its place through XCom",
        "operators.staging.stage",
        "unit/operators/test_report_and_staging.py::test_what_is_staged_comes_back_and_is_cleared",
    ),
    rule(
        "A dry run prints every create and update it would make, and writes nothing",
        "flows.upsert.Upsert._opportunity",
        "flows/test_dry_run.py::test_a_plan_writes_nothing_and_the_run_keeps_it",
        "flows/test_dry_run.py::test_a_plan_says_every_field_that_changes",
    ),
    rule(
        "A dry run tells every step of a settlement",
        "flows.invoice_step.invoice_time",
        "flows/test_dry_run.py::test_a_planned_settlement_tells_every_write",
        "airflow/test_dag_runs.py::test_a_dry_run_writes_nothing_and_the_next_run_does_what_it_said",
    ),
    rule(
        "A dry run creates no order fields either",
        "flows.check_setup.check_setup",
        "flows/test_dry_run.py::test_a_plan_for_an_account_without_our_fields_creates_none",
    ),
    rule(
        "`project_ids` confines a run to these projects, their settlements included",
        "flows.extract._touched",
        "flows/test_convergence.py::test_only_the_given_projects_are_taken_up",
        "airflow/test_dag_runs.py::test_params_choose_projects_and_days",
    ),
    rule(
        "The form of a manual run checks `dry_run`, `project_ids` and the days",
        "dag.harvest_upsales_dag",
        "airflow/test_dag_shape.py::test_the_form_of_a_manual_run_checks_its_fields",
    ),
    rule(
        "A window that ends before it begins is refused",
        "domain.window.window_of",
        "airflow/test_dag_runs.py::test_a_window_that_ends_before_it_begins_is_refused",
    ),
)
