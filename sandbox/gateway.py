"""The ASGI layer in front of both services: journal, doors, faults, and connections that are really cut."""

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.doors import harvest_door, rate_headers, upsales_door
from sandbox.faults import FaultRule
from sandbox.jsonio import Record, encode
from sandbox.web import Answer
from sandbox.world import World

BASES = {"harvest": "/v2", "upsales": "/api/v2"}
HTML = "text/html; charset=utf-8"
ERROR_PAGE = b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"


@dataclass
class Raw:
    """An answer as bytes on their way out."""

    status: int
    headers: dict[str, str]
    content: bytes


class Gateway:
    """:param app: the routes of both services and of the control API."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = _service_of(scope) if scope["type"] == "http" else None
        if service is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        path = _below_base(scope["path"], service)
        query = request.query_params.multi_items()
        with self.world.lock:
            entry = self.world.journal.open(service, scope["method"], path, query, body)
            rule = self.world.faults.match(service, scope["method"], path)
        entry["fault"] = rule and rule.kind
        if rule and rule.delay_s:
            await asyncio.sleep(rule.delay_s)
        raw = None
        if rule is None or rule.carries_out:
            raw = await self._process(request, body, service, path, entry)
        if rule is None:
            assert raw is not None
            await _send(send, raw, entry)
        else:
            await _send_faulty(scope, receive, send, rule, raw, entry)

    async def _process(self, request: Request, body: bytes, service: str, path: str, entry: Record) -> Raw:
        """Let the request through the service's door and carry it out."""
        with self.world.lock:
            door = harvest_door if service == "harvest" else upsales_door
            kept_out = door(self.world, request, path)
        extra = rate_headers(self.world, entry["sequence"]) if service == "upsales" else {}
        raw = (
            _raw(kept_out) if kept_out else await self._inner(request, body, service, path, entry["sequence"])
        )
        raw.headers |= extra
        if raw.status == 404 and path_is_unknown(raw):
            self.world.journal.violation(
                service, entry["sequence"], f"unknown route: {entry['method']} {path}"
            )
        entry["took_effect"] = entry["is_write"] and raw.status < 400
        return raw

    async def _inner(self, request: Request, body: bytes, service: str, path: str, sequence: int) -> Raw:
        host = request.headers.get("host", "127.0.0.1")
        scope = {
            **request.scope, "path": BASES[service] + path, "raw_path": (BASES[service] + path).encode(),
            "sandbox.service": service, "sandbox.sequence": sequence, "sandbox.path": path,
            "sandbox.base_url": f"http://{host}{BASES[service]}",
        }  # fmt: skip
        sent: list[Message] = []

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            sent.append(message)

        await self.app(scope, replay, collect)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        headers.pop("content-length", None)
        return Raw(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


def path_is_unknown(raw: Raw) -> bool:
    """Routes that do not exist are marked by the application's own handler."""
    return raw.headers.pop("x-sandbox-unknown-route", None) is not None


def _service_of(scope: Scope) -> str | None:
    path = scope["path"].lower()
    return next((name for name, base in BASES.items() if path == base or path.startswith(f"{base}/")), None)


def _below_base(path: str, service: str) -> str:
    """Upsales' paths are the same in any case and with a slash at the end."""
    below = path[len(BASES[service]) :]
    return (below.lower().rstrip("/") if service == "upsales" else below) or "/"


def _raw(answer: Answer) -> Raw:
    if isinstance(answer.body, str):
        return Raw(answer.status, dict(answer.headers), answer.body.encode())
    headers = {"content-type": "application/json; charset=utf-8", **answer.headers}
    return Raw(answer.status, headers, encode(answer.body))


async def _send(send: Send, raw: Raw, entry: Record, *, length: int | None = None) -> None:
    entry["status"] = raw.status
    headers = {**raw.headers, "content-length": str(len(raw.content) if length is None else length)}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": raw.status, "headers": pairs})
    await send({"type": "http.response.body", "body": raw.content, "more_body": length is not None})


async def _send_faulty(
    scope: Scope, receive: Receive, send: Send, rule: FaultRule, raw: Raw | None, entry: Record
) -> None:
    """Answer (or do not answer) as the rule says; ``raw`` is None where nothing was processed."""
    if rule.kind in ("cut_before", "cut_after"):
        await _cut(scope, receive)
    elif rule.kind == "truncate" and raw is not None:
        half = Raw(raw.status, raw.headers, raw.content[: len(raw.content) // 2])
        await _send(send, half, entry, length=None if rule.short else len(raw.content))
        if not rule.short:
            await _cut(scope, receive)
    else:
        await _send(send, _spoilt(rule, raw), entry)


def _spoilt(rule: FaultRule, raw: Raw | None) -> Raw:
    json_type = {"content-type": "application/json; charset=utf-8"}
    if rule.kind == "status":
        return Raw(rule.status, {**json_type, **rule.headers}, rule.body.encode())
    if rule.kind == "html200":
        return Raw(200, {"content-type": HTML}, ERROR_PAGE)
    if rule.kind == "empty_envelope":
        return Raw(200, json_type, b"{}")
    assert raw is not None
    return (
        Raw(raw.status, {**raw.headers, "content-type": HTML}, raw.content) if rule.kind != "delay" else raw
    )


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection, and wait until the server has noticed."""
    transport: Any = scope["sandbox.transport"]
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
