"""The floor: typed records with ``Decimal``, summed up, over the barest use of an HTTP library.

``python floor.py URL urllib3|requests CONNECTIONS``; more than one connection reads disjoint days, cut beforehand,
which a program that does not know the account can't do.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import msgspec
import requests
import urllib3

sys.path.insert(0, str(Path(__file__).parent))

from stopwatch import Stopwatch


class Project(msgspec.Struct):
    id: int


class Entry(msgspec.Struct):
    spent_date: dt.date
    project: Project
    rounded_hours: Decimal
    billable: bool
    billable_rate: Decimal | None


class Links(msgspec.Struct):
    next: str | None


class Page(msgspec.Struct):
    time_entries: list[Entry]
    links: Links
    total_entries: int


def getter(library: str) -> Callable[[str], bytes]:
    """One connection that is kept alive."""
    if library == "requests":
        session = requests.Session()
        session.trust_env = False
        return lambda url: session.get(url, timeout=60).content
    pool = urllib3.PoolManager(maxsize=1)
    return lambda url: pool.request("GET", url, timeout=60).data


def read(get: Callable[[str], bytes], url: str, sums: dict[tuple[int, Decimal], Decimal]) -> int:
    decoder = msgspec.json.Decoder(Page)
    following: str | None = url
    number = 0
    while following:
        page = decoder.decode(get(following))
        for entry in page.time_entries:
            number += 1
            if entry.billable and entry.billable_rate is not None:
                sums[entry.project.id, entry.billable_rate] += entry.rounded_hours
        following = page.links.next
    return number


def main(base: str, library: str, connections: int) -> None:
    url = f"{base}/v2/time_entries?is_billed=false&per_page=2000"
    cuts = sys.argv[4].split(",") if connections > 1 else []
    watch = Stopwatch()
    parts: list[dict[tuple[int, Decimal], Decimal]] = [defaultdict(Decimal) for _ in range(connections)]
    if connections == 1:
        entries = read(getter(library), url, parts[0])
    else:
        windows = [f"{url}&from={a}&to={b}" for a, b in (cut.split("..") for cut in cuts)]
        with ThreadPoolExecutor(connections) as threads:
            entries = sum(threads.map(lambda w, p: read(getter(library), w, p), windows, parts))
    hours = sum((sum(part.values(), Decimal(0)) for part in parts), Decimal(0))
    amount = sum((h * rate for part in parts for (_, rate), h in part.items()), Decimal(0))
    watch.report(entries=entries, hours=hours, amount=amount)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
