"""The demo's clients: names as Harvest has them and as Upsales has them, which are not always the same."""

from dataclasses import dataclass

from sandbox.world import World


@dataclass(frozen=True)
class DemoClient:
    """:param in_upsales: None = no company of that name; only a contact's e-mail address leads to one."""

    in_harvest: str
    in_upsales: str | None
    currency: str = "SEK"


CLIENTS = (
    DemoClient("Fjällräven Konsult AB", "FJÄLLRÄVEN KONSULT"),
    DemoClient("Smörgås & Söner AB", "Smörgås & Söner"),
    DemoClient("Västkustens Varv", "Västkustens Varv AB"),
    DemoClient("Mälardalens Energi AB", "Mälardalens Energi Aktiebolag"),
    DemoClient("Åkesson Åkeri AB", "ÅKESSON ÅKERI AB"),
    DemoClient("Björk & Ljung Arkitekter HB", "Björk & Ljung Arkitekter"),
    DemoClient("Norrsken Data AB", "Norrsken Data AB"),
    DemoClient("Gröna Lunden Fastigheter AB", "Gröna Lunden Fastigheter AB (publ)"),
    DemoClient("Öresund Logistik AB", "Öresund Logistik"),
    DemoClient("Kiruna Gruvteknik AB", "Kiruna Gruvteknik AB"),
    DemoClient("Café “Solsidan” 🌞", "Café “Solsidan” 🌞 AB"),
    DemoClient("Sjöberg's Snickeri AB", "Sjöberg's Snickeri"),
    DemoClient("Tidvattnet Media AB", "Tidvattnet Media"),
    DemoClient("Blåklint Hälsa AB", "BLÅKLINT HÄLSA AB"),
    DemoClient("Vintergatan Spel AB", "Vintergatan Spel AB"),
    DemoClient("Ekologiska Mejeriet AB", "Ekologiska Mejeriet"),
    DemoClient("Tallbacken Skog AB", "Tallbacken Skog AB"),
    DemoClient("Fjordline Systemer AS", "Fjordline Systemer", "NOK"),
    DemoClient("Bryggen Sjømat AS", "BRYGGEN SJØMAT AS", "NOK"),
    DemoClient("Nordlandsbanken ASA", "Nordlandsbanken", "NOK"),
    DemoClient("Tromsø Havn", "Tromsø Havn AS", "NOK"),
    DemoClient("Suomen Pilvi Oy", "Suomen Pilvi", "EUR"),
    DemoClient("Hafenkontor GmbH", "Hafenkontor", "EUR"),
    DemoClient("Tulip Robotics B.V.", "Tulip Robotics BV", "EUR"),
    DemoClient("Föreningen Öppna Hav", None),
)
REACHED_BY_EMAIL = "Kustens Stiftelseförvaltning"
PROSPECTS = (
    "Almgren Textil AB", "Bergslagens Stål AB", "Delfinen Bad AB", "Furuvik Trä AB", "Gotlands Kalk AB",
    "Hallands Frukt AB", "Isbjörn Kyla AB", "Järva Bilservice AB",
)  # fmt: skip


def add_clients(world: World) -> list[int]:
    """Clients with one contact each, and their companies.

    Each company stands beside an inactive namesake now and then, which must not be chosen.

    :returns: the Harvest clients' ids, in the order of ``CLIENTS``.
    """
    ids = []
    for position, client in enumerate(CLIENTS):
        client_id = world.harvest.add_client(client.in_harvest, client.currency)
        email = f"ekonomi@kund{position + 1}.example"
        world.harvest.add_contact(client_id, "Ekonomi", client.in_harvest.split()[0], email)
        company_id = world.upsales.add_company(
            client.in_upsales or REACHED_BY_EMAIL, currency=client.currency
        )
        world.upsales.add_contact(company_id, f"Ekonomi {client.in_harvest.split()[0]}", email)
        if position % 6 == 2:
            world.upsales.add_company(client.in_harvest, active=False)
        ids.append(client_id)
    for name in PROSPECTS:
        world.upsales.add_company(name)
    return ids
