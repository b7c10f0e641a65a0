"""A dry run writes nothing, and a run that follows does what it said."""

from __future__ import annotations

import pytest

from tests.flows.run_harness import EVERYTHING, Bench, Run


def said(run: Run) -> list[tuple[object, ...]]:
    return [
        (o.project_id, o.key, str(o.action), o.hours, o.amount, o.currency, o.changes) for o in run.outcomes
    ]


def busy(bench: Bench) -> None:
    """A create, an update, an unchanged one, a failure, a new company and two settlements to come."""
    update, same, won, fee = (bench.add_project(name) for name in ("Update", "Same", "Won", "Wonlate"))
    for project in (update, same, won, fee):
        bench.add_time(project, 2)
    bench.run()
    bench.add_time(update, "1.25", rate="999.50")
    bench.win(bench.order_of(won)["id"])
    bench.win(bench.order_of(fee)["id"])
    bench.add_time(fee, 3)
    bench.add_time(bench.add_project("Create"), 3)
    bench.add_time(bench.add_project("Bad"), 3, rate=None)
    bench.add_time(bench.add_project("New", client=bench.world.harvest.add_client("Nykund")), 3)


def test_a_plan_writes_nothing_and_the_run_keeps_it(bench: Bench) -> None:
    busy(bench)
    writes = len(bench.world.journal.writes())
    plan = bench.run(EVERYTHING, dry_run=True, create_missing_companies=True)
    assert plan.writes == []
    assert len(bench.world.journal.writes()) == writes
    assert {str(o.action) for o in plan.outcomes} == {"create", "update", "unchanged", "skip", "fail"}
    run = bench.run(EVERYTHING, create_missing_companies=True)
    assert said(run) == said(plan)
    assert list(run.settled) == list(plan.settled)
    for order, settled in plan.settled.items():
        done = " ".join(settled.done)
        assert "would create a Harvest invoice" in done
        assert f"{run.settled[order].amount} SEK" in done


def test_a_plan_for_an_account_without_our_fields_creates_none(bench: Bench) -> None:
    bench.add_time(bench.add_project(), 2)
    plan = bench.run(dry_run=True)
    assert plan.writes == []
    assert plan.setup.key_field is None
    assert len(plan.setup.warnings) == 2
    assert said(bench.run()) == said(plan)


@pytest.mark.parametrize("mode", ["project", "month"])
def test_a_plan_says_every_field_that_changes(bench: Bench, mode: str) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run(opportunity_per=mode)
    bench.add_time(project, 1)
    plan = bench.run(dry_run=True, opportunity_per=mode)
    changes = {change.field: (change.old, change.new) for change in plan.outcome(project).changes}
    assert changes["rows"] == ("2 × 1000", "3 × 1000")
    assert changes["value"] == ("2000.00 SEK", "3000.00 SEK")


def test_a_planned_settlement_tells_every_write(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = bench.order_of(project)["id"]
    bench.win(order)
    done = " ".join(bench.run(dry_run=True).settled[order].done)
    for part in ("would create a Harvest invoice", "would archive", "would mark the order"):
        assert part in done, done


def test_a_planned_undo_writes_nothing(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = bench.order_of(project)["id"]
    bench.win(order)
    bench.run()
    bench.world.upsales.move(order, 11)
    plan = bench.run(dry_run=True, reopened_orders="undo")
    assert plan.writes == []
    assert len(plan.undone[order].done) == 3
