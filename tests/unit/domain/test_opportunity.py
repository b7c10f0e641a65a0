"""What a project's opportunities should say."""

import datetime as dt

import pytest

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.opportunity import Desired, describe_opportunity, desired_opportunities
from harvest_upsales.domain.time_sums import counted_time
from harvest_upsales.records.harvest_records import Project, TimeEntry
from harvest_upsales.settings import OpportunityPer
from tests.unit.domain.builders import ACCOUNT, entry, fixed_fee, project, row

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)


def wanted(
    of: Project, *entries: TimeEntry, per: str = "project", existing: tuple[Month | None, ...] = ()
) -> tuple[Desired, ...]:
    return desired_opportunities(
        ACCOUNT,
        of,
        counted_time(entries, approved_only=False),
        per=OpportunityPer(per),
        existing=[HarvestKey(ACCOUNT, of.id, month) for month in existing],
    )


def keys(found: tuple[Desired, ...]) -> list[str]:
    return [str(desired.key) for desired in found]


def test_a_project_with_time_wants_one_opportunity() -> None:
    (desired,) = wanted(project(), entry(1), entry(2, spent_date="2026-09-01", billable_rate="500"))

    assert str(desired.key) == f"{ACCOUNT}:100"
    assert desired.rows == (row("1", "1000"), row("1", "500"))
    assert (str(desired.amount), desired.currency) == ("1500.00", "SEK")


def test_a_project_without_time_wants_none() -> None:
    assert wanted(project()) == ()
    assert wanted(fixed_fee()) == ()
    assert wanted(project(), per="month") == ()


def test_an_opportunity_whose_time_is_gone_is_wanted_with_no_rows() -> None:
    (desired,) = wanted(project(), existing=(None,))

    assert desired.rows == ()
    assert desired.amount == 0


def test_every_month_of_spent_date_has_its_own() -> None:
    found = wanted(
        project(),
        entry(1, spent_date="2026-09-30", rounded_hours="2"),
        entry(2, spent_date="2026-10-01"),
        entry(3, spent_date="2025-10-01"),
        per="month",
    )

    assert keys(found) == [f"{ACCOUNT}:100:2025-10", f"{ACCOUNT}:100:2026-09", f"{ACCOUNT}:100:2026-10"]
    assert [str(desired.time.newest_day) for desired in found] == ["2025-10-01", "2026-09-30", "2026-10-01"]
    assert [str(desired.amount) for desired in found] == ["1000.00", "2000.00", "1000.00"]


def test_a_month_whose_time_moved_away_is_wanted_with_no_rows() -> None:
    found = wanted(project(), entry(1), per="month", existing=(SEPTEMBER,))

    assert keys(found) == [f"{ACCOUNT}:100:2026-09", f"{ACCOUNT}:100:2026-10"]
    assert found[0].rows == ()


def test_a_fixed_fee_goes_to_the_month_of_the_oldest_entry() -> None:
    found = wanted(
        fixed_fee(), entry(1, spent_date="2026-10-01"), entry(2, spent_date="2026-09-30"), per="month"
    )

    assert keys(found) == [f"{ACCOUNT}:100:2026-09"]
    assert found[0].rows == (row("1", "50000"),)
    assert found[0].time.number == 2


def test_a_fixed_fee_stays_in_the_month_where_it_was_put() -> None:
    found = wanted(fixed_fee(), entry(1, spent_date="2026-09-30"), per="month", existing=(OCTOBER,))

    assert keys(found) == [f"{ACCOUNT}:100:2026-10"]
    assert found[0].rows == (row("1", "50000"),)


def test_months_from_before_a_project_had_its_fee_are_emptied() -> None:
    found = wanted(fixed_fee(), entry(1), per="month", existing=(OCTOBER, SEPTEMBER))

    assert keys(found) == [f"{ACCOUNT}:100:2026-09", f"{ACCOUNT}:100:2026-10"]
    assert [desired.rows for desired in found] == [(row("1", "50000"),), ()]
    assert found[1].time.number == 0


def test_the_date_is_the_project_s_end_else_the_newest_entry_s_day() -> None:
    entries = (entry(1, spent_date="2026-09-30"), entry(2, spent_date="2026-10-02"))

    assert wanted(project(ends_on=dt.date(2027, 1, 31)), *entries)[0].date == dt.date(2027, 1, 31)
    assert wanted(project(), *entries)[0].date == dt.date(2026, 10, 2)
    assert wanted(project(), *entries, per="month")[0].date == dt.date(2026, 9, 30)


def test_an_opportunity_with_neither_has_no_date() -> None:
    with pytest.raises(ValueError, match="neither an end date nor time"):
        _ = wanted(project(), existing=(None,))[0].date


@pytest.mark.parametrize(
    ("code", "month", "text"),
    [
        (None, None, "Nordisk Form AB – Webb"),
        ("NF-1", None, "Nordisk Form AB – Webb (NF-1)"),
        ("", None, "Nordisk Form AB – Webb"),
        (None, OCTOBER, "Nordisk Form AB – Webb 2026-10"),
        ("NF-1", OCTOBER, "Nordisk Form AB – Webb (NF-1) 2026-10"),
        (" N\n1 ", None, "Nordisk Form AB – Webb (N 1)"),
    ],
)
def test_the_description_names_client_project_code_and_month(
    code: str | None, month: Month | None, text: str
) -> None:
    assert describe_opportunity(project(code=code), month) == text


@pytest.mark.parametrize("month", [None, OCTOBER])
@pytest.mark.parametrize("code", [None, "NF-1", "c" * 20, "c" * 500])
@pytest.mark.parametrize("client", ["K", "Kund " * 60, "å" * 130])
@pytest.mark.parametrize("name", ["P", "Projekt " * 60, "p" * 127, "🙂" * 200])
def test_the_description_keeps_its_limit_with_code_and_month_in_it(
    client: str, name: str, code: str | None, month: Month | None
) -> None:
    text = describe_opportunity(project(client=client, name=name, code=code), month)

    assert len(text) <= 130
    assert "\n" not in text
    if month is not None:
        assert text.endswith(" 2026-10")
    if code is not None and len(code) <= 20:
        assert f"({code})" in text
