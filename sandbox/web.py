"""The shapes that handlers speak in: a call comes in, an answer or a refusal goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from sandbox.jsonio import encode

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One request, read: ``base_url`` is the service's own, without a trailing slash."""

    world: World
    service: str
    sequence: int
    base_url: str
    path: str
    params: dict[str, str]
    query: list[tuple[str, str]]
    body: bytes

    def violation(self, detail: str) -> None:
        self.world.journal.violation(self.service, self.sequence, detail)


@dataclass(frozen=True)
class Answer:
    status: int
    body: object
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The service refuses the request.

    :param body: the JSON that the service answers with.
    """

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.answer = Answer(status, body)


Handler = Callable[[Call], Answer]
Route = tuple[str, str, Handler]


def router_of(world: World, routes: list[Route]) -> APIRouter:
    """FastAPI routes for handlers; each runs alone, holding the world's lock."""
    router = APIRouter()
    for method, path, handler in routes:
        router.add_api_route(path, _endpoint(world, handler), methods=[method], response_model=None)
    return router


def _endpoint(world: World, handler: Handler) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        call = Call(
            world=world,
            service=request.scope["sandbox.service"],
            sequence=request.scope["sandbox.sequence"],
            base_url=request.scope["sandbox.base_url"],
            path=request.scope["sandbox.path"],
            params=dict(request.path_params),
            query=list(request.query_params.multi_items()),
            body=await request.body(),
        )
        with world.lock:
            try:
                answer = handler(call)
            except Refusal as refusal:
                answer = refusal.answer
            content = encode(answer.body) if answer.body is not None else b""
        return Response(content, answer.status, answer.headers, "application/json; charset=utf-8")

    return endpoint
