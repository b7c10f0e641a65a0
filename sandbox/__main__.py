"""``python -m sandbox``: serve the demo (or an empty account) until SIGTERM or SIGINT."""

import argparse
import signal
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.jsonio import encode
from sandbox.seed import demo_world
from sandbox.server import SandboxServer
from sandbox.world import World


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="serve https, with a certificate that is written there",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="host name at which clients ask; may be given several times",
    )
    parser.add_argument("--seed", type=int, default=2026, help="the demo's data follow from it")
    parser.add_argument(
        "--today", type=date.fromisoformat, default=datetime.now(UTC).date(), metavar="YYYY-MM-DD"
    )
    parser.add_argument("--empty", action="store_true", help="set up, but without clients, time or orders")
    parser.add_argument("--no-rate-limit", action="store_true")
    return parser.parse_args()


def main() -> None:
    wish = _arguments()
    stopped = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopped.set())
    world = World.new(wish.today) if wish.empty else demo_world(wish.seed, wish.today)
    names = (*wish.name, "127.0.0.1", "localhost")
    with SandboxServer(
        world, rate_limits=not wish.no_rate_limit, port=wish.port, host=wish.host,
        certificate=wish.certificate, names=names,
    ) as server:  # fmt: skip
        urls = {"harvest": server.harvest_url, "upsales": server.upsales_url, "control": server.control_url}
        sys.stdout.write(encode(urls).decode() + "\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
