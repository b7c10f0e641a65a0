"""tap-harvest's own stream of time entries, pointed at another address; its records go to ``/dev/null``.

``python tap.py URL``, in an environment that has tap-harvest. Nothing of it is changed but two addresses.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path

import singer
import tap_harvest.client
from tap_harvest.discover import discover
from tap_harvest.sync import sync

sys.path.insert(0, str(Path(__file__).parent))

from stopwatch import Stopwatch


def main(base: str) -> None:
    logging.disable(logging.CRITICAL)
    tap_harvest.client.REFRESH_URL = f"{base}/id"
    names = ("refresh_token", "client_id", "client_secret", "user_agent")
    config = {**dict.fromkeys(names, "made up"), "start_date": "2010-01-01T00:00:00Z"}
    catalog = discover()
    for stream in catalog.streams:
        for field in stream.metadata:
            wanted = stream.tap_stream_id == "time_entries"
            field["metadata"]["selected"] = wanted
    counted = 0
    write = singer.messages.write_message

    def counting(message: object) -> None:
        nonlocal counted
        counted += isinstance(message, singer.RecordMessage)
        write(message)

    singer.messages.write_message = counting
    watch = Stopwatch()
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        tap_harvest.client.Client(config) as client,
    ):
        client.base_url = f"{base}/v2"
        sync(client, config, catalog, {})
    watch.report(entries=counted)


if __name__ == "__main__":
    main(sys.argv[1])
