"""The write points of a scene, found in the sandbox as the writes come in, and the killing of who sends one."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]

from sandbox.journal import Moment
from sandbox.world import World

Record = dict[str, Any]
MOMENTS = tuple(Moment)
# What no client decides: times of saves, sums, and what the billing app answers while the save lasts.
_FOLLOWS = re.compile("modDate|updated_at|lastIntegrationStatus|FORTNOX_ID|.*(Value|value|Margin).*")


@dataclass(frozen=True)
class WritePoint:
    """One write of a scene.

    :param nth: its place among the writes that are sent in the scene, from 1
    :param label: service, route and what it is for, as seen from outside
    """

    scene: str
    nth: int
    label: str

    def __str__(self) -> str:
        return f"{self.scene}, write {self.nth}: {self.label}"


class Watcher:
    """Labels the writes of a world as they come in.

    :ivar labels: of the writes that took effect, in order
    :ivar sent: how many were sent, whatever came of them
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.labels: list[str] = []
        self.sent = 0
        self._before: dict[int, Record] = {}

    def __call__(self, moment: Moment, entry: Record, port: int) -> bool:
        with self.world.lock:
            match moment:
                case Moment.ARRIVED:
                    self.sent += 1
                    self._before[entry["sequence"]] = self._seen(entry)
                case Moment.DONE if entry["took_effect"]:
                    self.labels.append(self._label(entry))
                case _:
                    pass
        return False

    def points(self, scene: str) -> list[WritePoint]:
        """The write points of a scene that nobody disturbed."""
        assert self.sent == len(self.labels), "a write had no effect though nobody disturbed it"
        return [WritePoint(scene, nth, label) for nth, label in enumerate(self.labels, 1)]

    def _label(self, entry: Record) -> str:
        route = f"{entry['service']} {entry['method']} {route_of(entry['path'])}"
        if entry["method"] == "POST":
            return f"{route} with {', '.join(_leaves(entry['body']))}"
        before, after = self._before[entry["sequence"]], self._seen(entry)
        if not after:
            return route
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        return f"{route} changes {', '.join(_told(name, after.get(name)) for name in changed) or 'nothing'}"

    def _seen(self, entry: Record) -> Record:
        """The record that the path names, flat enough to compare; empty where there is none."""
        collections: dict[str, dict[int, Record]] = {
            "orders": self.world.upsales.orders,
            "projects": self.world.harvest.projects,
            "invoices": self.world.harvest.invoices,
        }
        found = re.fullmatch(r"/(\w+)/(\d+)", entry["path"])
        record = collections.get(found[1], {}).get(int(found[2])) if found else None
        if record is None:
            return {}
        flat = {**record}
        if "orderRow" in flat:
            flat["orderRow"] = [
                (row["product"]["id"], row["quantity"], row["price"]) for row in flat["orderRow"]
            ]
        aliases = {field["id"]: field["alias"] for field in self.world.upsales.order_fields.values()}
        flat |= {aliases[value["fieldId"]]: value["value"] for value in flat.pop("custom", ())}
        return {name: repr(value) for name, value in flat.items() if not _FOLLOWS.fullmatch(name)}


class Killer(Watcher):
    """Kills the process that sends the n-th write at one of the write's moments.

    The process is found by its end of the connection, so nothing of the product takes part. After the answer it may
    get on a little, even to its next write.

    :param and_parent: kill the process that looks after it first, as where a whole worker is lost
    :ivar killed: id of the process, once it was killed
    """

    def __init__(
        self, world: World, server_port: int, nth: int, moment: Moment, *, and_parent: bool = False
    ) -> None:
        super().__init__(world)
        self._server_port = server_port
        self._nth, self._moment, self._and_parent = nth, moment, and_parent
        self._sender: int | None = None
        self.killed: int | None = None

    def __call__(self, moment: Moment, entry: Record, port: int) -> bool:
        super().__call__(moment, entry, port)
        if self.killed is not None or self.sent != self._nth:
            return False
        # Found early, as it takes some milliseconds, in which a process that has its answer would be far away.
        self._sender = self._sender or _sender(port, self._server_port)
        if moment is not self._moment:
            return False
        if self._and_parent:
            os.kill(psutil.Process(self._sender).ppid(), signal.SIGKILL)
        os.kill(self._sender, signal.SIGKILL)
        self.killed = self._sender
        return True


def _sender(port: int, server_port: int) -> int:
    """The process at the other end of a connection to this one."""
    ends = {
        connection.pid
        for connection in psutil.net_connections("tcp4")
        if connection.pid
        and connection.raddr
        and (connection.laddr.port, connection.raddr.port) == (port, server_port)
    }
    (pid,) = ends - {os.getpid()}
    return int(pid)


def route_of(path: str) -> str:
    """A path without the ids in it."""
    return re.sub(r"/\d+(?=/|$)", "/{id}", path)


def _told(name: str, value: str | None) -> str:
    """A changed field; what is switched or cleared is told apart from its opposite."""
    if value is None:
        return f"{name} cleared"
    return f"{name}={value}" if value in ("True", "False") else name


def _leaves(body: object, above: str = "") -> list[str]:
    """Names of the fields of a request; an event's name tells one message from another."""
    if not isinstance(body, dict):
        return [above]
    named = [f"{name}={value}" if name in ("event_type", "alias") else name for name, value in body.items()]
    return sorted(
        leaf
        for name, value in zip(named, body.values(), strict=True)
        for leaf in _leaves(value, f"{above}.{name}" if above else name)
    )
