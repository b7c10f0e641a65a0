"""What Airflow's UI says of the DAG and of each task: what it does, what its failure means, what to do about it.

Airflow 3.3's UI renders tables of Markdown and no Mermaid diagrams, so the flow is drawn with characters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskDoc:
    """One task, in words."""

    does: str
    failure: str
    remedy: str

    @property
    def markdown(self) -> str:
        """The task's own page."""
        return f"**Does:** {self.does}.\n\n**A failure means:** {self.failure}.\n\n**Then:** {self.remedy}."


TASK_DOCS = {
    "check_setup": TaskDoc(
        "checks settings, rights and order fields, and creates the fields that are missing",
        "a setting, a connection or a right is wrong; nothing was written",
        "mend what the message names, then clear the task",
    ),
    "extract_time": TaskDoc(
        "finds projects whose time changed and orders to settle; writes nothing",
        "a service does not answer, or `opportunity_per` was switched",
        "clear the task once the service is back; the message tells of a switch",
    ),
    "upsert_opportunities": TaskDoc(
        "creates and updates opportunities, one batch of projects in each instance",
        "it names each project that failed; all others are done",
        "mend what it says of the project, then clear the instance: it writes only what is left",
    ),
    "find_won_orders": TaskDoc(
        "lists the orders to settle", "`extract_time` left nothing that can be read", "start a new run"
    ),
    "settle.mark_project_invoiced": TaskDoc(
        "invoices the project in Harvest, archives it, and writes `HARVEST_INVOICE` to the order",
        "the order is held: a person has to do something first",
        "do what the message says, then clear the instance: it goes on where it stopped",
    ),
    "settle.sync_billing": TaskDoc(
        "waits until the billing app has the order",
        "the app refused the order, in its own words, or did not answer in time",
        "mend it in the app, then clear the instance: after a refusal Upsales calls the app again, after silence it "
        "only waits",
    ),
    "reconcile": TaskDoc(
        "compares Harvest's uninvoiced amount with Upsales' value, project by project",
        "a task before it failed, or amounts differ and nothing explains it",
        "read its table; clear the tasks that failed, and it judges anew",
    ),
}

_FLOW = """
```
check_setup → extract_time → upsert_opportunities ─┬─────────────────────────────────────────→ reconcile
                                                   └→ find_won_orders → settle, for each order ──↗
                                                        mark_project_invoiced → sync_billing
```
"""


def _rows() -> str:
    return "\n".join(
        f"| `{task_id.rpartition('.')[2]}` | {doc.does} | {doc.failure} | {doc.remedy} |"
        for task_id, doc in TASK_DOCS.items()
    )


DAG_DOC = f"""
Time tracked in **Harvest** becomes opportunities in **Upsales**; won orders become invoiced, closed projects.
{_FLOW}
| task | does | a failure means | then |
|---|---|---|---|
{_rows()}

*Trigger* takes params: a **dry run** says what would be written and writes nothing; **projects** and **days** confine
a run. Task instances link to the Harvest project, the Harvest invoice and the Upsales order.
"""
