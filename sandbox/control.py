"""The control API: what people, the billing app and bad luck do. It asks for no credentials."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from sandbox.jsonio import JsonError, Record, decode, encode
from sandbox.world import World

SWITCHES: dict[str, tuple[str, ...]] = {
    "harvest": ("hide_rates", "invoicing_bumps_updated_at", "rounding_minutes", "paging", "most_per_page"),
    "upsales": (
        "custom_ne_matches_missing", "custom_put_replaces", "put_replaces_whole", "price_decimals",
        "enforce_obligatory", "rate_divides", "says_totals", "most_per_page",
    ),
    "billing": (
        "mode", "delay_s", "naive", "ignores_api_saves", "fail_status", "fail_message", "connected",
        "reference_alias", "integration_id",
    ),
}  # fmt: skip
COLLECTIONS: dict[str, tuple[str, ...]] = {
    "harvest": (
        "users", "clients", "contacts", "tasks", "projects", "time_entries", "expenses", "invoices",
        "messages",
        "emails", "company",
    ),
    "upsales": (
        "companies", "contacts", "users", "products", "stages", "currencies", "order_fields", "orders",
        "integrations", "notifications",
    ),
    "billing": ("customer_invoices", "calls"),
}  # fmt: skip


class ControlError(Exception):
    """The control API was asked for something that it does not have."""


def people_actions(world: World) -> dict[str, Callable[..., Any]]:
    """What a person can do in either service, by name; the arguments are those of the Python methods."""
    harvest, upsales = world.harvest, world.upsales
    return {
        "move_order": upsales.move, "add_row": upsales.add_row, "edit_order": upsales.edit,
        "delete_order": upsales.delete_order, "add_order": upsales.add_order,
        "add_company": upsales.add_company,
        "add_upsales_contact": upsales.add_contact, "add_time": harvest.add_time,
        "edit_time": harvest.edit_time,
        "delete_time": harvest.delete_time, "stop_timer": harvest.stop_timer,
        "add_project": harvest.add_project,
        "add_client": harvest.add_client, "add_contact": harvest.add_contact,
        "add_expense": harvest.add_expense,
        "set": lambda **wish: set_field(world, **wish),
    }  # fmt: skip


def set_field(world: World, *, service: str, collection: str, id: int, **fields: Any) -> None:
    """Set fields of any record, as no person could."""
    records = _collection(world, service, collection)
    record = records[id]
    record.update(fields)
    # A collection may keep its records in an order of its own.
    records[id] = record


def _collection(world: World, service: str, name: str) -> Any:
    if name not in COLLECTIONS.get(service, ()):
        raise ControlError(f"there is no collection {service}/{name}")
    return getattr(getattr(world, service), name)


def set_switches(world: World, service: str, switches: Record) -> None:
    """:raises ControlError: a switch that the service does not have; nothing is set then."""
    target = getattr(world, service)
    if unknown := sorted(set(switches) - set(SWITCHES[service])):
        raise ControlError(f"{service} has no switch {', '.join(unknown)}")
    for name, value in switches.items():
        setattr(target, name, float(value) if name == "delay_s" else value)


def set_billing(world: World, wish: Record) -> None:
    """The billing app's switches; also ``clock_behind_hours`` and ``orders`` (order id → mode)."""
    rest = dict(wish)
    behind, orders = rest.pop("clock_behind_hours", None), rest.pop("orders", None)
    set_switches(world, "billing", rest)
    if behind is not None:
        world.billing.clock_behind = timedelta(hours=float(behind))
    world.billing.order_modes.update({int(order): mode for order, mode in (orders or {}).items()})


def control_router(world: World) -> APIRouter:
    """The routes under ``/control``."""
    router = APIRouter()
    actions = people_actions(world)

    def add_faults(body: Any) -> object:
        rules = body if isinstance(body, list) else [body]
        return [msgspec.to_builtins(world.faults.add(**rule)) for rule in rules]

    def switch(body: Any) -> None:
        for service, switches in body.items():
            if service not in SWITCHES:
                raise ControlError(f"there is no service {service}")
            set_switches(world, service, switches)

    def act(body: Any, action: str) -> object:
        if action not in actions:
            raise ControlError(f"people can't {action}; they can {', '.join(actions)}")
        return {"result": actions[action](**body)}

    def journal(body: Any, since: str = "0") -> object:
        return world.journal.since(int(since))

    def state(body: Any, service: str, collection: str) -> object:
        records = _collection(world, service, collection)
        return list(records.values()) if collection != "company" and isinstance(records, Mapping) else records

    for method, path, handler in (
        ("GET", "/journal", journal),
        ("GET", "/violations", lambda body: world.journal.violations),
        ("GET", "/state/{service}/{collection}", state),
        ("GET", "/today", lambda body: {"today": world.today.isoformat()}),
        ("GET", "/faults", lambda body: [msgspec.to_builtins(rule) for rule in world.faults.rules]),
        ("POST", "/faults", add_faults),
        ("DELETE", "/faults", lambda body: world.faults.clear()),
        ("POST", "/people/{action}", act),
        ("POST", "/billing", lambda body: set_billing(world, body)),
        ("POST", "/reset_rate_limits", lambda body: world.limits.reset()),
        ("POST", "/switches", switch),
    ):
        router.add_api_route(path, _endpoint(world, handler), methods=[method], response_model=None)
    return router


def _endpoint(world: World, handler: Callable[..., object]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        status, answer = 200, None
        try:
            body = decode(await request.body() or b"{}")
            with world.lock:
                result = handler(body, **request.path_params, **request.query_params)
                answer = encode(_plain({"ok": True} if result is None else result))
        except (ControlError, JsonError, KeyError, TypeError, ValueError, AttributeError) as error:
            status, answer = 400, encode({"error": f"{type(error).__name__}: {error}"})
        return Response(answer, status, media_type="application/json")

    return endpoint


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
