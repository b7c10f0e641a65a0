"""The ASGI layer in front of both services: journal, doors, faults, and connections that are really cut."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.doors import harvest_door, rate_headers, upsales_door
from sandbox.faults import FaultRule
from sandbox.journal import Moment
from sandbox.jsonio import Record, decode, encode
from sandbox.web import Answer
from sandbox.world import World

BASES = {"harvest": "/v2", "upsales": "/api/v2"}
HTML = "text/html; charset=utf-8"
PARTS = 10
PLACE = "<here>"
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
            self.world.moments.arrive()
        entry["fault"] = rule and rule.kind
        if self._client_is_gone(Moment.ARRIVED, scope, entry):
            await _cut(scope, receive)
            return
        if rule and rule.delay_s:
            await asyncio.sleep(rule.delay_s)
        raw = None
        if rule and rule.kind == "late":
            await self._process_late(request, body, service, path, entry)
        elif rule is None or rule.carries_out:
            raw = await self._process(request, body, service, path, entry)
            self.world.moments.carried_out()
        if self._client_is_gone(Moment.DONE, scope, entry):
            await _cut(scope, receive)
            return
        if rule is None:
            assert raw is not None
            await _send(send, raw, entry)
        else:
            await _send_faulty(scope, receive, send, rule, raw, entry)
        self._client_is_gone(Moment.ANSWERED, scope, entry)

    def _client_is_gone(self, moment: Moment, scope: Scope, entry: Record) -> bool:
        watcher = self.world.watcher
        return watcher is not None and entry["is_write"] and watcher(moment, entry, scope["client"][1])

    async def _process(self, request: Request, body: bytes, service: str, path: str, entry: Record) -> Raw:
        """Let the request through the service's door and carry it out."""
        with self.world.lock:
            door = harvest_door if service == "harvest" else upsales_door
            kept_out = door(self.world, request, path)
        extra = rate_headers(self.world, request, entry["sequence"]) if service == "upsales" else {}
        raw = (
            _raw(kept_out) if kept_out else await self._inner(request, body, service, path, entry["sequence"])
        )
        raw.headers |= extra
        if raw.status == 200:
            raw.content = self.world.moments.pass_by(service, entry["method"], path, raw.content)
        if raw.status == 404 and path_is_unknown(raw):
            self.world.journal.violation(
                service, entry["sequence"], f"unknown route: {entry['method']} {path}"
            )
        entry["took_effect"] = entry["is_write"] and raw.status < 400
        return raw

    async def _process_late(
        self, request: Request, body: bytes, service: str, path: str, entry: Record
    ) -> None:
        """Carry the request out when it is told to, which may be long after the client gave up."""
        may, done = self.world.faults.put_off()
        while not may.is_set():
            await asyncio.sleep(0.002)
        await self._process(request, body, service, path, entry)
        done.set()

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
    if rule.kind in ("cut_before", "cut_after", "late"):
        await _cut(scope, receive, reset=rule.reset)
    elif rule.kind == "stall" and raw is not None:
        await asyncio.sleep(rule.answer_s)
        await _send(send, raw, entry)
    elif rule.kind == "dribble" and raw is not None:
        await _dribble(send, raw, entry, rule.answer_s)
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
    if rule.kind == "edit":
        return Raw(raw.status, raw.headers, _edited(raw.content, rule.at.split("."), rule.raw))
    if rule.kind == "bare":
        return Raw(raw.status, raw.headers, _without_envelope(raw.content))
    return (
        Raw(raw.status, {**raw.headers, "content-type": HTML}, raw.content) if rule.kind != "delay" else raw
    )


def _edited(content: bytes, at: list[str], raw: str) -> bytes:
    """The answer with one value replaced; as it is where it has none in that place."""
    answer: Any = decode(content) if content else None
    inner = answer
    try:
        for part in at[:-1]:
            inner = inner[int(part) if isinstance(inner, list) else part]
        inner[int(at[-1]) if isinstance(inner, list) else at[-1]] = PLACE
    except (KeyError, IndexError, TypeError):
        return content
    return encode(answer).replace(encode(PLACE), raw.encode(), 1)


def _without_envelope(content: bytes) -> bytes:
    """Upsales' ``data`` alone, a Harvest list's records alone; of a single Harvest record, a list with it."""
    answer: Any = decode(content) if content else None
    if not isinstance(answer, dict):
        return content
    lists = [value for value in answer.values() if isinstance(value, list)]
    inner = answer["data"] if "data" in answer else lists[0] if "links" in answer else [answer]
    return encode(inner)


async def _dribble(send: Send, raw: Raw, entry: Record, seconds: float) -> None:
    """The answer in ten parts, with pauses in between."""
    entry["status"] = raw.status
    headers = {**raw.headers, "content-length": str(len(raw.content))}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": raw.status, "headers": pairs})
    size = len(raw.content) // PARTS + 1
    for start in range(0, PARTS * size, size):
        await asyncio.sleep(seconds / PARTS)
        await send(
            {"type": "http.response.body", "body": raw.content[start : start + size], "more_body": True}
        )
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _cut(scope: Scope, receive: Receive, *, reset: bool = False) -> None:
    """Close the TCP connection, and wait until the server has noticed."""
    transport: Any = scope["sandbox.transport"]
    if reset:
        # With no time to linger the kernel sends RST, and drops what was not sent yet.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
