"""Which Upsales company a Harvest client is."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from harvest_upsales.errors import ProjectError
from harvest_upsales.records.harvest_records import ProjectClient
from harvest_upsales.records.upsales_records import Company

# Legal forms of the countries that Upsales' and Harvest's customers come from, after dots were removed. Left out are
# SpA, which can't be told from a spa, Ek, a surname, and Co outside of "Co. KG": a client that is not found is better
# than one that is mistaken for another.
_LEGAL_FORMS = frozenset(
    {
        *("ab", "hb", "kb", "publ", "aktiebolag", "aktiebolaget"),
        *("as", "asa", "ans", "da", "enk", "aps", "a/s", "ivs", "oy", "oyj", "ky", "tmi", "hf", "ehf"),
        *("ltd", "limited", "llc", "llp", "lp", "plc", "inc", "incorporated", "pty", "pte"),
        *("corp", "corporation"),
        *("gmbh", "ggmbh", "mbh", "ag", "kg", "ug", "ohg", "se", "bv", "nv"),
        *("sa", "sas", "sarl", "srl", "sl", "slu", "sro", "spzoo", "oü", "uab", "sia"),
    }
)
_FORMS_IN_FRONT = frozenset({"ab", "oy", "hb", "kb", "aktiebolaget", "uab", "sia", "oü", "a/s"})
_FORMS_IN_WORDS = re.compile(r" (?:sp z ?oo|s r o|s a|a s|co kg|co ohg)$")
_NO_SPACE = re.compile(r"[.'’‘´`]")


def normal_name(name: str) -> str:
    """A company name as it is compared: Unicode-normalised, case-folded, without legal form and punctuation.

    A name that consists of legal forms alone is kept as it is, and so is one of punctuation alone.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _NO_SPACE.sub("", name)).casefold())
    words = "".join(char if _in_words(char) else " " for char in _NO_SPACE.sub("", folded)).split()
    kept = _without_legal_form(words)
    return " ".join(kept or words) or " ".join(name.split())


def _in_words(char: str) -> bool:
    """Letters, digits and the marks on them; ``/`` stands in A/S, and C++ is not C#."""
    return char in "/+#" or unicodedata.category(char)[0] in "LNM"


def _without_legal_form(words: list[str]) -> list[str]:
    """Legal forms stand first (``AB Volvo``) or last (``Volvo AB (publ)``), never in the middle."""
    words = _FORMS_IN_WORDS.sub("", " ".join(words)).split(" ") if words else words
    first, last = 0, len(words)
    while last > first and words[last - 1] in _LEGAL_FORMS:
        last -= 1
    while first < last and words[first] in _FORMS_IN_FRONT:
        first += 1
    return words[first:last]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Active companies by their normal name."""

    by_name: dict[str, tuple[Company, ...]]

    @classmethod
    def of(cls, companies: Iterable[Company]) -> NameIndex:
        """Index ``companies``; inactive ones can't get orders and are left out."""
        found: defaultdict[str, dict[int, Company]] = defaultdict(dict)
        for company in companies:
            if company.active:
                found[normal_name(company.name)][company.id] = company
        return cls({name: tuple(group.values()) for name, group in found.items()})

    def named_like(self, name: str) -> tuple[Company, ...]:
        """All companies with the same normal name."""
        return self.by_name.get(normal_name(name), ())


def only_match(client: ProjectClient, candidates: Iterable[tuple[int, str]]) -> int | None:
    """The one candidate's id, ``None`` without any.

    :param candidates: Upsales company ids with their names
    :raises ProjectError: there is more than one; the message lists them
    """
    found = dict(candidates)
    if len(found) > 1:
        listed = ", ".join(f"{name} (id {company_id})" for company_id, name in sorted(found.items()))
        msg = (
            f"{describe_client(client)} matches {len(found)} Upsales companies: {listed}. "
            f'Choose one in the setting company_map, for example {{"{client.id}": {min(found)}}}.'
        )
        raise ProjectError(msg)
    return next(iter(found), None)


def no_match(client: ProjectClient) -> ProjectError:
    """The error for a client that no Upsales company answers to."""
    return ProjectError(
        f"{describe_client(client)} matches no active Upsales company, neither by name nor by the e-mail address of a "
        f"contact. Create the company in Upsales, name it in the setting company_map "
        f'({{"{client.id}": <Upsales company id>}}), or set create_missing_companies.'
    )


def describe_client(client: ProjectClient) -> str:
    """How messages name a client."""
    return f"Harvest client {client.id} ({client.name})"
