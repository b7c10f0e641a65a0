"""Each setting that names something in Upsales is checked there, by runs and by the page alike."""

from harvest_upsales.flows.settings_in_upsales import SettingsInUpsales
from harvest_upsales.settings import KEYS
from harvest_upsales.web.settings_checks import unknown_to_upsales
from tests.flows.run_harness import Bench

# What these say is known without asking Upsales.
COMPLETE_IN_THEMSELVES = {
    "create_missing_companies",
    "write_time_to_notes",
    "approved_time_only",
    "opportunity_per",
    "late_time",
    "archive_invoiced_projects",
    "invoice_state",
    "billing_timeout_minutes",
    "reopened_orders",
    "batch_size",
}
NOT_THERE = {
    "default_user_id": 999,
    "default_stage_id": 999,
    "default_product_id": 999,
    "billing_reference_field": "NO_SUCH_FIELD",
    "billing_integration_id": 999,
    "company_map": {"7": 999},
}


def test_every_setting_has_a_check_or_needs_none(bench: Bench) -> None:
    checked = SettingsInUpsales(bench.upsales, bench.settings()).by_setting().keys()

    assert checked | COMPLETE_IN_THEMSELVES == set(KEYS)


def test_each_check_refuses_its_own_setting_alone(bench: Bench) -> None:
    assert unknown_to_upsales(bench.upsales, bench.settings()) == []

    found = unknown_to_upsales(bench.upsales, bench.settings(**NOT_THERE))

    assert {error.key for error in found} == NOT_THERE.keys()
