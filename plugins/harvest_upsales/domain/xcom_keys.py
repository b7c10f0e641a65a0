"""What the tasks of a run leave in XCom, by its key: for the tasks after them, and for the page."""

# What a task returned.
RETURNED_KEY = "return_value"
# The message of a task's failure.
FAILURE_KEY = "failure"

# Of ``extract_time``: the orders to settle, the place of what was staged, when it began to read, and the projects whose
# changed time makes no opportunity.
ORDERS_KEY = "orders"
OVERVIEW_KEY = "overview"
BEGAN_KEY = "began"
IDLE_KEY = "idle"

# Of ``mark_project_invoiced``, which ends as skipped then: whose invoice was taken back, and whose project was archived
# after its end.
UNDONE_KEY = "undone"
CLOSED_KEY = "closed"
