"""What Upsales has of each project."""

import msgspec

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.upsales_side import ProjectOrders, orders_by_project
from tests.unit.domain.builders import FIELDS, OTHER_PRODUCT, PRODUCT, brief, row, row_json


def test_orders_are_sorted_by_where_they_stand() -> None:
    orders = {
        HarvestKey("1", 100, Month(2026, number)): [
            brief(row_json(str(number), "10"), row_json("1", "5", OTHER_PRODUCT), **changes)
        ]
        for number, changes in enumerate(
            [
                {"id": 1},
                {"id": 2, "probability": 100},
                {"id": 3, "probability": 100, "invoice": "9"},
                {"id": 4, "probability": 0},
                {"id": 5, "probability": 90, "invoice": "9"},
            ],
            start=1,
        )
    }

    found = orders_by_project(orders, FIELDS, PRODUCT)[100]

    assert (found.open, found.won, found.settled, found.lost) == ((1,), (2,), (3, 5), (4,))
    assert found.live_rows == (row("1", "10"), row("2", "10"))
    assert found.lost_rows == (row("4", "10"),)
    assert found.lost_months == (Month(2026, 4),)
    assert found.live_value("SEK") == 30
    assert found.value_with_lost("SEK") == 70
    assert found.currency == "SEK"


def test_what_an_older_version_staged_is_read() -> None:
    old = b"""{"rows": [{"quantity": "3.75", "price": "1000"}], "lost_rows": [], "currency": "SEK", "live": [12],
        "won": [], "settled": [], "lost": [13], "lost_months": [{"year": 2026, "number": 4}]}"""

    read = msgspec.json.decode(old, type=ProjectOrders, strict=False)

    assert read == ProjectOrders(
        live_rows=(row("3.75", "1000"),),
        currency="SEK",
        open=(12,),
        lost=(13,),
        lost_months=(Month(2026, 4),),
    )
    assert msgspec.json.decode(msgspec.json.encode(read)) == msgspec.json.decode(old)
