#!/usr/bin/env bash
# Run once before Airflow's parts start, and again at every start: makes what is missing, changes nothing else.
set -euo pipefail

pool=upsales_writes
say() { printf 'init: %s\n' "$*"; }

say "metadata database"
airflow db migrate

say "user ${AIRFLOW_ADMIN_USER}"
# With "=": a password may begin with a dash.
airflow users create --role=Admin --username="$AIRFLOW_ADMIN_USER" --password="$AIRFLOW_ADMIN_PASSWORD" \
  --email="$AIRFLOW_ADMIN_EMAIL" --firstname=Airflow --lastname=Administrator

say "pool ${pool}: one slot, one writer at a time"
airflow pools set "$pool" 1 "One writer at a time in Upsales"

# Secrets travel in a file that only this user can read, not in the arguments that `ps` shows.
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python - "$folder" <<'PYTHON'
import json, os, sys
from pathlib import Path

given = os.environ
ca_file = {"verify": given["CONNECTIONS_CA_FILE"]} if given.get("CONNECTIONS_CA_FILE") else {}
connections, variables = {}, {}
if given.get("HARVEST_TOKEN"):
    connections["harvest_default"] = {
        "conn_type": "harvest", "host": given.get("HARVEST_HOST") or None, "login": given["HARVEST_ACCOUNT_ID"],
        "password": given["HARVEST_TOKEN"], "extra": {"contact": given["HARVEST_CONTACT"], **ca_file},
    }
if given.get("UPSALES_API_KEY"):
    connections["upsales_default"] = {
        "conn_type": "upsales", "host": given.get("UPSALES_HOST") or None, "password": given["UPSALES_API_KEY"],
        "extra": ca_file,
    }
if given.get("HARVEST_UPSALES_SETTINGS"):
    variables["harvest_upsales_settings"] = given["HARVEST_UPSALES_SETTINGS"]
for name, found in (("connections", connections), ("variables", variables)):
    if found:
        Path(sys.argv[1], f"{name}.json").write_text(json.dumps(found), encoding="utf-8")
PYTHON

# Both imports leave alone what is there, and say so.
if [[ -e "$folder/connections.json" ]]; then
  say "connections"
  airflow connections import "$folder/connections.json"
fi
if [[ -e "$folder/variables.json" ]]; then
  say "settings"
  airflow variables import --action-on-existing-key=skip "$folder/variables.json"
fi
say "done"
