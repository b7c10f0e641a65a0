#!/usr/bin/env bash
# Runs before Airflow's parts start, at each start: makes what is missing. What people changed in Airflow is kept, with a
# warning where .env says otherwise; `--replace` makes .env win. The pools' one slot is set at each start: one writer at
# a time is a rule, not a setting.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

# Before anything is made of it.
python "$here/env_values.py"

printf 'init: metadata database\n'
airflow db migrate

exec python "$here/init_airflow.py" "$@"
