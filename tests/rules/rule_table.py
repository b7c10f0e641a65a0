"""Every rule and setting of the design beside the function where it stands and tests that fail without it.

``PYTHONPATH=plugins python -m tests.rules.rule_table``, in the repository's root, writes ``docs/rules.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harvest_upsales.settings import KEYS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rules.md"
PACKAGE = Path("plugins", "harvest_upsales")

INTERFACE = "Names that others rely on"
SETTINGS = "Settings"
TIME = "Which time counts"
OPPORTUNITY = "The opportunity"
PEOPLE = "People win over the plugin"
COMPANIES = "Companies"
SETTLEMENT = "Settlement of a won order"
CONVERGENCE = "Each run converges"
ONE_WRITER = "One writer, no blind retries"
FAILURES = "A failure stays where it is"
SECRETS = "Nothing leaks"
TASKS = "The run's tasks"

SECTIONS = (
    INTERFACE,
    SETTINGS,
    TIME,
    OPPORTUNITY,
    PEOPLE,
    COMPANIES,
    SETTLEMENT,
    CONVERGENCE,
    ONE_WRITER,
    FAILURES,
    SECRETS,
    TASKS,
)

INTRODUCTION = """\
# Rules

Where each rule and setting stands in the code, and the tests that fail without it. This page is generated from
`tests/rules/rule_table.py` by `PYTHONPATH=plugins python -m tests.rules.rule_table`; a test compares the two.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a file.

    :param file: from the root
    :param name: a function or class, after the class that holds it: ``Settlement.run``
    """

    file: Path
    name: str

    @property
    def link(self) -> str:
        """The name as a link to its file, as seen from ``docs``."""
        return f"[`{self.name}`](../{self.file.as_posix()})"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    :param section: one of :data:`SECTIONS`
    :param rule: what is promised, in one sentence
    :param function: path inside the package, of a function or class: ``domain.money.total``
    :param tests: tests that fail without it: ``tests/flows/test_x.py::test_name``
    :param setting: the key that the rule is about
    """

    section: str
    rule: str
    function: str
    tests: tuple[str, ...]
    setting: str = ""

    @property
    def place(self) -> Place:
        """Where the function stands.

        :raises LookupError: no beginning of its path is a module of the package
        """
        parts = self.function.split(".")
        for end in range(1, len(parts)):
            file = PACKAGE.joinpath(*parts[:end]).with_suffix(".py")
            if (ROOT / file).is_file():
                return Place(file, ".".join(parts[end:]))
        msg = f"{self.function} is in no module of the package"
        raise LookupError(msg)

    @property
    def test_places(self) -> tuple[Place, ...]:
        """Where the tests stand."""
        nodes = (test.split("::") for test in self.tests)
        return tuple(Place(Path(file), ".".join(names)) for file, *names in nodes)


def _rule(section: str, rule: str, function: str, *tests: str, setting: str = "") -> Rule:
    """A rule, its tests named from the folder ``tests``."""
    return Rule(section, rule, function, tuple(f"tests/{test}" for test in tests), setting)


RULES: tuple[Rule, ...] = (
    _rule(
        INTERFACE,
        "Airflow finds one DAG, `harvest_upsales`, in the shipped folder",
        "dag.harvest_upsales_dag",
        "airflow/test_dag_shape.py::test_airflow_finds_the_dag_in_the_shipped_folder",
    ),
    _rule(
        INTERFACE,
        "Runs are hourly, each with a real data interval, and past hours are not caught up",
        "dag.harvest_upsales_dag",
        "airflow/test_dag_shape.py::test_runs_are_hourly_with_real_intervals_and_no_catchup",
    ),
    _rule(
        INTERFACE,
        "Airflow registers the package once, as a plain folder and as an installed package",
        "plugin.HarvestUpsalesPlugin",
        "packaging/test_plugin_loading.py::test_folder_only",
        "packaging/test_plugin_loading.py::test_wheel_and_folder",
    ),
    _rule(
        INTERFACE,
        "The connection types are `harvest` and `upsales`, each with its hook",
        "provider_info.get_provider_info",
        "packaging/test_distribution.py::test_each_connection_type_names_its_hook",
    ),
    _rule(
        INTERFACE,
        "The connection's host is the base URL: another one may be given, in clear text only on this machine",
        "hooks.connection_fields.base_url_of",
        "unit/api/test_connection_fields.py::test_the_address",
        "unit/api/test_connection_fields.py::test_an_address_that_would_leak_or_fail_is_refused",
    ),
    _rule(
        INTERFACE,
        "The login of the Harvest connection is the account ID",
        "hooks.harvest_hook.HarvestHook.account_id",
        "contract/test_hooks.py::test_a_good_connection",
        "contract/test_hooks.py::test_a_wrong_harvest_connection_is_told_in_words",
    ),
    _rule(
        INTERFACE,
        "Extra `contact` is named in the User-Agent that Harvest requires",
        "hooks.harvest_hook.user_agent",
        "contract/test_hooks.py::test_only_our_own_headers_are_sent",
    ),
    _rule(
        INTERFACE,
        "The Upsales key travels in a cookie, or in the query where extra `token_in` says so",
        "hooks.upsales_hook.token_in_query",
        "unit/api/test_connection_fields.py::test_the_place_of_the_key",
        "contract/test_hooks.py::test_only_our_own_headers_are_sent",
    ),
    _rule(
        INTERFACE,
        "The settings are the Airflow Variable `harvest_upsales_settings`, read while a task runs",
        "operators.base_operator.HarvestUpsalesOperator.read_settings",
        "airflow/test_dag_runs.py::test_wrong_settings_fail_before_anything_is_written",
        "airflow/test_dag_shape.py::test_parsing_reads_neither_database_nor_variables_nor_network",
    ),
    _rule(
        INTERFACE,
        "All tasks that write stand in the pool `upsales_writes`",
        "dag._compose",
        "airflow/test_dag_shape.py::test_all_that_writes_stands_in_the_pool_of_one_writer",
        "scheduler/test_real_scheduler.py::test_a_week_of_backfill_ends_in_the_state_of_one_run",
    ),
    _rule(
        INTERFACE,
        "The order fields `HARVEST_KEY` and `HARVEST_INVOICE` are String fields",
        "domain.setup_checks.missing_fields",
        "unit/domain/test_setup_checks.py::test_custom_fields_are_found_by_alias_and_missing_ones_made",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
    ),
    _rule(
        INTERFACE,
        "The first task creates order fields that are missing",
        "flows.check_setup._create_fields",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
    ),
    _rule(
        INTERFACE,
        "Connections and settings may come from environment variables alone",
        "operators.base_operator.ServicesOperator.services",
        "airflow/test_dag_runs.py"
        "::test_time_becomes_an_opportunity_and_a_won_order_an_invoiced_closed_project",
    ),
    _rule(
        INTERFACE,
        "An unknown key of the settings is an error that names it",
        "settings._refuse_unknown",
        "unit/domain/test_settings.py::test_an_unknown_key_is_named_with_the_one_that_may_be_meant",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
    ),
    _rule(
        INTERFACE,
        "A missing required key, or a value of the wrong type, is an error that names the key",
        "settings.parse_settings",
        "unit/domain/test_settings.py::test_a_missing_required_key_is_named",
        "unit/domain/test_settings.py::test_a_wrong_value_is_refused_and_its_key_named",
    ),
    _rule(
        INTERFACE,
        "An id that Upsales does not have is an error that names the key, before anything is written",
        "flows.check_setup.check_setup",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
        "airflow/test_dag_runs.py::test_wrong_settings_fail_before_anything_is_written",
    ),
    _rule(
        INTERFACE,
        "Companies and the billing app of the settings are looked up before the first write",
        "flows.check_setup.confirm_before_writing",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
    ),
    _rule(
        INTERFACE,
        "A Harvest account without invoicing stops the run before anything is written",
        "domain.setup_checks.check_invoicing",
        "flows/test_bad_projects.py::test_invoicing_has_to_be_activated",
    ),
    _rule(
        INTERFACE,
        "The settings of Upsales' own Harvest app can be taken over, its key to Harvest excepted",
        "domain.old_app.old_settings",
        "unit/operators/test_import_settings.py::test_the_settings_are_taken_over",
    ),
    _rule(
        SETTINGS,
        "An active user of Upsales, who owns new opportunities",
        "domain.setup_checks.check_user",
        "unit/domain/test_setup_checks.py::test_the_user_exists_and_is_active",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
        setting="default_user_id",
    ),
    _rule(
        SETTINGS,
        "A stage between 1 and 99 %, in which new opportunities stand",
        "domain.setup_checks.check_stage",
        "unit/domain/test_setup_checks.py::test_a_stage_outside_1_to_99_per_cent_is_refused",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
        setting="default_stage_id",
    ),
    _rule(
        SETTINGS,
        "The product of our rows; rows on any other are people's",
        "domain.orders.our_rows",
        "unit/domain/test_orders.py::test_our_rows_are_those_on_the_default_product",
        "flows/test_people_win.py::test_edits_survive_an_update",
        setting="default_product_id",
    ),
    _rule(
        SETTINGS,
        "A client's company, whatever the names say",
        "flows.company_book.CompanyBook._find",
        "flows/test_companies.py::test_the_map_wins_over_the_name",
        setting="company_map",
    ),
    _rule(
        SETTINGS,
        "Creates the company, once, where nothing matches",
        "flows.company_book.CompanyBook.company_of",
        "flows/test_companies.py::test_two_projects_of_a_new_client_make_one_company",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        setting="create_missing_companies",
    ),
    _rule(
        SETTINGS,
        "Lists the time in the notes, or takes the list away and leaves the rest",
        "domain.plan._changed_notes",
        "flows/test_people_win.py::test_notes_are_left_to_people_when_listing_is_switched_off",
        "unit/domain/test_plan.py::test_switching_the_list_off_takes_our_block_away_once",
        setting="write_time_to_notes",
    ),
    _rule(
        SETTINGS,
        "Counts approved time alone",
        "domain.uninvoiced_time.counts",
        "unit/domain/test_uninvoiced_time.py::test_approval_matters_only_where_it_is_asked_for",
        "flows/test_convergence.py::test_time_that_is_not_approved_waits",
        setting="approved_time_only",
    ),
    _rule(
        SETTINGS,
        "One opportunity per project, or per project and month of the day on which time was spent",
        "domain.opportunity.desired_opportunities",
        "unit/domain/test_opportunity.py::test_every_month_of_spent_date_has_its_own",
        "flows/test_months.py::test_each_month_has_its_own",
        setting="opportunity_per",
    ),
    _rule(
        SETTINGS,
        "Includes time that changed after the win, or holds the order",
        "domain.settlement.check_late_time",
        "flows/test_settlement.py::test_late_time_is_included",
        "flows/test_settlement.py::test_late_time_is_held_where_the_setting_says_so",
        setting="late_time",
    ),
    _rule(
        SETTINGS,
        "Closes the invoiced project, by month only after its end and with no time left",
        "domain.settlement.may_archive",
        "flows/test_settlement.py::test_projects_stay_open_where_the_setting_says_so",
        "flows/test_months.py::test_the_project_is_archived_after_its_end_with_nothing_left",
        setting="archive_invoiced_projects",
    ),
    _rule(
        SETTINGS,
        "Leaves the invoice as a draft, or marks it as sent and e-mails nobody",
        "domain.settlement.has_to_be_sent",
        "flows/test_settlement.py::test_an_invoice_left_as_sent_e_mails_nobody",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
        setting="invoice_state",
    ),
    _rule(
        SETTINGS,
        "The billing app that is waited for; without one the sync is skipped and says so",
        "operators.sync_billing_operator.SyncBillingOperator.execute",
        "airflow/test_dag_runs.py::test_without_a_billing_app_the_sync_is_skipped",
        "airflow/test_dag_runs.py::test_the_billing_app_is_waited_for_and_its_refusal_told",
        setting="billing_integration_id",
    ),
    _rule(
        SETTINGS,
        "The order field whose document number alone says that the app has the order",
        "domain.billing.billing_after",
        "unit/domain/test_billing.py::test_a_success_without_the_document_number_is_still_waited_for",
        "unit/domain/test_billing.py::test_with_a_reference_field_the_field_alone_decides",
        setting="billing_reference_field",
    ),
    _rule(
        SETTINGS,
        "A whole number of minutes, from 1 to a week",
        "settings.Settings",
        "unit/domain/test_settings.py::test_a_wrong_value_is_refused_and_its_key_named",
        "unit/domain/test_settings.py::test_a_key_that_is_left_out_has_its_default",
        setting="billing_timeout_minutes",
    ),
    _rule(
        SETTINGS,
        "Reports an invoiced order that was moved back, or takes its draft invoice back",
        "flows.orders_to_settle.split_reopened",
        "flows/test_reopened_orders.py::test_reporting_does_nothing",
        "flows/test_reopened_orders.py::test_undo_takes_everything_back",
        setting="reopened_orders",
    ),
    _rule(
        SETTINGS,
        "So many projects in one mapped task",
        "flows.extract._batches",
        "scheduler/test_real_scheduler.py::test_a_failed_project_is_mended_by_clearing_its_task_instance",
        "unit/domain/test_settings.py::test_a_key_that_is_left_out_has_its_default",
        setting="batch_size",
    ),
    _rule(
        TIME,
        "Time counts while it is billable, not billed and not running",
        "domain.uninvoiced_time.why_not_counted",
        "unit/domain/test_uninvoiced_time.py"
        "::test_time_that_is_not_billable_billed_or_running_does_not_count",
        "flows/test_convergence.py::test_a_running_timer_and_unbillable_time_do_not_count",
    ),
    _rule(
        TIME,
        "Hours are Harvest's rounded hours",
        "records.harvest_records.TimeEntry",
        "flows/test_first_sync.py::test_every_projects_rows_sum_to_harvests_own_amount",
    ),
    _rule(
        TIME,
        "The price is the rate on each entry",
        "domain.uninvoiced_time.rows_by_rate",
        "unit/domain/test_uninvoiced_time.py::test_one_row_per_distinct_rate_the_dearest_first",
        "property/test_account_properties.py::test_rows_sum_to_the_entries_exactly",
    ),
    _rule(
        TIME,
        "A fixed-fee project is one row: quantity 1 at the project's fee",
        "domain.uninvoiced_time.fixed_fee_row",
        "unit/domain/test_uninvoiced_time.py::test_a_fixed_fee_is_one_row_whatever_the_time",
        "flows/test_convergence.py::test_a_fixed_fee_follows_the_project",
    ),
    _rule(
        TIME,
        "A project that is not billable, or billed by none, gets no opportunity, and the report says why",
        "domain.uninvoiced_time.why_not_billed",
        "unit/domain/test_uninvoiced_time.py::test_why_a_project_gets_no_opportunity",
        "flows/test_convergence.py::test_a_project_made_unbillable_bills_nothing_any_more",
    ),
    _rule(
        TIME,
        "A billable entry without a rate is an error of its project",
        "domain.uninvoiced_time._no_rate",
        "unit/domain/test_uninvoiced_time.py::test_a_missing_rate_names_project_and_entry",
        "flows/test_bad_projects.py::test_a_token_that_sees_no_rates_says_so",
    ),
    _rule(
        TIME,
        "Numbers are read from JSON as decimals",
        "records.json_codec.decoder",
        "property/test_text_properties.py::test_json_keeps_every_digit_of_a_number",
    ),
    _rule(
        TIME,
        "Numbers are sent with all of their digits, and never as a float",
        "records.json_codec.encode",
        "property/test_text_properties.py::test_json_keeps_every_digit_of_a_number",
        "unit/domain/test_order_body.py::test_a_new_order_says_all_that_it_has_to",
    ),
    _rule(
        OPPORTUNITY,
        "A project has one opportunity, found again by account and project in `HARVEST_KEY`",
        "domain.orders.by_key",
        "unit/domain/test_orders.py::test_orders_of_other_accounts_and_without_key_are_left_out",
        "flows/test_first_sync.py::test_later_runs_write_nothing",
    ),
    _rule(
        OPPORTUNITY,
        "The key is the account, the project and, by month, the month",
        "domain.keys.HarvestKey",
        "unit/domain/test_keys.py::test_a_key_is_read",
        "property/test_text_properties.py::test_a_key_is_read_as_it_was_written",
    ),
    _rule(
        OPPORTUNITY,
        "Every row of ours is on the default product, with the rate's hours as quantity and the rate as price",
        "domain.order_body._new_row",
        "unit/domain/test_order_body.py::test_a_new_order_says_all_that_it_has_to",
        "unit/domain/test_order_body.py::test_our_rows_are_replaced_and_theirs_kept",
    ),
    _rule(
        OPPORTUNITY,
        "Its rows sum to Harvest's own uninvoiced amount",
        "domain.uninvoiced_time.rows_of_time",
        "flows/test_first_sync.py::test_every_projects_rows_sum_to_harvests_own_amount",
    ),
    _rule(
        OPPORTUNITY,
        "No digit is lost before the one rounding",
        "domain.money.exact_sum",
        "unit/domain/test_money.py::test_no_digit_is_lost_before_the_rounding",
    ),
    _rule(
        OPPORTUNITY,
        "The value is rounded once, from the sum of all rows",
        "domain.money.total",
        "unit/domain/test_money.py::test_rows_are_rounded_once_and_not_one_by_one",
    ),
    _rule(
        OPPORTUNITY,
        "It is rounded to the currency's own minor unit",
        "domain.money.minor_unit",
        "unit/domain/test_money.py::test_the_minor_unit_is_the_currency_s_own",
    ),
    _rule(
        OPPORTUNITY,
        "A new opportunity's date is the project's end, else the day of its newest entry",
        "domain.opportunity.Desired.date",
        "unit/domain/test_opportunity.py::test_the_date_is_the_project_s_end_else_the_newest_entry_s_day",
    ),
    _rule(
        OPPORTUNITY,
        "A currency that is not active in Upsales is an error of that project alone",
        "domain.setup_checks.active_currency",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        "unit/domain/test_setup_checks.py::test_only_an_active_currency_of_the_same_code_will_do",
    ),
    _rule(
        OPPORTUNITY,
        "The description names client, project and code within 130 characters",
        "domain.opportunity.describe_opportunity",
        "unit/domain/test_opportunity.py::test_the_description_names_client_project_code_and_month",
        "unit/domain/test_opportunity.py::test_the_description_keeps_its_limit_with_code_and_month_in_it",
    ),
    _rule(
        OPPORTUNITY,
        "The notes list the entries between two marker lines",
        "domain.notes.with_entries",
        "unit/domain/test_notes.py::test_entries_stand_between_the_markers_in_the_order_given",
        "flows/test_hostile_notes.py::test_it_stays_text_and_the_next_run_writes_nothing",
    ),
    _rule(
        OPPORTUNITY,
        "The newest entry comes first",
        "domain.notes.NewestLines.newest_first",
        "unit/domain/test_uninvoiced_time.py::test_time_is_newest_first_and_knows_its_months",
    ),
    _rule(
        OPPORTUNITY,
        "Notes stay within 65,535 bytes, and a line says how many entries were left out",
        "domain.notes._block",
        "unit/domain/test_notes.py::test_the_limit_is_kept_in_bytes_and_the_rest_is_counted",
        "flows/test_hostile_notes.py::test_more_time_than_the_field_takes_is_counted",
    ),
    _rule(
        OPPORTUNITY,
        "Nobody is notified of a new opportunity",
        "domain.order_body.body_to_create",
        "unit/domain/test_order_body.py::test_a_new_order_says_all_that_it_has_to",
        "flows/test_first_sync.py::test_nobody_is_notified_and_nothing_undocumented_is_sent",
    ),
    _rule(
        PEOPLE,
        "A save sends back unchanged all that people can write",
        "domain.order_body.body_to_save",
        "unit/domain/test_order_body.py::test_everything_of_people_s_goes_back_as_it_came",
        "flows/test_people_win.py::test_edits_survive_an_update",
    ),
    _rule(
        PEOPLE,
        "Rows of other products go back as they came",
        "domain.order_body._rows_as_they_are",
        "unit/domain/test_order_body.py::test_our_rows_are_replaced_and_theirs_kept",
        "airflow/test_dag_runs.py::test_rows_of_salespeople_stay",
    ),
    _rule(
        PEOPLE,
        "Other custom fields keep their values",
        "domain.order_body._merged_custom",
        "unit/domain/test_order_body.py::test_notes_and_custom_values_are_changed_where_asked",
        "flows/test_people_win.py::test_edits_survive_an_update",
    ),
    _rule(
        PEOPLE,
        "Text outside our marker lines stays",
        "domain.notes.split",
        "unit/domain/test_notes.py::test_people_s_text_stays_before_and_after",
        "flows/test_hostile_notes.py::test_it_stays_text_and_the_next_run_writes_nothing",
    ),
    _rule(
        PEOPLE,
        "An opportunity that says what it should is not written, whatever else people changed on it",
        "domain.plan.plan_existing",
        "unit/domain/test_plan.py::test_what_says_what_it_should_is_not_written",
        "unit/domain/test_plan.py::test_what_people_changed_is_no_reason_to_write",
    ),
    _rule(
        PEOPLE,
        "A lost opportunity is left alone, and reported while it has uninvoiced time",
        "domain.plan.why_left_alone",
        "unit/domain/test_plan.py::test_orders_that_are_people_s_or_settlement_s_are_left_alone",
        "flows/test_people_win.py::test_a_lost_opportunity_is_left_alone_and_reported",
    ),
    _rule(
        PEOPLE,
        "A won order is left to settlement",
        "domain.plan.why_left_alone",
        "unit/domain/test_plan.py::test_orders_that_are_people_s_or_settlement_s_are_left_alone",
        "flows/test_settlement.py::test_late_time_is_held_where_the_setting_says_so",
    ),
    _rule(
        COMPANIES,
        "The company is the mapped one, else the one of the same name, else a contact's",
        "flows.company_book.CompanyBook._find",
        "flows/test_companies.py::test_the_map_wins_over_the_name",
        "flows/test_companies.py::test_no_company_is_created_where_an_address_leads_to_one",
    ),
    _rule(
        COMPANIES,
        "Names are compared without case, legal form and Unicode's variants",
        "domain.companies.normal_name",
        "unit/domain/test_companies.py::test_these_names_are_one_company_s",
        "flows/test_companies.py::test_names_match_without_legal_form_and_case",
    ),
    _rule(
        COMPANIES,
        "Inactive companies are passed over",
        "domain.companies.NameIndex.of",
        "unit/domain/test_companies.py"
        "::test_active_companies_of_one_name_are_all_found_and_inactive_ones_are_not",
    ),
    _rule(
        COMPANIES,
        "The e-mail address of one of the client's contacts leads to the company",
        "flows.company_book.CompanyBook._by_email",
        "flows/test_companies.py::test_a_contacts_address_leads_to_the_company",
        "flows/test_companies.py::test_an_inactive_company_of_a_contact_is_passed_over",
    ),
    _rule(
        COMPANIES,
        "More than one match is an error that lists the candidates",
        "domain.companies.only_match",
        "unit/domain/test_companies.py::test_several_candidates_are_an_error_that_lists_them",
        "flows/test_companies.py::test_an_address_on_two_companies_lists_both",
    ),
    _rule(
        COMPANIES,
        "No match is an error of that client's projects",
        "domain.companies.no_match",
        "unit/domain/test_companies.py::test_no_candidate_is_an_error_that_says_what_to_do",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
    ),
    _rule(
        SETTLEMENT,
        "Won is a probability of 100, whatever the stage is called",
        "domain.orders.standing",
        "unit/domain/test_orders.py::test_the_standing_is_judged_by_probability_alone",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
    ),
    _rule(
        SETTLEMENT,
        "Orders with our key that are won and not invoiced are settled",
        "domain.orders.place_of",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
        "unit/domain/test_upsales_side.py::test_orders_are_sorted_by_where_they_stand",
    ),
    _rule(
        SETTLEMENT,
        "Every step may be repeated from any point",
        "flows.settle.settle_order",
        "flows/test_settlement.py::test_twice_equals_once",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
    ),
    _rule(
        SETTLEMENT,
        "Step 1: a running timer holds the order",
        "domain.settlement.time_to_invoice",
        "flows/test_settlement.py::test_a_running_timer_holds",
    ),
    _rule(
        SETTLEMENT,
        "Step 1: time that differs from the order's rows is treated by `late_time`",
        "domain.settlement.check_late_time",
        "flows/test_settlement.py::test_late_time_is_included",
        "flows/test_settlement.py::test_time_that_went_after_the_win_is_late_time_too",
    ),
    _rule(
        SETTLEMENT,
        "Step 1: once the billing app may have taken the order, a difference holds it",
        "domain.billing.may_have_taken",
        "flows/test_settlement.py::test_late_time_is_held_once_the_billing_app_has_the_order",
    ),
    _rule(
        SETTLEMENT,
        "Step 2: the Harvest invoice is found by its purchase order number before one is created",
        "domain.invoice_owner.find_invoice",
        "flows/test_settlement.py::test_an_invoice_of_an_earlier_try_is_found_by_its_po_number",
        "flows/test_settlement.py::test_twice_equals_once",
    ),
    _rule(
        SETTLEMENT,
        "Step 2: the invoice of a project that was moved to another client is found as well",
        "flows.invoice_search.search_invoice",
        "flows/test_settlement.py::test_the_invoice_of_a_project_that_was_moved_to_another_client_is_found",
        "flows/test_settlement.py"
        "::test_a_fixed_fee_that_an_earlier_client_was_invoiced_for_is_not_invoiced_again",
    ),
    _rule(
        SETTLEMENT,
        "Step 2: a fixed fee that is on an invoice already is not invoiced again",
        "domain.fixed_fee.hold_invoiced_fee",
        "flows/test_settlement.py::test_a_fixed_fee_that_was_invoiced_by_hand_is_not_invoiced_again",
    ),
    _rule(
        SETTLEMENT,
        "Step 2: it is made from the tracked time, by month from that month's, for a fixed fee from one line",
        "domain.settlement.new_invoice",
        "flows/test_months.py::test_settling_one_month_invoices_exactly_that_month",
        "flows/test_settlement.py::test_a_fixed_fee_is_one_line",
    ),
    _rule(
        SETTLEMENT,
        "Step 2: an invoice that is worth something else than the order is held",
        "domain.settlement.check_invoice_amount",
        "flows/test_settlement.py::test_an_invoice_changed_by_hand_holds",
    ),
    _rule(
        SETTLEMENT,
        "Step 3: the project is archived",
        "flows.project_closing.close_project",
        "flows/test_settlement.py::test_a_won_order_is_invoiced_closed_and_marked",
        "airflow/test_dag_runs.py"
        "::test_time_becomes_an_opportunity_and_a_won_order_an_invoiced_closed_project",
    ),
    _rule(
        SETTLEMENT,
        "Step 3, by month: a project that ends after its last settlement is archived by the night after its end",
        "flows.project_closing.close_ended_project",
        "flows/test_ended_projects.py::test_the_first_night_after_its_end_archives_it",
        "airflow/test_months_run.py::test_the_night_after_a_project_s_end_archives_it",
    ),
    _rule(
        SETTLEMENT,
        "Step 4: one save writes the invoice's id, and late time's rows, to the order",
        "flows.order_marking.mark_order",
        "flows/test_settlement.py::test_late_time_is_included",
        "flows/test_billing_sync.py::test_our_only_call_is_the_one_save",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: without a reference field, a success that answers the order as won is taken as done",
        "domain.billing._answers_last_save",
        "flows/test_billing_sync.py::test_a_success_earlier_on_the_day_of_the_win_does_not_count",
        "flows/test_billing_sync.py::test_what_the_persons_move_has_done_is_done",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: what has succeeded is never triggered again",
        "flows.billing_sync.call_again",
        "flows/test_billing_sync.py::test_a_retry_after_a_failure_calls_once_more",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: an app that is still busy with the person's move is not called meanwhile",
        "flows.busy_app.when_answered",
        "flows/test_billing_sync.py"
        "::test_an_app_that_is_still_busy_with_the_win_is_not_called_a_second_time_meanwhile",
        "flows/test_billing_sync.py"
        "::test_an_app_that_is_slower_than_settlement_waits_is_not_called_a_second_time_either",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: nor one that a person's later save keeps busy",
        "flows.busy_app.refuse_busy",
        "flows/test_billing_sync.py"
        "::test_an_app_that_a_person_s_save_keeps_busy_meanwhile_is_not_called_beside_it",
        "flows/test_billing_sync.py"
        "::test_a_save_that_mended_the_order_a_moment_ago_is_the_call_that_the_app_gets",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: the wait for the app's answer takes no worker",
        "triggers.billing_trigger.BillingTrigger",
        "scheduler/test_real_scheduler.py::test_won_orders_wait_in_the_triggerer_and_are_billed_once",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: a failure carries the app's own message",
        "domain.billing._message",
        "flows/test_billing_sync.py::test_a_failure_carries_the_apps_words",
        "unit/domain/test_billing.py::test_a_failure_comes_with_the_app_s_own_words",
    ),
    _rule(
        SETTLEMENT,
        "Step 5: a failure, or silence until the time-out, fails the task",
        "operators.sync_billing_operator.SyncBillingOperator._conclude",
        "airflow/test_dag_runs.py::test_the_billing_app_is_waited_for_and_its_refusal_told",
        "unit/operators/test_billing_trigger.py::test_silence_says_what_to_do",
    ),
    _rule(
        SETTLEMENT,
        "A held order is a failed task that is not tried again by itself",
        "operators.retry_policy.RecoveryRetryPolicy",
        "unit/operators/test_retry_policy.py::test_what_a_person_has_to_mend_fails_at_once",
    ),
    _rule(
        SETTLEMENT,
        "The next run takes a held order up again",
        "flows.orders_to_settle.won_or_reopened",
        "flows/test_settlement.py::test_a_running_timer_holds",
        "flows/test_settlement.py::test_an_order_moved_back_while_it_is_settled_holds_and_goes_on_later",
    ),
    _rule(
        CONVERGENCE,
        "A scheduled run looks at entries updated since its data interval began, with an overlap",
        "domain.window.window_of_schedule",
        "unit/domain/test_window.py"
        "::test_a_scheduled_run_looks_back_from_its_interval_s_start_with_an_overlap",
    ),
    _rule(
        CONVERGENCE,
        "After failed or left-out runs a scheduled run looks back to the last that went well, beyond a week at the "
        "whole history",
        "domain.window.window_of_schedule",
        "unit/domain/test_window.py::test_after_an_outage_a_run_looks_back_to_the_last_that_went_well",
        "flows/test_months.py::test_time_moved_to_another_month_during_an_outage_moves_before_it_is_won",
    ),
    _rule(
        CONVERGENCE,
        "By month, the night's run looks at all projects that have time or an opportunity: time moved between months "
        "changes no sum",
        "flows.extract._touched",
        "flows/test_months.py::test_the_night_finds_time_moved_to_another_month_without_an_update",
        "flows/test_months.py::test_the_night_finds_time_moved_out_of_a_lost_month",
    ),
    _rule(
        CONVERGENCE,
        "A backfill looks at entries spent inside its data interval",
        "domain.window.window_of_backfill",
        "flows/test_backfills.py::test_the_days_of_an_interval",
        "flows/test_convergence.py::test_a_backfill_takes_up_only_what_was_spent_in_it_but_computes_it_whole",
    ),
    _rule(
        CONVERGENCE,
        "Each project touched is computed whole",
        "flows.upsert.Upsert._project",
        "flows/test_convergence.py::test_a_backfill_takes_up_only_what_was_spent_in_it_but_computes_it_whole",
        "flows/test_convergence.py::test_backfills_in_any_order_end_in_the_state_of_one_run",
    ),
    _rule(
        CONVERGENCE,
        "Runs may repeat and come in any order, and end in the same state",
        "flows.extract.extract",
        "flows/test_backfills.py::test_24_monthly_runs_in_any_order_end_like_one_run",
        "scheduler/test_real_scheduler.py::test_a_week_of_backfill_ends_in_the_state_of_one_run",
    ),
    _rule(
        CONVERGENCE,
        "Nothing has to be remembered: what was staged and is gone is read from the services again",
        "operators.staging.staged",
        "unit/operators/test_report_and_staging.py::test_what_is_staged_comes_back_and_is_cleared",
    ),
    _rule(
        CONVERGENCE,
        "Deleted, moved and re-priced time is found by comparing Harvest's uninvoiced sums with Upsales",
        "domain.drift.drifted",
        "flows/test_convergence.py::test_time_changed_without_a_trace_converges",
        "flows/test_convergence.py::test_the_last_entry_deleted_empties_the_opportunity",
    ),
    _rule(
        CONVERGENCE,
        "Projects whose time changes while the account's time is read in several pages are read again one by one",
        "flows.time_sweep.sweep",
        "flows/test_time_sweep.py::test_an_entry_moved_to_other_days_meanwhile_counts_once",
    ),
    _rule(
        CONVERGENCE,
        "The uninvoiced report is asked for at most 365 days at a time",
        "domain.uninvoiced_report.report_windows",
        "unit/domain/test_uninvoiced_report.py::test_report_windows_take_at_most_365_days_and_leave_no_gap",
        "flows/test_convergence.py::test_time_two_years_back_behind_an_empty_year_is_found",
    ),
    _rule(
        CONVERGENCE,
        "A run with nothing to do costs a handful of requests",
        "flows.overview.read_overview",
        "flows/test_first_sync.py::test_a_quiet_run_takes_at_most_eight_requests",
        "airflow/test_dag_runs.py::test_a_run_with_nothing_to_do_is_green_and_asks_little",
    ),
    _rule(
        ONE_WRITER,
        "Where Upsales lists none of our orders, but has some, none is created a second time",
        "flows.order_memory.OrderMemory.refuse_blind_lists",
        "flows/test_blind_lists.py::test_lists_that_turn_blind_let_nothing_be_made",
        "airflow/test_dag_runs.py::test_blind_lists_of_orders_have_none_made_twice",
    ),
    _rule(
        ONE_WRITER,
        "A write whose answer was lost is looked up by its key before it is sent again",
        "flows.lost_writes.write_once",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
        "reliability/test_faults_late.py::test_a_write_that_arrives_before_the_retry_is_found_by_the_retry",
    ),
    _rule(
        ONE_WRITER,
        "Only after a 500 is a write that shows no effect sent again in the same try; 502, 503 and 504 may come from a "
        "gateway",
        "flows.lost_writes.write_once",
        "reliability/test_faults_late.py"
        "::test_only_where_the_service_itself_failed_is_a_write_sent_again_in_the_same_try",
    ),
    _rule(
        ONE_WRITER,
        "Reads may be repeated freely, a write only where it certainly had no effect",
        "api.retry_rules.should_retry",
        "unit/api/test_retry_rules.py::test_a_write_is_repeated_only_where_it_certainly_had_no_effect",
        "contract/test_faults.py::test_a_write_whose_answer_is_lost_is_sent_once",
    ),
    _rule(
        ONE_WRITER,
        "`Retry-After` is obeyed",
        "api.retry_rules.retry_after_s",
        "unit/api/test_retry_rules.py::test_retry_after_is_seconds_or_a_date",
        "contract/test_faults.py::test_a_long_wait_is_left_to_the_task",
    ),
    _rule(
        ONE_WRITER,
        "`X-RateLimit-*` is obeyed within reason: a reset that is negative or missing does no harm",
        "api.rate_limit.RateLimiter.observe",
        "unit/api/test_rate_limit.py::test_rate_limit_headers_are_obeyed_within_reason",
        "contract/test_hostile_answers.py::test_nothing_remains_means_wait_for_the_reset",
    ),
    _rule(
        ONE_WRITER,
        "401 and 403 fail at once",
        "api.retry_rules.classify",
        "unit/api/test_retry_rules.py::test_each_status_has_one_meaning",
        "contract/test_faults.py::test_what_stays_fails_at_once",
    ),
    _rule(
        ONE_WRITER,
        "429, 5xx, time-outs and broken answers are waited out, within a bound",
        "api.retry_rules.gives_up",
        "unit/api/test_retry_rules.py::test_one_call_ends_within_its_bounds",
        "contract/test_faults.py::test_a_read_gives_up_within_bounds",
    ),
    _rule(
        FAILURES,
        "One bad project never stops the others",
        "flows.upsert.Upsert.run",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        "airflow/test_dag_runs.py::test_one_bad_project_stops_nobody_and_makes_the_run_red",
    ),
    _rule(
        FAILURES,
        "The task then fails, and names each bad project and why",
        "errors.PartialFailureError",
        "unit/operators/test_retry_policy.py::test_a_partial_failure_names_each_one",
        "airflow/test_alerts.py::test_a_failed_project_and_a_red_run_are_told",
    ),
    _rule(
        FAILURES,
        "Every failure names its project",
        "flows.upsert.Upsert._failed",
        "flows/test_bad_projects.py::test_a_failure_names_its_project",
    ),
    _rule(
        FAILURES,
        "A second try does only what is left",
        "flows.upsert.Upsert._opportunity",
        "flows/test_bad_projects.py::test_the_others_are_done_and_mending_leaves_only_the_rest",
        "scheduler/test_real_scheduler.py::test_a_failed_project_is_mended_by_clearing_its_task_instance",
    ),
    _rule(
        FAILURES,
        "Settlement goes on where some project's upsert failed",
        "dag._compose",
        "airflow/test_dag_shape.py::test_failures_stay_where_they_are",
        "airflow/test_dag_runs.py::test_one_bad_project_stops_nobody_and_makes_the_run_red",
    ),
    _rule(
        FAILURES,
        "A run with a failure is red, though its last task always runs",
        "operators.reconcile_operator._verdict",
        "airflow/test_dag_runs.py::test_one_bad_project_stops_nobody_and_makes_the_run_red",
        "airflow/test_alerts.py::test_a_failed_project_and_a_red_run_are_told",
    ),
    _rule(
        FAILURES,
        "An empty or unchanged account is a green run",
        "flows.extract.extract",
        "airflow/test_dag_runs.py::test_an_empty_account_is_a_green_run",
        "airflow/test_dag_runs.py::test_a_run_with_nothing_to_do_is_green_and_asks_little",
    ),
    _rule(
        SECRETS,
        "No token stands in a log line of a URL",
        "hooks.service_hook.TokenFilter",
        "contract/test_hooks.py::test_tokens_are_told_nobody",
    ),
    _rule(
        SECRETS,
        "No token stands in an exception, even where a service sends it back",
        "api.call_errors.scrub",
        "unit/api/test_call_errors.py::test_a_services_own_words_are_short_and_without_secrets",
        "contract/test_hooks.py::test_tokens_are_told_nobody",
    ),
    _rule(
        SECRETS,
        "Errors of the HTTP library, which hold whole URLs, are not passed on",
        "api.answers.failure_of_exception",
        "contract/test_hooks.py::test_an_unreachable_host_is_told_without_the_token",
    ),
    _rule(
        SECRETS,
        "What waits in Airflow's database names the connection, and holds no token",
        "triggers.billing_trigger.BillingTrigger.serialize",
        "unit/operators/test_billing_trigger.py::test_the_trigger_is_made_again_from_plain_json",
        "scheduler/test_real_scheduler.py::test_no_token_is_left_in_logs_or_the_metadata_database",
    ),
    _rule(
        SECRETS,
        "An answer of another shape is told by its field, never by its value",
        "api.call_errors.shape_words",
        "unit/api/test_call_errors.py::test_a_wrong_shape_names_the_field_and_not_its_value",
    ),
    _rule(
        SECRETS,
        "Of a service's error only its own short words are told, not the body",
        "api.call_errors.service_words",
        "unit/api/test_call_errors.py::test_a_services_own_words_are_short_and_without_secrets",
    ),
    _rule(
        SECRETS,
        "Changed notes are counted in the report and not quoted",
        "domain.plan.plan_existing",
        "unit/domain/test_plan.py::test_changed_hours_change_the_rows_field_by_field",
    ),
    _rule(
        TASKS,
        "The tasks follow each other as promised, settlement as a mapped group",
        "dag._compose",
        "airflow/test_dag_shape.py::test_the_tasks_follow_each_other_as_promised",
    ),
    _rule(
        TASKS,
        "`reconcile` always runs",
        "dag._compose",
        "airflow/test_dag_shape.py::test_failures_stay_where_they_are",
        "airflow/test_alerts.py::test_a_failed_project_and_a_red_run_are_told",
    ),
    _rule(
        TASKS,
        "It sets Harvest's uninvoiced amount beside Upsales' value, project by project",
        "domain.reconciliation.reconcile",
        "unit/domain/test_reconciliation.py::test_every_state_of_the_two_sides",
    ),
    _rule(
        TASKS,
        "Every drift that nothing explains is named",
        "domain.reconciliation.unexplained",
        "flows/test_settlement.py::test_time_tracked_between_the_comparison_and_the_archive_is_not_lost",
        "flows/test_bad_projects.py::test_a_project_deleted_in_harvest_is_reported",
    ),
    _rule(
        TASKS,
        "A settled order whose Harvest invoice was deleted is named, with what to do",
        "flows.invoice_search.gone_invoices",
        "flows/test_deleted_invoices.py::test_it_is_told_and_invoiced_anew_once_the_field_is_cleared",
    ),
    _rule(
        TASKS,
        "Mapped instances of the upsert bear readable names",
        "operators.upsert_operator.UpsertOpportunitiesOperator.label",
        "scheduler/test_real_scheduler.py::test_a_failed_project_is_mended_by_clearing_its_task_instance",
    ),
    _rule(
        TASKS,
        "Mapped settlements bear the project's name",
        "operators.mark_invoiced_operator.MarkProjectInvoicedOperator.label",
        "scheduler/test_real_scheduler.py::test_won_orders_wait_in_the_triggerer_and_are_billed_once",
    ),
    _rule(
        TASKS,
        "What is large goes between tasks as a file, its place through XCom",
        "operators.staging.stage",
        "unit/operators/test_report_and_staging.py::test_what_is_staged_comes_back_and_is_cleared",
    ),
    _rule(
        TASKS,
        "A dry run prints every create and update it would make, and writes nothing",
        "flows.upsert.Upsert._opportunity",
        "flows/test_dry_run.py::test_a_plan_writes_nothing_and_the_run_keeps_it",
        "flows/test_dry_run.py::test_a_plan_says_every_field_that_changes",
    ),
    _rule(
        TASKS,
        "A dry run tells every step of a settlement",
        "flows.invoice_step.invoice_time",
        "flows/test_dry_run.py::test_a_planned_settlement_tells_every_write",
        "airflow/test_dag_runs.py::test_a_dry_run_writes_nothing_and_the_next_run_does_what_it_said",
    ),
    _rule(
        TASKS,
        "A dry run creates no order fields either",
        "flows.check_setup.check_setup",
        "flows/test_dry_run.py::test_a_plan_for_an_account_without_our_fields_creates_none",
    ),
    _rule(
        TASKS,
        "`project_ids` confines a run to these projects, their settlements included",
        "flows.extract._touched",
        "flows/test_convergence.py::test_only_the_given_projects_are_taken_up",
        "airflow/test_dag_runs.py::test_params_choose_projects_and_days",
    ),
    _rule(
        TASKS,
        "The form of a manual run checks `dry_run`, `project_ids` and the days",
        "dag.harvest_upsales_dag",
        "airflow/test_dag_shape.py::test_the_form_of_a_manual_run_checks_its_fields",
    ),
    _rule(
        TASKS,
        "A window that ends before it begins is refused",
        "domain.window.window_of",
        "airflow/test_dag_runs.py::test_a_window_that_ends_before_it_begins_is_refused",
    ),
)


def render() -> str:
    """The page. A setting without a rule is a ``KeyError``."""
    return "\n".join([INTRODUCTION, *_lines()])


def _lines() -> Iterator[str]:
    for section in SECTIONS:
        head = "setting | meaning" if section == SETTINGS else "rule"
        columns = f"| {head} | stands in | held by |"
        yield f"## {section}\n"
        yield columns
        yield "|" + "---|" * (columns.count("|") - 1)
        for rule in _rules_of(section):
            first = f"`{rule.setting}` | {rule.rule}" if rule.setting else rule.rule
            tests = "<br>".join(place.link for place in rule.test_places)
            yield f"| {first} | {rule.place.link} | {tests} |"
        yield ""


def _rules_of(section: str) -> list[Rule]:
    """The rules of a section; settings in the order of the package's own list."""
    found = [rule for rule in RULES if rule.section == section]
    if section != SETTINGS:
        return found
    by_key = {rule.setting: rule for rule in found}
    return [by_key[key] for key in KEYS]


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
