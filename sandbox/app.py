"""The application: both services and the control API behind the gateway."""

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from sandbox.control import control_router
from sandbox.gateway import Gateway
from sandbox.harvest import directory, invoicing, messaging, tracking, uninvoiced
from sandbox.jsonio import encode
from sandbox.pages import page_router
from sandbox.upsales import customers, lookups, order_fields
from sandbox.web import router_of
from sandbox.world import World

NO_SUCH_PAGE = (
    "<!DOCTYPE html><html><head><title>Error</title></head><body>Cannot {method} {path}</body></html>"
)


def build_app(world: World) -> ASGIApp:
    """:param world: the state that all answers come from."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for module in (directory, tracking, invoicing, messaging, uninvoiced):
        app.include_router(router_of(world, module.ROUTES), prefix="/v2")
    for module in (lookups, customers, order_fields):
        app.include_router(router_of(world, module.ROUTES), prefix="/api/v2")
    app.include_router(control_router(world), prefix="/control")
    app.include_router(page_router(world))
    app.add_exception_handler(HTTPException, _unknown_route)
    return Gateway(app, world)


async def _unknown_route(request: Request, error: Exception) -> Response:
    """Harvest's and Upsales' own pages for what they do not have (a wrong method included)."""
    marked = {"x-sandbox-unknown-route": "1"}
    service = request.scope.get("sandbox.service")
    if service == "upsales":
        page = NO_SUCH_PAGE.format(method=request.method, path=request.scope["sandbox.path"])
        return Response(page, 404, marked, "text/html; charset=utf-8")
    return Response(
        encode({"status": 404, "error": "Not Found"}), 404, marked if service else {}, "application/json"
    )
