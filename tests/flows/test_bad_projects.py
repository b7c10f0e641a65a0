"""One bad project never stops the others, and says what to mend; then only the rest is done."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from harvest_upsales.errors import SettingsError, SetupError
from harvest_upsales.settings import parse_settings
from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import EVERYTHING, REQUIRED, Bench, worth

Mend = Callable[[], None]
Break = Callable[[Bench], tuple[int, str, Mend]]


def no_rate(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad")
    entry = bench.add_time(project, 2, rate=None)
    return project, "has no rate", lambda: bench.world.harvest.edit_time(entry, rate=1000)


def currency_not_active(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad", client=bench.add_client("Bad AS", "DKK"))
    bench.add_time(project, 2)
    return (
        project,
        "the currency DKK is not active",
        lambda: bench.world.upsales.currencies["DKK"].update(active=True),
    )


def currency_unknown(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad", client=bench.add_client("Bad KK", "JPY"))
    bench.add_time(project, 2)
    return project, "the currency JPY is not active", lambda: bench.world.upsales.add_currency("JPY", "14.2")


def no_company(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad", client=bench.world.harvest.add_client("Nobody AB"))
    bench.add_time(project, 2)
    return (
        project,
        "matches no active Upsales company",
        lambda: void(bench.world.upsales.add_company("NOBODY")),
    )


def two_companies(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad")
    twin = bench.world.upsales.add_company("bad aktiebolag")
    bench.add_time(project, 2)
    return (
        project,
        f"bad aktiebolag (id {twin})",
        lambda: bench.world.upsales.companies[twin].update(active=0),
    )


def duplicate_key(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad")
    bench.add_time(project, 1)
    bench.run()
    original = bench.order_of(project)
    copy = bench.world.upsales.add_order(
        original["client"]["id"],
        stage_id=STAGE_VERBAL_AGREEMENT,
        rows=[(2, 1, 1000)],
        custom={"HARVEST_KEY": str(bench.world.upsales.custom_value(original["id"], "HARVEST_KEY"))},
    )
    bench.add_time(project, 1)
    return (
        project,
        f"the Upsales orders {original['id']}, {copy} all carry",
        lambda: bench.world.upsales.set_custom(copy, "HARVEST_KEY", None),
    )


def no_fee(bench: Bench) -> tuple[int, str, Mend]:
    project = bench.add_project("Bad", is_fixed_fee=True)
    bench.add_time(project, 2)
    return (
        project,
        "a fixed-fee project without a fee",
        lambda: bench.world.harvest.projects[project].update(fee=2000),
    )


def void(_: object) -> None:
    """Drops a result."""


CASES = (no_rate, currency_not_active, currency_unknown, no_company, two_companies, duplicate_key, no_fee)


@pytest.mark.parametrize("spoil", CASES)
@pytest.mark.parametrize("batch_size", [1, 100])
def test_the_others_are_done_and_mending_leaves_only_the_rest(
    bench: Bench, spoil: Break, batch_size: int
) -> None:
    bad, message, mend = spoil(bench)
    good = [bench.add_project(name) for name in ("One", "Two", "Three", "Four")]
    for project in good:
        bench.add_time(project, "1.5")

    run = bench.run(EVERYTHING, batch_size=batch_size)

    assert [worth(bench.order_of(project)) for project in good] == [1500] * 4
    assert run.outcome(bad).action == "fail"
    (failure,) = run.failures
    assert message in failure.message
    assert run.drifts == {}

    mend()
    rest = bench.run(bench.quiet, batch_size=batch_size)
    assert rest.failures == []
    assert len(rest.writes) == 1
    assert worth(bench.order_of(bad)) == 2000
    assert bench.run(bench.quiet, batch_size=batch_size).writes == []


def test_a_failure_names_its_project(bench: Bench) -> None:
    project = bench.add_project("Bad", client=bench.world.harvest.add_client("Nobody AB"))
    bench.add_time(project)
    (failure,) = bench.run().failures
    assert str(project) in failure.message


def test_a_project_deleted_in_harvest_is_reported(bench: Bench) -> None:
    projects = [bench.add_project(name) for name in ("Gone", "Stays")]
    for project in projects:
        bench.add_time(project)
    bench.run()
    for entry in bench.world.harvest.entries_of(projects[0]):
        bench.world.harvest.delete_time(entry["id"])
    del bench.world.harvest.projects[projects[0]]
    bench.add_time(projects[1])
    run = bench.run()
    assert run.outcome(projects[0]).reason == "the project no longer exists in Harvest"
    assert worth(bench.order_of(projects[1])) == 2000
    assert run.drifts == {projects[0]: "opportunity without time"}


def test_an_order_deleted_by_people_is_made_anew(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project)
    bench.run()
    bench.world.upsales.delete_order(bench.order_of(project)["id"])
    bench.run(bench.quiet)
    assert worth(bench.order_of(project)) == 1000


def test_a_token_that_sees_no_rates_says_so(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project)
    bench.world.harvest.hide_rates = True
    run = bench.run()
    assert "the right to see billable rates" in run.failures[0].message
    assert bench.orders_of(project) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"default_user_id": 99}, "default_user_id"),
        ({"default_user_id": 3}, "default_user_id"),
        ({"default_stage_id": 99}, "default_stage_id"),
        ({"default_stage_id": 12}, "default_stage_id"),
        ({"default_stage_id": 7}, "default_stage_id"),
        ({"default_product_id": 99}, "default_product_id"),
        ({"default_product_id": 1}, "default_product_id"),
        ({"company_map": {"5735774": 99}}, "company_map"),
        ({"billing_integration_id": 99}, "billing_integration_id"),
        ({"billing_reference_field": "NO_SUCH"}, "billing_reference_field"),
        ({"batch_size": 0}, "batch_size"),
        ({"late_time": "maybe"}, "late_time"),
        ({"default_stage": 11}, "default_stage"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_written(
    bench: Bench, change: dict[str, object], named: str
) -> None:
    bench.add_time(bench.add_project())
    with pytest.raises(SettingsError, match=named):
        bench.run(**change)
    assert bench.world.journal.writes() == []


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_a_missing_required_setting_is_named(key: str) -> None:
    with pytest.raises(SettingsError, match=key):
        parse_settings(msgspec.json.encode({name: value for name, value in REQUIRED.items() if name != key}))


def test_invoicing_has_to_be_activated(bench: Bench) -> None:
    bench.world.harvest.company["invoice_feature"] = False
    with pytest.raises(SetupError, match="Invoicing is not activated"):
        bench.run()
    assert bench.world.journal.writes() == []


def test_an_empty_account_is_a_run_without_work(bench: Bench) -> None:
    run = bench.run()
    assert run.found.batches == ()
    assert run.reconciled is not None
    assert run.reconciled.lines == ()
