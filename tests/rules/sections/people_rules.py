"""People win over the plugin."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "A save sends back unchanged all that people can write",
        "domain.order_body.body_to_save",
        "unit/domain/test_order_body.py::test_everything_of_people_s_goes_back_as_it_came",
        "flows/test_people_win.py::test_edits_survive_an_update",
    ),
    rule(
        "Rows of other products go back as they came",
        "domain.order_body._rows_as_they_are",
        "unit/domain/test_order_body.py::test_our_rows_are_replaced_and_theirs_kept",
        "airflow/test_dag_runs.py::test_rows_of_salespeople_stay",
    ),
    rule(
        "Other custom fields keep their values",
        "domain.order_body._merged_custom",
        "unit/domain/test_order_body.py::test_notes_and_custom_values_are_changed_where_asked",
        "flows/test_people_win.py::test_edits_survive_an_update",
    ),
    rule(
        "Text outside our marker lines stays",
        "domain.notes.split",
        "unit/domain/test_notes.py::test_people_s_text_stays_before_and_after",
        "flows/test_hostile_notes.py::test_it_stays_text_and_the_next_run_writes_nothing",
    ),
    rule(
        "An opportunity that says what it should is not written, whatever else people changed on it",
        "domain.plan.plan_existing",
        "unit/domain/test_plan.py::test_what_says_what_it_should_is_not_written",
        "unit/domain/test_plan.py::test_what_people_changed_is_no_reason_to_write",
    ),
    rule(
        "A lost opportunity is left alone, and reported while it has uninvoiced time",
        "domain.plan.why_left_alone",
        "unit/domain/test_plan.py::test_orders_that_are_people_s_or_settlement_s_are_left_alone",
        "flows/test_people_win.py::test_a_lost_opportunity_is_left_alone_and_reported",
    ),
    rule(
        "A won order is left to settlement",
        "domain.plan.why_left_alone",
        "unit/domain/test_plan.py::test_orders_that_are_people_s_or_settlement_s_are_left_alone",
        "flows/test_settlement.py::test_late_time_is_held_where_the_setting_says_so",
    ),
)
