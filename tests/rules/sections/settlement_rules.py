"""Settlement of a won order."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "Won is a probability of 100, whatever the stage is called",
        "domain.orders.standing",
        "unit/domain/test_orders.py::test_the_standing_is_judged_by_probability_alone",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
    ),
    rule(
        "Orders with our key that are won and not invoiced are settled",
        "domain.orders.place_of",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
        "unit/domain/test_upsales_side.py::test_orders_are_sorted_by_where_they_stand",
    ),
    rule(
        "Every step may be repeated from any point",
        "flows.settle.settle_order",
        "flows/test_settlement.py::test_twice_equals_once",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
    ),
    rule(
        "Step 1: a running timer holds the order",
        "domain.settlement.time_to_invoice",
        "flows/test_settlement.py::test_a_running_timer_holds",
    ),
    rule(
        "Step 1: time that differs from the order's rows is treated by `late_time`",
        "domain.settlement.check_late_time",
        "flows/test_settlement.py::test_late_time_is_included",
        "flows/test_settlement.py::test_time_that_went_after_the_win_is_late_time_too",
    ),
    rule(
        "Step 1: once the billing app may have taken the order, a difference holds it",
        "domain.billing.may_have_taken",
        "flows/test_settlement.py::test_late_time_is_held_once_the_billing_app_has_the_order",
    ),
    rule(
        "Step 2: the Harvest invoice is found by its purchase order number before one is created",
        "domain.invoice_owner.find_invoice",
        "flows/test_settlement.py::test_an_invoice_of_an_earlier_try_is_found_by_its_po_number",
        "flows/test_settlement.py::test_twice_equals_once",
    ),
    rule(
        "Step 2: the invoice of a project that was moved to another client is found as well",
        "flows.invoice_search.search_invoice",
        "flows/test_settlement.py::test_the_invoice_of_a_project_that_was_moved_to_another_client_is_found",
        "flows/test_settlement.py"
        "::test_a_fixed_fee_that_an_earlier_client_was_invoiced_for_is_not_invoiced_again",
    ),
    rule(
        "Step 2: a fixed fee that is on an invoice already is not invoiced again",
        "domain.fixed_fee.hold_invoiced_fee",
        "flows/test_settlement.py::test_a_fixed_fee_that_was_invoiced_by_hand_is_not_invoiced_again",
    ),
    rule(
        "Step 2: it is made from the tracked time, by month from that month's, for a fixed fee from one line",
        "domain.settlement.new_invoice",
        "flows/test_months.py::test_settling_one_month_invoices_exactly_that_month",
        "flows/test_settlement.py::test_a_fixed_fee_is_one_line",
    ),
    rule(
        "Step 2: an invoice that is worth something else than the order is held",
        "domain.settlement.check_invoice_amount",
        "flows/test_settlement.py::test_an_invoice_changed_by_hand_holds",
    ),
    rule(
        "Step 3: the project is archived",
        "flows.project_closing.close_project",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
        "airflow/test_dag_runs.py"
        "::test_time_becomes_an_opportunity_and_a_won_order_an_invoiced_closed_project",
    ),
    rule(
        "Step 3, by month: a project that ends after its last settlement is archived by the night after its end",
        "flows.project_closing.close_ended_project",
        "flows/test_ended_projects.py::test_the_first_night_after_its_end_archives_it",
        "airflow/test_months_run.py::test_the_night_after_a_project_s_end_archives_it",
    ),
    rule(
        "Step 4: one save writes the invoice's id, and late time's rows, to the order",
        "flows.order_marking.mark_order",
        "flows/test_settlement.py::test_late_time_is_included",
        "flows/test_billing_sync.py::test_our_only_call_is_the_one_save",
    ),
    rule(
        "Step 5: without a reference field, a success that answers the order as won is taken as done",
        "domain.billing._answers_last_save",
        "flows/test_billing_sync.py::test_a_success_earlier_on_the_day_of_the_win_does_not_count",
        "flows/test_billing_sync.py::test_what_the_persons_move_has_done_is_done",
    ),
    rule(
        "Step 5: what has succeeded is never triggered again",
        "flows.billing_sync.call_again",
        "flows/test_billing_sync.py::test_a_retry_after_a_failure_calls_once_more",
    ),
    rule(
        "Step 5: an app that is still busy with the person's move is not called meanwhile",
        "flows.busy_app.when_answered",
        "flows/test_billing_sync.py"
        "::test_an_app_that_is_still_busy_with_the_win_is_not_called_a_second_time_meanwhile",
        "flows/test_billing_sync.py"
        "::test_an_app_that_is_slower_than_settlement_waits_is_not_called_a_second_time_either",
    ),
    rule(
        "Step 5: nor one that a person's later save keeps busy",
        "flows.busy_app.refuse_busy",
        "flows/test_billing_sync.py"
        "::test_an_app_that_a_person_s_save_keeps_busy_meanwhile_is_not_called_beside_it",
        "flows/test_billing_sync.py"
        "::test_a_save_that_mended_the_order_a_moment_ago_is_the_call_that_the_app_gets",
    ),
    rule(
        "Step 5: the wait for the app's answer takes no worker",
        "triggers.billing_trigger.BillingTrigger",
        "scheduler/test_real_scheduler.py::test_won_orders_wait_in_the_triggerer_and_are_billed_once",
    ),
    rule(
        "Step 5: a failure carries the app's own message",
        "domain.billing._message",
        "flows/test_billing_sync.py::test_a_failure_carries_the_apps_words",
        "unit/domain/test_billing.py::test_a_failure_comes_with_the_app_s_own_words",
    ),
    rule(
        "Step 5: a failure, or silence until the time-out, fails the task",
        "operators.sync_billing_operator.SyncBillingOperator._conclude",
        "airflow/test_dag_runs.py::test_the_billing_app_is_waited_for_and_its_refusal_told",
        "unit/operators/test_billing_trigger.py::test_silence_says_what_to_do",
    ),
    rule(
        "A held order is a failed task that is not tried again by itself",
        "operators.retry_policy.RecoveryRetryPolicy",
        "unit/operators/test_retry_policy.py::test_what_a_person_has_to_mend_fails_at_once",
    ),
    rule(
        "The next run takes a held order up again",
        "flows.orders_to_settle.won_or_reopened",
        "flows/test_settlement.py::test_a_running_timer_holds",
        "flows/test_settlement.py::test_an_order_moved_back_while_it_is_settled_holds_and_goes_on_later",
    ),
)
