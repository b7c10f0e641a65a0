"""One writer, no blind retries."""

from tests.rules.rule import Rule, rule

RULES: tuple[Rule, ...] = (
    rule(
        "Where Upsales lists none of our orders, but has some, none is created a second time",
        "flows.blind_lists.OrderMemory.refuse_blind_lists",
        "flows/test_blind_lists.py::test_lists_that_turn_blind_let_nothing_be_made",
        "airflow/test_dag_runs.py::test_blind_lists_of_orders_have_none_made_twice",
    ),
    rule(
        "A write whose answer was lost is looked up by its key before it is sent again",
        "flows.lost_writes.write_once",
        "flows/test_crashes.py::test_a_second_try_completes_what_the_first_began",
        "reliability/test_faults_late.py::test_a_write_that_arrives_before_the_retry_is_found_by_the_retry",
    ),
    rule(
        "Only after a 500 is a write that shows no effect sent again in the same try; 502, 503 and 504 may come from a "
        "gateway",
        "flows.lost_writes.write_once",
        "reliability/test_faults_late.py"
        "::test_only_where_the_service_itself_failed_is_a_write_sent_again_in_the_same_try",
    ),
    rule(
        "Reads may be repeated freely, a write only where it certainly had no effect",
        "api.retry_rules.should_retry",
        "unit/api/test_retry_rules.py::test_a_write_is_repeated_only_where_it_certainly_had_no_effect",
        "contract/test_faults.py::test_a_write_whose_answer_is_lost_is_sent_once",
    ),
    rule(
        "`Retry-After` is obeyed",
        "api.retry_rules.retry_after_s",
        "unit/api/test_retry_rules.py::test_retry_after_is_seconds_or_a_date",
        "contract/test_faults.py::test_a_long_wait_is_left_to_the_task",
    ),
    rule(
        "`X-RateLimit-*` is obeyed within reason: a reset that is negative or missing does no harm",
        "api.rate_limit.RateLimiter.observe",
        "unit/api/test_rate_limit.py::test_rate_limit_headers_are_obeyed_within_reason",
        "contract/test_hostile_answers.py::test_nothing_remains_means_wait_for_the_reset",
    ),
    rule(
        "401 and 403 fail at once",
        "api.retry_rules.classify",
        "unit/api/test_retry_rules.py::test_each_status_has_one_meaning",
        "contract/test_faults.py::test_what_stays_fails_at_once",
    ),
    rule(
        "429, 5xx, time-outs and broken answers are waited out, within a bound",
        "api.retry_rules.gives_up",
        "unit/api/test_retry_rules.py::test_one_call_ends_within_its_bounds",
        "contract/test_faults.py::test_a_read_gives_up_within_bounds",
    ),
)
