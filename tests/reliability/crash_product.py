"""Where the product's source says that it writes: routes in ``api``, and the places that call them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import harvest_upsales

PACKAGE = Path(harvest_upsales.__file__).parent
SENDERS = {"write", "write_decoded", "sent"}
# They hand on the method and path that their callers say.
HAND_ON = {"upsales_envelope.py", "transport.py"}


def sources(folder: str = ".") -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node


def senders() -> set[str]:
    """Files that may send a request by themselves: they call something like ``post`` on a session or a library.

    A decorator's call declares a route of our own, and queues and stores have a ``put`` and a ``delete``, too: only
    where an HTTP library is imported, or the receiver is called a session, does the name count.
    """
    names = {"post", "put", "patch", "delete", "request", "send", "urlopen"}
    found = set()
    for path, tree in sources():
        calls = set(_calls(tree, names)) - set(_decorators(tree))
        if any(_imports_http(tree) or "session" in ast.unparse(call.func).lower() for call in calls):
            found.add(path.name)
    return found


def _imports_http(tree: ast.Module) -> bool:
    libraries = {"requests", "urllib3", "aiohttp", "httpx", "http", "urllib"}
    modules = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    ]
    # Only takes addresses apart.
    return any(name.split(".")[0] in libraries and name != "urllib.parse" for name in modules)


def _decorators(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from node.decorator_list


def routes() -> set[str]:
    """Method and path of every write; a call whose method or path can't be read stands there as it is written."""
    return {
        f"{_text(call.args[0])} {_text(call.args[1])}"
        for path, tree in sources()
        if path.name not in HAND_ON
        for call in _calls(tree, SENDERS)
        if len(call.args) > 1
    }


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) if isinstance(part, ast.Constant) else "{id}" for part in parts)
        case _:
            return ast.unparse(node)


def writing_methods() -> set[str]:
    """The clients' methods that write."""
    return {
        function.name
        for path, tree in sources("api")
        if path.name not in HAND_ON
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and any(_calls(function, SENDERS))
    }


def places() -> set[str]:
    """Module and function of everything above ``api`` that calls one of them."""
    names = writing_methods()
    return {
        f"{path.stem}.{where}"
        for path, tree in sources()
        if path.parent.name != "api"
        for where, function in _outer_functions(tree)
        if any(_calls(function, names))
    }


def _outer_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{member.name}", member
