"""Nothing leaks."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "No token stands in a log line of a URL",
        "hooks.service_hook.TokenFilter",
        "contract/test_hooks.py::test_tokens_are_told_nobody",
    ),
    rule(
        "No token stands in an exception, even where a service sends it back",
        "api.call_errors.scrub",
        "unit/api/test_call_errors.py::test_a_services_own_words_are_short_and_without_secrets",
        "contract/test_hooks.py::test_tokens_are_told_nobody",
    ),
    rule(
        "Errors of the HTTP library, which hold whole URLs, are not passed on",
        "api.answers.failure_of_exception",
        "contract/test_hooks.py::test_an_unreachable_host_is_told_without_the_token",
    ),
    rule(
        "What waits in Airflow's database names the connection, and holds no token",
        "triggers.billing_trigger.BillingTrigger.serialize",
        "unit/operators/test_billing_trigger.py::test_the_trigger_is_made_again_from_plain_json",
        "scheduler/test_real_scheduler.py::test_no_token_is_left_in_logs_or_the_metadata_database",
    ),
    rule(
        "An answer of another shape is told by its field, never by its value",
        "api.call_errors.shape_words",
        "unit/api/test_call_errors.py::test_a_wrong_shape_names_the_field_and_not_its_value",
    ),
    rule(
        "Of a service's error only its own short words are told, not the body",
        "api.call_errors.service_words",
        "unit/api/test_call_errors.py::test_a_services_own_words_are_short_and_without_secrets",
    ),
    rule(
        "Changed notes are counted in the report and not quoted",
        "domain.plan.plan_existing",
        "unit/domain/test_plan.py::test_changed_hours_change_the_rows_field_by_field",
    ),
)
