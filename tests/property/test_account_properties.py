"""Whatever an account holds: the sums are exact, nothing is counted twice or lost, and twice equals once."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import minor_unit
from harvest_upsales.domain.opportunity import Desired, desired_opportunities
from harvest_upsales.domain.order_body import body_to_create, body_to_save
from harvest_upsales.domain.orders import our_rows
from harvest_upsales.domain.plan import Action, plan_existing, plan_new
from harvest_upsales.domain.pricing import rows_by_rate, rows_of_time
from harvest_upsales.domain.time_sums import counted_time
from harvest_upsales.records.harvest_records import Project, TimeEntry
from harvest_upsales.records.upsales_records import Order
from harvest_upsales.settings import OpportunityPer, Settings
from tests.property.strategies import entries, projects
from tests.unit.domain.builders import (
    ACCOUNT,
    OTHER_PRODUCT,
    PRODUCT,
    order,
    project,
    row_json,
    settings,
    stored,
)

MODES = st.sampled_from(list(OpportunityPer))


def worth(found: list[TimeEntry] | tuple[TimeEntry, ...]) -> Fraction:
    return sum((Fraction(e.rounded_hours) * Fraction(e.billable_rate or 0) for e in found), Fraction(0))


def counted(found: list[TimeEntry], *, approved_only: bool = False) -> list[TimeEntry]:
    """The rule, spelled out a second time."""
    return [
        e
        for e in found
        if e.billable and not e.is_billed and not e.is_running and (e.is_closed or not approved_only)
    ]


def wanted(
    of: Project, found: list[TimeEntry], per: OpportunityPer, existing: tuple[HarvestKey, ...] = ()
) -> tuple[Desired, ...]:
    return desired_opportunities(
        ACCOUNT, of, counted_time(found, approved_only=False), per=per, existing=existing
    )


@given(entries(), st.booleans())
def test_rows_sum_to_the_entries_exactly(found: list[TimeEntry], approved_only: bool) -> None:
    time = counted_time(found, approved_only=approved_only)
    rows = rows_by_rate(project(), time)

    assert sum((Fraction(row.quantity) * Fraction(row.price) for row in rows), Fraction(0)) == worth(
        counted(found, approved_only=approved_only)
    )
    assert time.number == len(counted(found, approved_only=approved_only))
    assert len({row.price for row in rows}) == len(rows)
    assert all(row.quantity for row in rows)


@given(projects(), entries())
def test_the_amount_is_within_half_a_minor_unit_of_the_exact_one(of: Project, found: list[TimeEntry]) -> None:
    for desired in wanted(of, found, OpportunityPer.PROJECT):
        exact = Fraction(of.fee or 0) if of.is_fixed_fee else worth(counted(found))
        unit = minor_unit(desired.currency)

        assert abs(Fraction(desired.amount) - exact) * 2 <= Fraction(unit)
        assert desired.amount % unit == 0


@given(entries())
def test_months_sum_to_the_whole(found: list[TimeEntry]) -> None:
    parts = wanted(project(), found, OpportunityPer.MONTH)
    whole = wanted(project(), found, OpportunityPer.PROJECT)

    amounts = [sum((row.amount for row in desired.rows), Decimal(0)) for desired in (*parts, *whole)]
    assert sum(amounts[: len(parts)], Decimal(0)) == sum(amounts[len(parts) :], Decimal(0))


@given(projects(), entries(), MODES)
def test_every_counted_entry_is_in_exactly_one_opportunity(
    of: Project, found: list[TimeEntry], per: OpportunityPer
) -> None:
    named = [replace(e, notes=f"entry {e.id}", task=None, user=None) for e in found]
    lines = [line for desired in wanted(of, named, per) for line in desired.time.listed.lines]
    taken = [int(line.decode().rsplit(" ")[-1]) for line in lines]

    assert sorted(taken) == sorted(e.id for e in counted(found))


@given(st.data(), projects(), entries(), MODES)
def test_neither_order_nor_repetition_of_entries_matters(
    data: st.DataObject, of: Project, found: list[TimeEntry], per: OpportunityPer
) -> None:
    repeated = found + data.draw(st.lists(st.sampled_from(found), max_size=5)) if found else []
    moved = data.draw(st.permutations(repeated))

    assert wanted(of, moved, per) == wanted(of, found, per)


@given(entries(), st.sampled_from([Decimal("1.5"), Decimal(1000)]))
def test_a_fixed_fee_is_billed_once_whatever_months_there_were(found: list[TimeEntry], fee: Decimal) -> None:
    by_the_hour = wanted(project(), found, OpportunityPer.MONTH)
    concerned = project(is_fixed_fee=True, fee=fee)
    after = wanted(concerned, found, OpportunityPer.MONTH, tuple(desired.key for desired in by_the_hour))

    assert {desired.key for desired in by_the_hour} <= {desired.key for desired in after}
    fees = [row for desired in after for row in desired.rows]
    worked = sum(e.rounded_hours for e in counted(found))
    assert [(row.quantity, row.price) for row in fees] == ([(1, fee)] if worked else [])


def create(desired: Desired, chosen: Settings) -> Order | None:
    plan = plan_new(desired, chosen)
    if plan.action is not Action.CREATE:
        return None
    body = body_to_create(
        description=desired.description,
        date=desired.date,
        user_id=1,
        company_id=40,
        stage_id=2,
        probability=Decimal(90),
        product_id=PRODUCT,
        rows=plan.rows or (),
        custom={11: str(desired.key)},
        currency=desired.currency,
        currency_rate=Decimal("0.0918"),
        notes=plan.notes or "",
    )
    return stored(body)


def update(desired: Desired, present: Order, chosen: Settings) -> Order:
    plan = plan_existing(desired, present, chosen)
    if plan.action is Action.UNCHANGED:
        return present
    return stored(body_to_save(present, product_id=PRODUCT, rows=plan.rows, notes=plan.notes))


@given(projects(), entries(most=8), MODES, st.booleans())
def test_what_was_created_is_left_unchanged(
    of: Project, found: list[TimeEntry], per: OpportunityPer, notes: bool
) -> None:
    chosen = settings(write_time_to_notes=notes)
    for desired in wanted(of, found, per):
        present = create(desired, chosen)
        if present is not None:
            assert plan_existing(desired, present, chosen).action is Action.UNCHANGED
            assert sum((row.amount for row in our_rows(present, PRODUCT)), Decimal(0)) == sum(
                (row.amount for row in desired.rows), Decimal(0)
            )


@given(projects(), entries(most=8), entries(most=8), st.booleans(), st.booleans())
def test_twice_equals_once_from_whatever_was_there(
    of: Project, before: list[TimeEntry], found: list[TimeEntry], notes_before: bool, notes: bool
) -> None:
    key = HarvestKey(ACCOUNT, of.id)
    (old,) = wanted(of, before, OpportunityPer.PROJECT, (key,))
    (new,) = wanted(of, found, OpportunityPer.PROJECT, (key,))
    blank = order(row_json("0", "0"), currency=of.client.currency, notes="Call Eva")
    present = update(old, blank, settings(write_time_to_notes=notes_before))
    chosen = settings(write_time_to_notes=notes)

    once = update(new, present, chosen)

    assert plan_existing(new, once, chosen).action is Action.UNCHANGED
    # Not the way there, but Harvest's time alone decides where it ends.
    assert our_rows(once, PRODUCT) == our_rows(update(new, blank, chosen), PRODUCT)
    assert (once.notes or "").startswith("Call Eva")


# -0 without a point is an integer to the JSON reader that stands in for Upsales here.
NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?\Z").filter(lambda text: text != "-0")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), max_size=4),
    st.lists(st.tuples(st.integers(20, 99), JSON), max_size=4, unique_by=lambda pair: pair[0]),
    st.fixed_dictionaries(
        {},
        optional={
            "description": st.none() | st.text(st.characters(codec="utf-8"), max_size=130),
            "notes": st.none() | st.text(st.characters(codec="utf-8"), max_size=200),
            "contact": st.none() | st.just({"id": 60}),
            "project": st.none() | st.just({"id": 61}),
            "clientConnection": st.none() | st.just({"id": 62}),
            "competitorId": st.none() | st.integers(1, 9),
            "lostReason": JSON,
            "date": st.dates().map(str),
            "user": st.none() | st.just({"id": 63}),
        },
    ),
    entries(most=4),
)
def test_a_save_never_loses_what_is_people_s(
    theirs: list[tuple[str, str]],
    custom: list[tuple[int, Any]],
    fields: dict[str, Any],
    found: list[TimeEntry],
) -> None:
    rows = [
        row_json(quantity, price, OTHER_PRODUCT, 900 + number, ',"custom":[{"fieldId":1,"value":"x"}]')
        for number, (quantity, price) in enumerate(theirs)
    ]
    values = [{"fieldId": number, "value": value} for number, value in custom]
    present = order(row_json("1", "1000"), *rows, custom=values, **fields)
    ours = rows_of_time(project(), counted_time(found, approved_only=False))

    once = stored(body_to_save(present, product_id=PRODUCT, rows=ours))

    def people_s(given: Order) -> list[bytes]:
        return [bytes(raw).replace(b'"name":"Consulting"', b"") for raw in given.rows_raw]

    kept = people_s(once)
    for number, (quantity, price) in enumerate(theirs):
        (row,) = [text for text in kept if f'"id":{900 + number},'.encode() in text]
        # The very digits, not only the same number.
        assert f'"quantity":{quantity},'.encode() in row
        assert f'"price":{price},'.encode() in row
        assert b'"custom":[{"fieldId":1,"value":"x"}]' in row
    assert once.custom == present.custom
    for name in ("description", "notes", "date", "probability", "stage", "user", "client", "currency"):
        assert _id(getattr(once, name)) == _id(getattr(present, name))
    for name in ("contact", "project", "client_connection", "competitor_id", "lost_reason", "currency_rate"):
        assert _id(getattr(once, name)) == _id(getattr(present, name))
    assert once.rows_raw


def _id(value: Any) -> Any:
    return getattr(value, "id", value)
