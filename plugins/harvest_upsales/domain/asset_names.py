"""Names, and URIs, of the assets that the runs update: one family of two for each DAG."""

FAMILY = "harvest_upsales"
OPPORTUNITIES = "/opportunities"
SETTLED_ORDERS = "/settled_orders"
