"""The opportunity."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "A project has one opportunity, found again by account and project in `HARVEST_KEY`",
        "domain.orders.by_key",
        "unit/domain/test_orders.py::test_orders_of_other_accounts_and_without_key_are_left_out",
        "flows/test_first_sync.py::test_later_runs_write_nothing",
    ),
    rule(
        "The key is the account, the project and, by month, the month",
        "domain.keys.HarvestKey",
        "unit/domain/test_keys.py::test_a_key_is_read",
        "property/test_text_properties.py::test_a_key_is_read_as_it_was_written",
    ),
    rule(
        "Every row of ours is on the default product, with the rate's hours as quantity and the rate as price",
        "domain.order_body._new_row",
        "unit/domain/test_order_body.py::test_a_new_order_says_all_that_it_has_to",
        "unit/domain/test_order_body.py::test_our_rows_are_replaced_and_theirs_kept",
    ),
    rule(
        "Its rows sum to Harvest's own uninvoiced amount",
        "domain.pricing.rows_of_time",
        "flows/test_first_sync.py::test_every_projects_rows_sum_to_harvests_own_amount",
    ),
    rule(
        "No digit is lost before the one rounding",
        "domain.money.exact_sum",
        "unit/domain/test_money.py::test_no_digit_is_lost_before_the_rounding",
    ),
    rule(
        "The value is rounded once, from the sum of all rows",
        "domain.money.total",
        "unit/domain/test_money.py::test_rows_are_rounded_once_and_not_one_by_one",
    ),
    rule(
        "It is rounded to the currency's own minor unit",
        "domain.money.minor_unit",
        "unit/domain/test_money.py::test_the_minor_unit_is_the_currency_s_own",
    ),
    rule(
        "A new opportunity's date is the project's end, else the day of its newest entry",
        "domain.opportunity.Desired.date",
        "unit/domain/test_opportunity.py::test_the_date_is_the_project_s_end_else_the_newest_entry_s_day",
    ),
    rule(
        "A currency that is not active in Upsales is an error of that project alone",
        "domain.setup_checks.active_currency",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        "unit/domain/test_setup_checks.py::test_only_an_active_currency_of_the_same_code_will_do",
    ),
    rule(
        "The description names client, project and code within 130 characters",
        "domain.opportunity.describe_opportunity",
        "unit/domain/test_opportunity.py::test_the_description_names_client_project_code_and_month",
        "unit/domain/test_opportunity.py::test_the_description_keeps_its_limit_with_code_and_month_in_it",
    ),
    rule(
        "The notes list the entries between two marker lines",
        "domain.notes.with_entries",
        "unit/domain/test_notes.py::test_entries_stand_between_the_markers_in_the_order_given",
        "flows/test_hostile_notes.py::test_it_stays_text_and_the_next_run_writes_nothing",
    ),
    rule(
        "The newest entry comes first",
        "domain.newest_lines.NewestLines.newest_first",
        "unit/domain/test_uninvoiced_time.py::test_time_is_newest_first_and_knows_its_months",
    ),
    rule(
        "Notes stay within 65,535 bytes, and a line says how many entries were left out",
        "domain.notes._block",
        "unit/domain/test_notes.py::test_the_limit_is_kept_in_bytes_and_the_rest_is_counted",
        "flows/test_hostile_notes.py::test_more_time_than_the_field_takes_is_counted",
    ),
    rule(
        "Nobody is notified of a new opportunity",
        "domain.order_body.body_to_create",
        "unit/domain/test_order_body.py::test_a_new_order_says_all_that_it_has_to",
        "flows/test_first_sync.py::test_nobody_is_notified_and_nothing_undocumented_is_sent",
    ),
)
