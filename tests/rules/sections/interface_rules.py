"""Names that others rely on."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "Airflow finds one DAG, `harvest_upsales`, in the shipped folder",
        "dag.harvest_upsales_dag",
        "airflow/test_dag_shape.py::test_airflow_finds_the_dag_in_the_shipped_folder",
    ),
    rule(
        "Runs are hourly, each with a real data interval, and past hours are not caught up",
        "dag.harvest_upsales_dag",
        "airflow/test_dag_shape.py::test_runs_are_hourly_with_real_intervals_and_no_catchup",
    ),
    rule(
        "Airflow registers the package once, as a plain folder and as an installed package",
        "plugin.HarvestUpsalesPlugin",
        "packaging/test_plugin_loading.py::test_folder_only",
        "packaging/test_plugin_loading.py::test_wheel_and_folder",
    ),
    rule(
        "The connection types are `harvest` and `upsales`, each with its hook",
        "provider_info.get_provider_info",
        "packaging/test_distribution.py::test_each_connection_type_names_its_hook",
    ),
    rule(
        "The connection's host is the base URL: another one may be given, in clear text only on this machine",
        "hooks.connection_fields.base_url_of",
        "unit/api/test_connection_fields.py::test_the_address",
        "unit/api/test_connection_fields.py::test_an_address_that_would_leak_or_fail_is_refused",
    ),
    rule(
        "The login of the Harvest connection is the account ID",
        "hooks.harvest_hook.HarvestHook.account_id",
        "contract/test_hooks.py::test_a_good_connection",
        "contract/test_hooks.py::test_a_wrong_harvest_connection_is_told_in_words",
    ),
    rule(
        "Extra `contact` is named in the User-Agent that Harvest requires",
        "hooks.harvest_hook.user_agent",
        "contract/test_hooks.py::test_only_our_own_headers_are_sent",
    ),
    rule(
        "The Upsales key travels in a cookie, or in the query where extra `token_in` says so",
        "hooks.upsales_hook.token_in_query",
        "unit/api/test_connection_fields.py::test_the_place_of_the_key",
        "contract/test_hooks.py::test_only_our_own_headers_are_sent",
    ),
    rule(
        "The settings are the Airflow Variable `harvest_upsales_settings`, read while a task runs",
        "operators.base_operator.HarvestUpsalesOperator.read_settings",
        "airflow/test_dag_runs.py::test_wrong_settings_fail_before_anything_is_written",
        "airflow/test_dag_shape.py::test_parsing_reads_neither_database_nor_variables_nor_network",
    ),
    rule(
        "All tasks that write stand in the pool `upsales_writes`",
        "dag._compose",
        "airflow/test_dag_shape.py::test_all_that_writes_stands_in_the_pool_of_one_writer",
        "scheduler/test_real_scheduler.py::test_a_week_of_backfill_ends_in_the_state_of_one_run",
    ),
    rule(
        "The order fields `HARVEST_KEY` and `HARVEST_INVOICE` are String fields",
        "domain.setup_checks.missing_fields",
        "unit/domain/test_setup_checks.py::test_custom_fields_are_found_by_alias_and_missing_ones_made",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
    ),
    rule(
        "The first task creates order fields that are missing",
        "flows.check_setup._create_fields",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
    ),
    rule(
        "Connections and settings may come from environment variables alone",
        "operators.base_operator.ServicesOperator.services",
        "airflow/test_dag_runs.py"
        "::test_time_becomes_an_opportunity_and_a_won_order_an_invoiced_closed_project",
    ),
    rule(
        "An unknown key of the settings is an error that names it",
        "settings._refuse_unknown",
        "unit/domain/test_settings.py::test_an_unknown_key_is_named_with_the_one_that_may_be_meant",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
    ),
    rule(
        "A missing required key, or a value of the wrong type, is an error that names the key",
        "settings.parse_settings",
        "unit/domain/test_settings.py::test_a_missing_required_key_is_named",
        "unit/domain/test_settings.py::test_a_wrong_value_is_refused_and_its_key_named",
    ),
    rule(
        "An id that Upsales does not have is an error that names the key, before anything is written",
        "flows.check_setup.check_setup",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
        "airflow/test_dag_runs.py::test_wrong_settings_fail_before_anything_is_written",
    ),
    rule(
        "Companies and the billing app of the settings are looked up before the first write",
        "flows.check_setup.confirm_before_writing",
        "flows/test_bad_projects.py::test_a_wrong_setting_is_named_before_anything_is_written",
    ),
    rule(
        "A Harvest account without invoicing stops the run before anything is written",
        "domain.setup_checks.check_invoicing",
        "flows/test_bad_projects.py::test_invoicing_has_to_be_activated",
    ),
    rule(
        "The settings of Upsales' own Harvest app can be taken over, its key to Harvest excepted",
        "domain.old_app.old_settings",
        "unit/operators/test_import_settings.py::test_the_settings_are_taken_over",
    ),
)
