"""A failure stays where it is."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "One bad project never stops the others",
        "flows.upsert.Upsert.run",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        "airflow/test_dag_runs.py::test_one_bad_project_stops_nobody_and_makes_the_run_red",
    ),
    rule(
        "The task then fails, and names each bad project and why",
        "errors.PartialFailureError",
        "unit/operators/test_retry_policy.py::test_a_partial_failure_names_each_one",
        "airflow/test_alerts.py::test_a_failed_project_and_a_red_run_are_told",
    ),
    rule(
        "Every failure names its project",
        "flows.upsert.Upsert._failed",
        "flows/test_bad_projects.py::test_a_failure_names_its_project",
    ),
    rule(
        "A second try does only what is left",
        "flows.upsert.Upsert._opportunity",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        "scheduler/test_real_scheduler.py::test_a_failed_project_is_mended_by_clearing_its_task_instance",
    ),
    rule(
        "Settlement goes on where some project's upsert failed",
        "dag._compose",
        "airflow/test_dag_shape.py::test_failures_stay_where_they_are",
        "airflow/test_dag_runs.py::test_one_bad_project_stops_nobody_and_makes_the_run_red",
    ),
    rule(
        "A run with a failure is red, though its last task always runs",
        "operators.reconcile_operator._verdict",
        "airflow/test_dag_runs.py::test_one_bad_project_stops_nobody_and_makes_the_run_red",
        "airflow/test_alerts.py::test_a_failed_project_and_a_red_run_are_told",
    ),
    rule(
        "An empty or unchanged account is a green run",
        "flows.extract.extract",
        "airflow/test_dag_runs.py::test_an_empty_account_is_a_green_run",
        "airflow/test_dag_runs.py::test_a_run_with_nothing_to_do_is_green_and_asks_little",
    ),
)
