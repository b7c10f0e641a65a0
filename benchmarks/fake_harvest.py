"""Harvest's list of time entries, served so fast that it is never what is measured.

A process of its own: pages are slices of one buffer, made beforehand, sent over bare asyncio. It keeps Harvest's
limit of 100 requests in 15 s and answers 429 above it, and can wait before each answer as a far server would.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from benchmarks.time_entries import TimeEntries

LIMIT, WINDOW_S = 100, 15.0
PAGE_SIZE = 2000
_KNOWN = frozenset({"page", "per_page", "from", "to", "is_billed", "updated_since", "project_id"})


class FakeHarvest:
    """The state: entries, the wait before an answer, and what was asked.

    :param entries: of the account
    """

    def __init__(self, entries: TimeEntries) -> None:
        self.entries = entries
        self.base = ""
        self.begin(0)

    def begin(self, wait_ms: float) -> None:
        """Forget what was asked; from now on, wait so long before each answer."""
        self.wait_s = wait_ms / 1000
        self.asked = 0
        self.refused = 0
        self._lately: deque[float] = deque()
        self.most_in_window = 0

    def counted(self) -> dict[str, Any]:
        """What was asked since ``begin``."""
        return {"requests": self.asked, "refused": self.refused, "most_in_window": self.most_in_window}

    def time_entries(self, query: dict[str, str]) -> tuple[int, list[bytes | memoryview]]:
        """A page of the list."""
        if not set(query) <= _KNOWN:
            return 400, [b'{"message":"a filter that this server does not know"}']
        if not self._is_allowed():
            return 429, [b'{"message":"throttled"}']
        if "project_id" in query:
            return self._of_project(int(query["project_id"]))
        size, page = int(query.get("per_page", PAGE_SIZE)), int(query.get("page", 1))
        # Every entry was last saved on the day that it is about.
        since = max(filter(None, (_day(query.get("from")), _day(query.get("updated_since")))), default=None)
        chosen = self.entries.within(since, _day(query.get("to")))
        number = chosen.end - chosen.first
        pages = max(1, -(-number // size))
        first = chosen.first + (page - 1) * size
        part = type(chosen)(first, min(first + size, chosen.end))
        links = {
            name: None if at is None else f"{self.base}/v2/time_entries?{urlencode({**query, 'page': at})}"
            for name, at in {
                "first": 1,
                "next": page + 1 if page < pages else None,
                "previous": page - 1 if page > 1 else None,
                "last": pages,
            }.items()
        }
        tail = {
            "per_page": size,
            "total_pages": pages,
            "total_entries": number,
            "next_page": page + 1 if page < pages else None,
            "previous_page": page - 1 if page > 1 else None,
            "page": page,
            "links": links,
        }
        return 200, [b'{"time_entries":[', self.entries.text(part), b"]," + json.dumps(tail).encode()[1:]]

    def _of_project(self, project_id: int) -> tuple[int, list[bytes | memoryview]]:
        """All of one project's time, on one page."""
        number, text = self.entries.of_project(project_id)
        assert number <= PAGE_SIZE, "a project fills more than a page"
        tail = {"total_pages": 1, "total_entries": number, "links": {"next": None}}
        return 200, [b'{"time_entries":[', text, b"]," + json.dumps(tail).encode()[1:]]

    def _is_allowed(self) -> bool:
        now = time.monotonic()
        while self._lately and now - self._lately[0] >= WINDOW_S:
            self._lately.popleft()
        self.asked += 1
        if len(self._lately) >= LIMIT:
            self.refused += 1
            return False
        self._lately.append(now)
        self.most_in_window = max(self.most_in_window, len(self._lately))
        return True

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, list[bytes | memoryview]]:
        """Any request."""
        if path == "/v2/time_entries":
            return self.time_entries(query)
        if path == "/control/begin":
            self.begin(float(query["wait_ms"]))
            return 200, [b"{}"]
        if path == "/control/counted":
            return 200, [json.dumps(self.counted()).encode()]
        if path == "/control/expected":
            hours, amount = self.entries.sums(int(query["projects"]))
            sums = {"hours": str(hours), "amount": str(amount)}
            return 200, [json.dumps({**sums, "entries": self.entries.number}).encode()]
        # What tap-harvest asks before it begins.
        if path == "/id/oauth2/token":
            return 200, [b'{"access_token":"made-up","expires_in":64800}']
        if path == "/id/accounts":
            return 200, [b'{"accounts":[{"id":1}]}']
        return 404, [b"{}"]


class Connection(asyncio.Protocol):
    """One client connection, kept alive.

    :param harvest: what is served
    """

    def __init__(self, harvest: FakeHarvest) -> None:
        self._harvest = harvest
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        """Large buffers, as nothing is saved by holding back."""
        self._transport = transport
        transport.set_write_buffer_limits(high=64 << 20)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole; a body is read over."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, rest = self._received.split(b"\r\n\r\n", 1)
            length = _content_length(head)
            if len(rest) < length:
                return
            self._received = rest[length:]
            target = head.split(b" ", 2)[1].decode()
            parts = urlsplit(target)
            status, body = self._harvest.answer(parts.path, dict(parse_qsl(parts.query)))
            wait_s = 0 if parts.path.startswith("/control") else self._harvest.wait_s
            if wait_s:
                asyncio.get_running_loop().call_later(wait_s, self._send, status, body)
            else:
                self._send(status, body)

    def _send(self, status: int, body: list[bytes | memoryview]) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        length = sum(len(part) for part in body)
        head = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Content-Length: {length}\r\n{'Retry-After: 15' + chr(13) + chr(10) if status == 429 else ''}\r\n"
        )
        self._transport.writelines([head.encode(), *body])


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.datetime.fromisoformat(text).date()


async def serve(harvest: FakeHarvest) -> None:
    """Serve at a free port of this machine, say which, until the standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(harvest), "127.0.0.1", 0)
    harvest.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(harvest.base, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(FakeHarvest(TimeEntries(int(sys.argv[1]), int(sys.argv[2])))))
