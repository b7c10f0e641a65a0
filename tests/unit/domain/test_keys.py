"""HARVEST_KEY and calendar months."""

import datetime as dt

import pytest

from harvest_upsales.domain.keys import HarvestKey, Month, parse_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("998877:100", HarvestKey("998877", 100)),
        ("998877:100:2026-10", HarvestKey("998877", 100, Month(2026, 10))),
        (" 998877:100\n", HarvestKey("998877", 100)),
    ],
)
def test_a_key_is_read(text: str, key: HarvestKey) -> None:
    assert parse_key(text) == key
    assert str(key) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        None,
        100,
        "",
        "998877",
        "998877:",
        ":100",
        "998877:100:",
        "998877:100:2026",
        "998877:100:2026-13",
        "998877:100:2026-00",
        "998877:100:2026-1",
        "998877:100:0000-01",
        "998877:100:2026-10:1",
        "998877:0",
        "998877:007",
        "998877:-1",
        "998877:1.5",
        "998877:１",
        "99 77:100",
        "ask Anna: 100",
        "998877:" + "9" * 5000,
    ],
)
def test_text_that_this_package_did_not_write_is_no_key(text: object) -> None:
    assert parse_key(text) is None


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [
        (Month(2026, 1), "2026-01-01", "2026-01-31"),
        (Month(2026, 2), "2026-02-01", "2026-02-28"),
        (Month(2028, 2), "2028-02-01", "2028-02-29"),
        (Month(2026, 12), "2026-12-01", "2026-12-31"),
    ],
)
def test_a_month_has_its_first_and_last_day(month: Month, first: str, last: str) -> None:
    assert (month.first_day.isoformat(), month.last_day.isoformat()) == (first, last)


def test_the_last_day_of_a_month_belongs_to_it_and_the_next_to_the_next() -> None:
    assert Month.of(dt.date(2026, 10, 31)) == Month(2026, 10)
    assert Month.of(dt.date(2026, 11, 1)) == Month(2026, 11)
    assert Month(2025, 12) < Month(2026, 1) < Month(2026, 11)
