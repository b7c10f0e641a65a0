"""The product's own DAG; each of its tasks notes what its process took, at the end of it."""

import json
import os
from pathlib import Path
from typing import Any

# Airflow reads only files that hold the words "airflow" and "dag".
from harvest_upsales.api import rate_limit
from harvest_upsales.dag import harvest_upsales_dag

# Waiting takes no memory: what is written to the services' limits would only make the measurement longer.
for limits in (rate_limit.HARVEST_LIMITS, rate_limit.UPSALES_LIMITS):
    limits.clear()  # type: ignore[attr-defined]


def note_memory(context: Any) -> None:
    """Add a line of JSON; called in the task's own process, after its XComs are pushed."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    kilobytes = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("VmHWM")}
    ti = context["ti"]
    taken = {"run_id": ti.run_id, "task_id": ti.task_id, "peak_mb": int(kilobytes["VmHWM"]) * 1024 / 1e6}
    with Path(os.environ["TASK_MEMORY_FILE"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(taken) + "\n")


dag = harvest_upsales_dag("task_memory", default_args={"on_success_callback": note_memory})
