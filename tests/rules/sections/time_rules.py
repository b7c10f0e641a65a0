"""Which time counts."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "Time counts while it is billable, not billed and not running",
        "domain.uninvoiced_time.why_not_counted",
        "unit/domain/test_uninvoiced_time.py"
        "::test_time_that_is_not_billable_billed_or_running_does_not_count",
        "flows/test_convergence.py::test_a_running_timer_and_unbillable_time_do_not_count",
    ),
    rule(
        "Hours are Harvest's rounded hours",
        "records.harvest_records.TimeEntry",
        "flows/test_first_sync.py::test_every_projects_rows_sum_to_harvests_own_amount",
    ),
    rule(
        "The price is the rate on each entry",
        "domain.pricing.rows_by_rate",
        "unit/domain/test_uninvoiced_time.py::test_one_row_per_distinct_rate_the_dearest_first",
        "property/test_account_properties.py::test_rows_sum_to_the_entries_exactly",
    ),
    rule(
        "A fixed-fee project is one row: quantity 1 at the project's fee",
        "domain.pricing.fixed_fee_row",
        "unit/domain/test_uninvoiced_time.py::test_a_fixed_fee_is_one_row_whatever_the_time",
        "flows/test_convergence.py::test_a_fixed_fee_follows_the_project",
    ),
    rule(
        "A project that is not billable, or billed by none, gets no opportunity, and the report says why",
        "domain.uninvoiced_time.why_not_billed",
        "flows/test_convergence.py::test_a_project_made_unbillable_bills_nothing_any_more",
        "flows/test_hours_apart.py"
        "::test_a_run_over_the_whole_history_names_every_active_project_that_is_not_billed",
    ),
    rule(
        "A billable entry without a rate is an error of its project",
        "domain.pricing._no_rate",
        "unit/domain/test_uninvoiced_time.py::test_a_missing_rate_names_project_and_entry",
        "flows/test_bad_projects.py::test_a_token_that_sees_no_rates_says_so",
    ),
    rule(
        "Numbers are read from JSON as decimals",
        "records.json_codec.decoder",
        "property/test_text_properties.py::test_json_keeps_every_digit_of_a_number",
    ),
    rule(
        "Numbers are sent with all of their digits, and never as a float",
        "records.json_codec.encode",
        "property/test_text_properties.py::test_json_keeps_every_digit_of_a_number",
        "unit/domain/test_order_body.py::test_a_new_order_says_all_that_it_has_to",
    ),
)
