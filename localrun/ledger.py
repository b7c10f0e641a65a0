"""Both services' books as the sandbox keeps them: what the demo shows, and is judged by.

Nothing here asks the plugin what it did; figures come from the services' own records and Harvest's own report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from localrun.sandbox_link import Record, Sandbox
from sandbox.jsonio import rounded
from sandbox.minimal import PRODUCT_TIME


@dataclass(frozen=True)
class Opportunity:
    """One order of ours, with the project that it stands for.

    :param rows_total: quantity × price of our rows, rounded once
    :param value: what Upsales says the order is worth
    :param invoice: ``HARVEST_INVOICE``
    :param document: the billing app's document number
    """

    order_id: int
    project_id: int
    project: str
    code: str
    is_fixed_fee: bool
    is_archived: bool
    hours: Decimal
    rows_total: Decimal
    value: Decimal
    currency: str
    stage: str
    probability: int
    invoice: str
    document: str

    @property
    def is_won(self) -> bool:
        """Whether it is a completed order, whatever its stage is called."""
        return self.probability == 100


@dataclass(frozen=True)
class Books:
    """Everything at one moment.

    :param invoices: Harvest's invoices by id
    :param documents: the billing app's customer invoices
    :param uninvoiced: Harvest's uninvoiced amount without expenses, by project id, where time stands behind it
    """

    opportunities: tuple[Opportunity, ...]
    invoices: Mapping[int, Record]
    documents: tuple[Record, ...]
    uninvoiced: Mapping[int, Decimal]

    @property
    def won(self) -> list[Opportunity]:
        """Ours at 100 per cent."""
        return [opportunity for opportunity in self.opportunities if opportunity.is_won]

    def agreeing(self) -> tuple[int, int]:
        """Projects with uninvoiced time that have exactly one open opportunity of that amount, and all of them.

        An open opportunity for which Harvest has nothing to invoice counts as one that does not agree.
        """
        open_ones: dict[int, list[Decimal]] = {project_id: [] for project_id in self.uninvoiced}
        for opportunity in self.opportunities:
            if not opportunity.is_won:
                open_ones.setdefault(opportunity.project_id, []).append(opportunity.rows_total)
        agree = [project for project, totals in open_ones.items() if totals == [self.uninvoiced.get(project)]]
        return len(agree), len(open_ones)


def read_books(sandbox: Sandbox) -> Books:
    """Read both services."""
    projects = {project["id"]: project for project in sandbox.state("harvest", "projects")}
    fields = {field["alias"]: field["id"] for field in sandbox.state("upsales", "order_fields")}
    ours = [
        _opportunity(order, custom, projects, fields)
        for order in sandbox.state("upsales", "orders")
        if fields.get("HARVEST_KEY")
        in (custom := {item["fieldId"]: item["value"] for item in order["custom"]})
    ]
    return Books(
        opportunities=tuple(ours),
        invoices={invoice["id"]: invoice for invoice in sandbox.state("harvest", "invoices")},
        documents=tuple(sandbox.state("billing", "customer_invoices")),
        uninvoiced={
            project_id: rounded(Decimal(line["uninvoiced_amount"] - line["uninvoiced_expenses"]))
            for project_id, line in sandbox.uninvoiced().items()
            if line["uninvoiced_hours"] and line["uninvoiced_amount"] > line["uninvoiced_expenses"]
        },
    )


def _opportunity(
    order: Record, custom: Mapping[int, str], projects: Mapping[int, Record], fields: Mapping[str, int]
) -> Opportunity:
    project = projects[int(custom[fields["HARVEST_KEY"]].split(":")[1])]
    rows = [row for row in order["orderRow"] if row["product"]["id"] == PRODUCT_TIME]
    return Opportunity(
        order_id=order["id"],
        project_id=project["id"],
        project=f"{project['client']['name']}: {project['name']}",
        code=project["code"] or "",
        is_fixed_fee=project["is_fixed_fee"],
        is_archived=not project["is_active"],
        hours=sum((Decimal(row["quantity"]) for row in rows), Decimal(0)),
        rows_total=rounded(total_of(rows)),
        value=Decimal(order["value"]),
        currency=order["currency"],
        stage=order["stage"]["name"],
        probability=order["probability"],
        invoice=custom.get(fields.get("HARVEST_INVOICE", 0)) or "",
        document=custom.get(fields["FORTNOX_ID"]) or "",
    )


def total_of(rows: Iterable[Record]) -> Decimal:
    """Quantity times price, exactly."""
    return sum((Decimal(row["quantity"]) * Decimal(row["price"]) for row in rows), Decimal(0))
