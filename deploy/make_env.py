"""``make .env``: copy .env.example, and make up every secret that it leaves empty in its first part.

Values need no escaping anywhere: letters and digits alone, but for the Fernet key, whose form is fixed.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

MADE_UP = {
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(24),
    "REDIS_PASSWORD": lambda: secrets.token_hex(24),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_hex(12),
    # Airflow asks for 64 bytes.
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_hex(64),
    "AIRFLOW_API_SECRET_KEY": lambda: secrets.token_hex(32),
    "AIRFLOW_FERNET_KEY": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}


def main(example: Path, target: Path) -> int:
    """Write ``target``, readable by its owner alone; one that exists is kept as it is."""
    lines = example.read_text(encoding="utf-8").splitlines()
    filled = [_filled(line) for line in lines]
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stderr.write(f"{target} exists and is kept: what runs by its secrets would lose its data.\n")
        return 1
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write("\n".join(filled) + "\n")
    sys.stdout.write(f"{target}: fill in both accounts, then docker compose up --build --detach\n")
    return 0


def _filled(line: str) -> str:
    name, equals, value = line.partition("=")
    return f"{name}={MADE_UP[name]()}" if equals and not value and name in MADE_UP else line


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
