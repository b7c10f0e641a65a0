"""Where people look at a project, an invoice and an order: addresses in the web apps of both services."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

# Upsales' web app is at one place, whichever host of its API is used.
_UPSALES_API_HOST, _UPSALES_WEB = "integration.upsales.com", "https://power.upsales.com"
ORDER_ID = "{id}"


class WebAddresses(Struct, frozen=True):
    """Both web apps. An address that is not known is empty, and so are the links made from it.

    :param harvest: such as ``https://example.harvestapp.com``
    :param upsales: such as ``https://power.upsales.com``, or a whole address of an order with ``{id}`` in it
    """

    harvest: str = ""
    upsales: str = ""

    def project(self, project_id: int) -> str:
        """The Harvest project."""
        return f"{self.harvest}/projects/{project_id:d}" if self.harvest else ""

    def invoice(self, invoice_id: int) -> str:
        """The Harvest invoice."""
        return f"{self.harvest}/invoices/{invoice_id:d}" if self.harvest else ""

    def order(self, order_id: int) -> str:
        """The Upsales opportunity or order.

        Upsales documents no address of an order. ``/#/orders/ID`` follows the one of a contact (``/#/contacts/ID``)
        that integrations link to.
        """
        if ORDER_ID in self.upsales:
            return self.upsales.replace(ORDER_ID, f"{order_id:d}")
        return f"{self.upsales}/#/orders/{order_id:d}" if self.upsales else ""


UNKNOWN = WebAddresses()


def web_address(text: str | None) -> str:
    """An address without a slash at its end; empty for what is no plain ``http(s)`` URL and can't be a link."""
    address = (text or "").strip().rstrip("/")
    try:
        parts = urlsplit(address)
        plain = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username
    except ValueError:
        return ""
    return address if plain and address.isprintable() and not set(address) & set(" \"'<>\\") else ""


def upsales_web_of(api_url: str) -> str:
    """The web app that belongs to an address of Upsales' API.

    :param api_url: such as ``https://power.upsales.com/api/v2``
    """
    parts = urlsplit(api_url)
    return _UPSALES_WEB if parts.hostname == _UPSALES_API_HOST else f"{parts.scheme}://{parts.netloc}"
