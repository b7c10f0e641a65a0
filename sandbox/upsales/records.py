"""Upsales' records as recorded answers show them, with their defaults."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.jsonio import Record, rounded

if TYPE_CHECKING:
    from sandbox.upsales.board import UpsalesAccount

API_USER: Record = {"name": "Harvest bridge", "id": 19, "role": None, "email": "B1lCFunM@api.upsales.com"}
RISKS = (
    "closingDateChanged", "companySize", "daysInStage", "noAppointments", "noNextStep", "noRecentContact",
    "noStakeholderInvolved", "notAnsweringCalls", "orderValueChanged", "orderValue", "postponedAppointments",
)  # fmt: skip
ZERO_TOTALS = (
    "purchaseCost", "annualValue", "annualValueInMasterCurrency", "weightedAnnualValue",
    "weightedAnnualValueInMasterCurrency", "monthlyValue", "monthlyValueInMasterCurrency",
    "weightedMonthlyValue",
    "weightedMonthlyValueInMasterCurrency", "noCompletedAppointments", "noPostponedAppointments",
    "noTimesCallsNotAnswered", "noTimesClosingDateChanged", "noTimesOrderValueChanged",
)  # fmt: skip


def new_order(order_id: int, now: str) -> Record:
    """An order without rows, company, user or stage."""
    return {
        "id": order_id, "description": "", "closeDate": None, "date": None, "notes": None, "user": None,
        "client": None, "contact": None, "project": None, "projects": [], "regDate": now, "stage": None,
        "probability": 0, "modDate": now, "clientConnection": None, "currencyRate": 1, "currency": None,
        "locked": 0,
        "custom": [], "stakeholders": [], "titleCategories": [], "orderRow": [], "recurringInterval": 12,
        "periodization": None, **dict.fromkeys(ZERO_TOTALS, 0), "agreement": None, "userRemovable": True,
        "userEditable": True, "lastIntegrationStatus": [], "confirmedBudget": None, "confirmedDate": None,
        "confirmedSolution": False, "lostReason": None, "competitorId": None, "regBy": None, "salesCoach": [],
        "checklist": [], "marketingContribution": None, "risks": {f"{risk}Occured": None for risk in RISKS},
        "userSalesStatistics": {
            "mostCommonAppointmentsPerOrder": 1, "mostCommonStakeholder": None, "avgSalesCycleLength": 14,
        },
        "priceListId": 1, "invoiceRelatedClient": False, "projectPlanOptions": [],
    }  # fmt: skip


def new_row(
    account: UpsalesAccount, product_id: int, quantity: Decimal, price: Decimal, **sent: Any
) -> Record:
    """An order row with a new id; its price is kept with the account's decimals."""
    product = account.products[product_id]
    return {
        "id": account.next_id("order_row"), "quantity": quantity, "price": rounded(price,
        account.price_decimals),
        "discount": 0, "custom": [], "bundleRows": [],
        "product": {
            "purchaseCost": 0, "name": product["name"], "isRecurring": False, "id": product_id,
            "category": product["category"], "articleNo": product["articleNo"], "projectPlanTemplate": None,
        },
        "productId": product_id, "tierQuantity": 0, "sortId": 0, "listPrice": product["listPrice"],
        "purchaseCost": None, "bundleFixedPrice": False, **sent,
    }  # fmt: skip


def new_company(company_id: int, name: str, now: str) -> Record:
    return {
        "id": company_id, "name": name, "phone": "", "phoneCountryCode": None, "fax": None, "webpage": None,
        "notes": None, "parent": None, "operationalAccount": None, "active": 1, "currency": None, "users": [],
        "regDate": now, "regBy": None, "modDate": now, "dunsNo": None, "projects": [], "categories": [],
        "addresses": [], "mailAddress": None, "custom": [], "userRemovable": True, "userEditable": True,
        "connectedClients": [], "score": 0, "scoreUpdateDate": None, "isExternal": 0,
        "externalClientData": [],
        "hasOrder": None, "hadOrder": None, "hasOpportunity": None, "hadOpportunity": None, "importId": None,
        "orgNo": None, "status": "active", "journeyStep": "lead", "deactivationReason": None,
        "deactivationDate": None, "deactivatedBy": None, "numberOfContacts": 0, "priceListId": None,
        "priceList": None,
    }  # fmt: skip


def new_contact(contact_id: int, company: Record, name: str, email: str, now: str) -> Record:
    first, _, last = name.partition(" ")
    return {
        "id": contact_id, "name": name, "phone": None, "phoneCountryCode": None, "cellPhone": None,
        "cellPhoneCountryCode": None, "email": email, "title": None, "notes": None,
        "client": {
            "operationalAccount": None, "addresses": [], "name": company["name"], "id": company["id"],
            "users": [],
        },
        "regDate": now, "regBy": None, "active": 1, "modDate": now, "categories": [], "custom": [],
        "userRemovable": True, "userEditable": True, "projects": [], "segments": [], "unsubscribed": None,
        "score": 0,
        "firstName": first, "lastName": last, "linkedin": None, "journeyStep": "lead", "importId": None,
        "isPriority": False,
    }  # fmt: skip


def new_user(user_id: int, name: str, email: str, active: bool, administrator: bool, now: str) -> Record:
    return {
        "id": user_id, "name": name, "email": email, "administrator": int(administrator),
        "role": {"name": "Nordic Sales", "id": 1}, "teamLeader": 0, "active": int(active), "ghost": 0,
        "free": 0,
        "userTitle": "", "userAddress": "", "userZipCode": "", "userState": "", "userPhone": "",
        "userCellPhone": "", "export": 1, "custom": [], "billingAdmin": 0, "regDate": now, "crm": 1,
        "support": 0,
        "service": 0, "supportAdmin": 0, "projectAdmin": 0,
    }  # fmt: skip


def new_product(product_id: int, name: str, active: bool, price: Decimal, currency: str) -> Record:
    return {
        "id": product_id, "name": name, "listPrice": price, "active": int(active),
        "category": {"name": "Services", "id": 1}, "sortId": 0, "recurringInterval": None,
        "isMultiCurrency": 0,
        "isRecurring": 0, "custom": [], "userRemovable": True, "userEditable": True, "roles": [],
        "currencies": [{"currency": currency, "price": price, "purchaseCost": 0, "maxDiscount": None}],
        "tiers": [], "purchaseCost": 0, "articleNo": None, "importId": None, "bundle": [],
        "bundlePriceAdjustment": None, "bundlePriceAdjustmentType": None, "bundleFixedPrice": False,
        "bundleEditable": False, "description": None, "projectPlanTemplate": None,
    }  # fmt: skip


def new_field(field_id: int, **given: Any) -> Record:
    """A custom field of orders."""
    return {
        "id": field_id, "name": None, "dropdownDefault": None, "datatype": "String", "default": None,
        "lookupField": 0, "sortId": 0, "visible": 1, "formulaVisible": 1, "editable": 1, "locked": 0,
        "query": None,
        "formula": None, "obligatoryField": 0, "searchable": 0, "maxLength": 65535, "alias": None,
        "viewonly": 0,
        "formGroup": None, "roles": [], "stages": [], "tooltip": None, "integrationDependency": None, **given,
    }  # fmt: skip
