#!/usr/bin/env bash
# Run once before Airflow's parts start, and again at every start: makes what is missing, changes nothing else.
set -euo pipefail

pool=upsales_writes
say() { printf 'init: %s\n' "$*"; }
# Airflow prints its own log lines on standard output; only whether it found the thing counts.
has() { airflow "$1" get "$2" >/dev/null 2>&1; }

say "metadata database"
airflow db migrate

say "user ${AIRFLOW_ADMIN_USER}"
# With "=": a password may begin with a dash.
airflow users create --role=Admin --username="$AIRFLOW_ADMIN_USER" --password="$AIRFLOW_ADMIN_PASSWORD" \
  --email="$AIRFLOW_ADMIN_EMAIL" --firstname=Airflow --lastname=Administrator

say "pool ${pool}: one slot, one writer at a time"
airflow pools set "$pool" 1 "One writer at a time in Upsales"

# Secrets travel in a file that only this user can read, not in the arguments that `ps` shows.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
umask 077

add_connection() {
  if has connections "$1"; then
    say "connection $1 is there, left as it is"
  else
    python - "$1" "$folder/connection.json" <<'PYTHON'
import json, os, sys

conn_id, path = sys.argv[1:]
given = os.environ
ca_file = {"verify": given["CONNECTIONS_CA_FILE"]} if given.get("CONNECTIONS_CA_FILE") else {}
if conn_id == "harvest_default":
    connection = {
        "conn_type": "harvest", "host": given.get("HARVEST_HOST") or None, "login": given["HARVEST_ACCOUNT_ID"],
        "password": given["HARVEST_TOKEN"], "extra": {"contact": given["HARVEST_CONTACT"], **ca_file},
    }
else:
    connection = {
        "conn_type": "upsales", "host": given.get("UPSALES_HOST") or None, "password": given["UPSALES_API_KEY"],
        "extra": ca_file,
    }
with open(path, "w", encoding="utf-8") as file:
    json.dump({conn_id: connection}, file)
PYTHON
    airflow connections import "$folder/connection.json"
  fi
}

if [[ -n "${HARVEST_TOKEN:-}" ]]; then add_connection harvest_default; fi
if [[ -n "${UPSALES_API_KEY:-}" ]]; then add_connection upsales_default; fi

if [[ -n "${HARVEST_UPSALES_SETTINGS:-}" ]]; then
  if has variables harvest_upsales_settings; then
    say "the settings are there, left as they are"
  else
    airflow variables set harvest_upsales_settings "$HARVEST_UPSALES_SETTINGS"
  fi
fi
say "done"
