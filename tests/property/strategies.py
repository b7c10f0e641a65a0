"""Accounts as Harvest can have them."""

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from harvest_upsales.records.harvest_records import Project, Reference, TimeEntry
from tests.unit.domain.builders import entry, fixed_fee, project

CURRENCIES = st.sampled_from(["SEK", "EUR", "JPY", "KWD", "ISK", "XXX"])
# Rates with up to four decimals, also written with zeros that say nothing.
RATES = st.one_of(
    st.integers(0, 30_000_000).map(lambda number: Decimal(number).scaleb(-4)),
    st.sampled_from(
        [Decimal(text) for text in ("1250.5", "1250.50", "1250.5000", "0", "0.00", "900", "9E+2")]
    ),
)
# Harvest rounds to 6, 15 or 30 minutes, or not at all; corrections are negative.
HOURS = st.one_of(
    st.integers(-40, 960).map(lambda quarters: Decimal(quarters) / 4),
    st.integers(-500, 2400).map(lambda hundredths: Decimal(hundredths).scaleb(-2)),
)
_ENDS = ("2024-02-29", "2025-12-31", "2026-01-01", "2026-10-31", "2026-11-01")
# Around month ends, leap days and years' ends above all.
DAYS = st.one_of(
    st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 31)),
    st.sampled_from(
        [
            dt.date.fromisoformat(f"{day}")
            for day in ("2024-02-29", "2025-12-31", "2026-01-01", "2026-10-31", "2026-11-01")
        ]
    ),
)
MOSTLY = st.integers(0, 9).map(lambda number: number > 0)
SELDOM = MOSTLY.map(lambda usual: not usual)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


@st.composite
def entries(draw: st.DrawFn, *, most: int = 25) -> list[TimeEntry]:
    """Time entries of one project with numbers of their own."""
    return [
        entry(
            number,
            spent_date=draw(DAYS),
            rounded_hours=draw(HOURS),
            billable_rate=draw(RATES),
            billable=draw(MOSTLY),
            is_billed=draw(SELDOM),
            is_running=draw(SELDOM),
            is_closed=draw(st.booleans()),
            user=Reference(1, "Åsa"),
            notes=draw(st.none() | TEXTS),
        )
        for number in range(1, draw(st.integers(0, most)) + 1)
    ]


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """A project, now and then at a fixed fee."""
    currency = draw(CURRENCIES)
    if draw(SELDOM):
        return fixed_fee(str(draw(RATES)), currency=currency)
    return project(currency=currency)
