"""What is checked of an account, and when."""

import pytest

from harvest_upsales.domain.links import WebAddresses
from harvest_upsales.errors import SettingsError
from harvest_upsales.flows.check_setup import check_setup
from harvest_upsales.flows.services import Setup
from sandbox.minimal import BILLING_APP, HARVEST_APP
from tests.flows.run_harness import Bench


def check(bench: Bench, *, thorough: bool, **settings: object) -> Setup:
    return check_setup(bench.harvest, bench.upsales, bench.settings(**settings), thorough=thorough)


def switch_on_the_old_app(bench: Bench) -> None:
    bench.world.upsales.integration_settings[HARVEST_APP]["active"] = True


def test_the_first_run_warns_of_the_old_app(bench: Bench) -> None:
    switch_on_the_old_app(bench)
    (warning,) = check(bench, thorough=False).warnings
    assert "Upsales' own Harvest app is still active" in warning


def test_the_daily_closer_look_warns_of_it_later_too(bench: Bench) -> None:
    assert check(bench, thorough=False).warnings == ()
    switch_on_the_old_app(bench)
    assert check(bench, thorough=False).warnings == ()
    assert len(check(bench, thorough=True).warnings) == 1


def test_an_app_that_is_off_is_no_news(bench: Bench) -> None:
    assert check(bench, thorough=True, billing_integration_id=BILLING_APP).warnings == ()


@pytest.mark.parametrize("status", [400, 403])
def test_a_key_that_may_not_look_at_the_old_app_stops_nothing(bench: Bench, status: int) -> None:
    bench.world.faults.add(kind="status", path="^/standardintegrationsettings", status=status)
    (warning,) = check(bench, thorough=True).warnings
    assert "could not be checked" in warning
    assert "/standardIntegrationSettings" in warning


def test_the_web_apps_are_known_after_it(bench: Bench) -> None:
    root = bench.server.harvest_url.removesuffix("/v2")
    settings = bench.settings()
    told = WebAddresses(harvest="https://time.example", upsales="https://crm.example")

    assert check_setup(bench.harvest, bench.upsales, settings).web == WebAddresses(harvest=root)
    assert check_setup(bench.harvest, bench.upsales, settings, web=told).web == told


@pytest.mark.parametrize("setting", [{"billing_integration_id": 9999}, {"company_map": {"7": 9999}}])
def test_the_closer_look_names_a_setting_that_upsales_does_not_have(
    bench: Bench, setting: dict[str, object]
) -> None:
    check(bench, thorough=False)
    with pytest.raises(SettingsError, match=next(iter(setting))):
        check(bench, thorough=True, **setting)
