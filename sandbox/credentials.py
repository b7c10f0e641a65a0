"""The sandbox's only credentials. They open nothing else; each is unique, so a leak can be searched for."""

HARVEST_ACCOUNT_ID = "1029384"
HARVEST_TOKEN = "2718281.pt.SANDBOX-harvest-Zq7vT0kR4mW9xB2n"
UPSALES_TOKEN = "sandbox-upsales-5f1d8c3a9e7b4406b2d1c0ffee90ab37"
BILLING_APP_SECRET = "sandbox-billing-app-secret-61aa07d94c"
