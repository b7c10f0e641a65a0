"""Which changed time still has to be taken up."""

from harvest_upsales.domain.changes import ChangedTime
from harvest_upsales.records.harvest_records import Reference
from tests.unit.domain.builders import entry, listing

OTHER = Reference(7, "Other")


def test_time_that_an_opportunity_lists_needs_no_second_look() -> None:
    listed = [entry(1), entry(2, rounded_hours="2")]
    changed = ChangedTime.of([*listed, entry(3, project=OTHER)], approved_only=False)
    assert changed.projects() == {100, 7}

    changed.cross_off(100, listing("people's", listed))
    changed.cross_off(8, None)

    assert changed.projects() == {7}


def test_time_that_is_listed_otherwise_does() -> None:
    listed = listing(None, [entry(1)])
    for new in (
        entry(1, rounded_hours="1.25"),
        entry(1, spent_date="2026-10-06"),
        entry(1, notes="more"),
        entry(1, task=Reference(1, "Design")),
    ):
        changed = ChangedTime.of([new], approved_only=False)
        changed.cross_off(100, listed)

        assert changed.projects() == {100}


def test_time_that_does_not_count_is_said_why() -> None:
    changed = ChangedTime.of(
        [
            entry(1, billable=False),
            entry(2, is_billed=True),
            entry(3, is_running=True),
            entry(4, project=OTHER),
            entry(5, project=OTHER, billable=False),
        ],
        approved_only=True,
    )

    assert changed.projects() == set()
    assert [(idle.project_id, idle.reason) for idle in changed.idle()] == [
        (7, "not approved, not billable"),
        (100, "a running timer, billed already, not billable"),
    ]
