"""What Airflow's UI says of the DAG and of each task: what it does, what its failure means, what to do about it.

Airflow 3.3's UI shows it in a window 500 px wide, where tables stick out and drawings fall apart: so it is a list.
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
        "correct what the message names, then clear the task",
    ),
    "extract_time": TaskDoc(
        "finds projects whose time changed and orders to settle; writes nothing",
        "a service does not answer, or `opportunity_per` was switched",
        "clear the task once the service is back; after a switch, do what the message says",
    ),
    "upsert_opportunities": TaskDoc(
        "creates and updates opportunities, one batch of projects in each instance",
        "it names each project that failed; all others are done",
        "correct what it says about the project, then clear the instance: it writes only what is left",
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
        "correct it in the app, then clear the instance: after a refusal Upsales calls the app again, after silence it "
        "only waits",
    ),
    "reconcile": TaskDoc(
        "compares Harvest's uninvoiced amount with Upsales' value, project by project",
        "an earlier task failed, or amounts differ without an explanation",
        "read its table; clear the tasks that failed, and it compares again",
    ),
}


def _item(task_id: str, doc: TaskDoc) -> str:
    name = task_id.rpartition(".")[2]
    return f"1. **{name}** {doc.does}. *A failure means:* {doc.failure}. *Then:* {doc.remedy}."


def _items() -> str:
    return "\n".join(_item(task_id, doc) for task_id, doc in TASK_DOCS.items())


DAG_DOC = f"""
Time tracked in **Harvest** becomes opportunities in **Upsales**; won orders become invoiced, closed projects.

{_items()}

The two tasks of `settle` follow each other for every won order. A project that fails stops no other, and `reconcile`
always runs.

*Trigger* takes params: a **dry run** says what would be written and writes nothing; **projects** and **days** confine
a run. Task instances link to the Harvest project, the Harvest invoice and the Upsales order.
"""
