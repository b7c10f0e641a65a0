"""What a short script does: requests, ``json.loads``, floats. ``python plain.py URL``."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parent))

from stopwatch import Stopwatch


def main(base: str) -> None:
    watch = Stopwatch()
    sums: dict[tuple[int, float], float] = defaultdict(float)
    url: str | None = f"{base}/v2/time_entries?is_billed=false&per_page=2000"
    entries = 0
    session = requests.Session()
    session.trust_env = False
    while url:
        page = json.loads(session.get(url, timeout=60).content)
        for entry in page["time_entries"]:
            entries += 1
            if entry["billable"] and entry["billable_rate"] is not None:
                sums[entry["project"]["id"], entry["billable_rate"]] += entry["rounded_hours"]
        url = page["links"]["next"]
    amount = sum(hours * rate for (_, rate), hours in sums.items())
    watch.report(entries=entries, hours=sum(sums.values()), amount=amount)


if __name__ == "__main__":
    main(sys.argv[1])
