"""How the tests speak to a service: over HTTP, with a time-out on every call."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import requests

from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN

TODAY = date(2026, 11, 22)
HARVEST_HEADERS = {
    "User-Agent": "sandbox tests (tests@nordlys.example)",
    "Authorization": f"Bearer {HARVEST_TOKEN}",
    "Harvest-Account-Id": HARVEST_ACCOUNT_ID,
}
UPSALES_HEADERS = {"Cookie": f"token={UPSALES_TOKEN}"}


@dataclass
class Service:
    """One service as a client sees it; every call has a time-out."""

    url: str
    headers: dict[str, str]

    def call(self, method: str, path: str, **kw: Any) -> requests.Response:
        headers = kw.pop("headers", self.headers)
        url = path if path.startswith("http") else self.url + path
        timeout = kw.pop("timeout", 10)
        return requests.request(method, url, headers=headers, timeout=timeout, **kw)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: object) -> requests.Response:
        return self.call("POST", path, json=body)

    def put(self, path: str, body: object) -> requests.Response:
        return self.call("PUT", path, json=body)

    def patch(self, path: str, body: object) -> requests.Response:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)
