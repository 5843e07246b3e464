"""The XML of an electronic invoice: Factur-X and ZUGFeRD (versions 1 and 2, every profile), and UBL.

Each syntax is a table of where it keeps what. An element that occurs twice and does not say the same says nothing.
"""

from collections.abc import Callable, Iterator

from lxml import etree

from invoices.extraction import values

MOST_BYTES = 2_000_000

Table = dict[str, tuple[str, ...]]

AGREEMENT = "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement"
SETTLEMENT = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement"
TOTALS = f"{SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
# BT-1, BT-2 and so on are the European standard's numbers (EN 16931).
CROSS_INDUSTRY: Table = {
    "profile": ("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID",),  # BT-24
    "number": ("ExchangedDocument/ID",),  # BT-1
    "issue_date": ("ExchangedDocument/IssueDateTime/DateTimeString",),  # BT-2
    "type_code": ("ExchangedDocument/TypeCode",),  # BT-3
    "currency": (f"{SETTLEMENT}/InvoiceCurrencyCode",),  # BT-5
    "amount_ht": (f"{TOTALS}/TaxBasisTotalAmount",),  # BT-109
    "amount_vat": (f"{TOTALS}/TaxTotalAmount",),  # BT-110
    "amount_ttc": (f"{TOTALS}/GrandTotalAmount",),  # BT-112
    "exemption": (
        f"{SETTLEMENT}/ApplicableTradeTax/ExemptionReason",  # BT-120
        f"{SETTLEMENT}/ApplicableTradeTax/ExemptionReasonCode",  # BT-121
    ),
    "seller": (f"{AGREEMENT}/SellerTradeParty",),  # BG-4
    "buyer": (f"{AGREEMENT}/BuyerTradeParty",),  # BG-7
    # Of a party.
    "name": ("Name",),
    "identifiers": ("SpecifiedLegalOrganization/ID", "GlobalID", "ID"),
    "vat_number": ("SpecifiedTaxRegistration/ID",),
}
RENAMED_SINCE_ZUGFERD_1 = {
    "ExchangedDocumentContext": "SpecifiedExchangedDocumentContext",
    "ExchangedDocument": "HeaderExchangedDocument",
    "SupplyChainTradeTransaction": "SpecifiedSupplyChainTradeTransaction",
    "ApplicableHeaderTradeAgreement": "ApplicableSupplyChainTradeAgreement",
    "ApplicableHeaderTradeSettlement": "ApplicableSupplyChainTradeSettlement",
    "SpecifiedTradeSettlementHeaderMonetarySummation": "SpecifiedTradeSettlementMonetarySummation",
}
ZUGFERD_1: Table = {
    field: tuple("/".join(RENAMED_SINCE_ZUGFERD_1.get(step, step) for step in path.split("/")) for path in paths)
    for field, paths in CROSS_INDUSTRY.items()
}
UBL: Table = {
    "profile": (),
    "number": ("ID",),
    "issue_date": ("IssueDate",),
    "type_code": ("InvoiceTypeCode",),
    "currency": ("DocumentCurrencyCode",),
    "amount_ht": ("LegalMonetaryTotal/TaxExclusiveAmount",),
    "amount_vat": ("TaxTotal/TaxAmount",),
    "amount_ttc": ("LegalMonetaryTotal/TaxInclusiveAmount",),
    "exemption": (
        "TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReason",
        "TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReasonCode",
    ),
    "seller": ("AccountingSupplierParty/Party",),
    "buyer": ("AccountingCustomerParty/Party",),
    "name": ("PartyLegalEntity/RegistrationName", "PartyName/Name"),
    "identifiers": ("PartyLegalEntity/CompanyID", "PartyIdentification/ID"),
    "vat_number": ("PartyTaxScheme/CompanyID",),
}
SYNTAXES = {"CrossIndustryInvoice": CROSS_INDUSTRY, "CrossIndustryDocument": ZUGFERD_1, "Invoice": UBL}

FIELDS: dict[str, Callable[[str], str]] = {
    "number": values.text,
    "issue_date": values.day,
    "type_code": values.code,
    "currency": values.code,
    "exemption": values.text,
}
AMOUNTS = ("amount_ht", "amount_vat", "amount_ttc")
# ISO 6523's codes for a SIREN and a SIRET; the two are taken for each other often enough for their length to decide.
FRENCH_SCHEMES = {"0002", "0009"}
# By the last part of the profile's name: « urn:factur-x.eu:1p0:minimum ».
PROFILES = {
    "minimum": "MINIMUM",
    "basicwl": "BASIC WL",
    "basic": "BASIC",
    "comfort": "COMFORT",
    "2017": "EN 16931",
    "extended": "EXTENDED",
    "extended-ctc-fr": "EXTENDED",
}


def read(content: bytes) -> tuple[dict[str, str], Iterator[str]]:
    """What the invoice says, as a Reading has it, and all its texts; or the problem of its XML, and no text."""
    root = _parsed(content)
    fields = {} if root is None else dict(_fields(root, SYNTAXES[etree.QName(root).localname]))
    if root is None or not any(field in fields for field in ("number", "issue_date", *AMOUNTS)):
        return {"problem": "unreadable"}, iter(())
    return fields, root.itertext()


def _parsed(content: bytes) -> etree._Element | None:
    if len(content) > MOST_BYTES:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root.getroottree().docinfo.internalDTD is None else None


def _fields(root: etree._Element, table: Table) -> Iterator[tuple[str, str]]:
    """The fields that the invoice plainly has."""
    profile = _first(root, table["profile"], values.text).rpartition(":")[2]
    found = {"profile": "UBL" if table is UBL else PROFILES.get(profile.lower(), "")}
    found |= {field: _first(root, table[field], parse) for field, parse in FIELDS.items()}
    for field in AMOUNTS:
        found[field] = values.only(
            values.amount(_text(element))
            for element in _elements(root, table[field])
            # The VAT may be said in the seller's currency too.
            if element.get("currencyID", found["currency"]) == found["currency"] or not found["currency"]
        )
    for role in ("seller", "buyer"):
        parties = _elements(root, table[role])
        if len(parties) == 1:
            found |= {f"{role}_{field}": value for field, value in _party(parties[0], table)}
    return ((field, value) for field, value in found.items() if value)


def _party(party: etree._Element, table: Table) -> Iterator[tuple[str, str]]:
    """Who that is: the identifiers that are named as French ones; a SIREN may be part of another number."""
    named = [
        _text(element)
        for element in _elements(party, table["identifiers"])
        if element.get("schemeID") in FRENCH_SCHEMES
    ]
    siret = values.only(values.digits(number, 14) for number in named)
    siren = values.only(values.digits(number, 9) for number in named)
    yield "name", _first(party, table["name"], values.text)
    yield "siret", siret
    yield "siren", siren or siret[:9] or _first(party, table["vat_number"], values.siren_of_vat)


def _first(start: etree._Element, paths: tuple[str, ...], parse: Callable[[str], str]) -> str:
    """What the first of these paths that leads to something says."""
    for path in paths:
        said = values.only(parse(_text(element)) for element in _elements(start, (path,)))
        if said:
            return said
    return ""


def _elements(start: etree._Element, paths: tuple[str, ...]) -> list[etree._Element]:
    """The elements there, whatever namespace a version has them in."""
    return [
        element for path in paths for element in start.findall("/".join(f"{{*}}{step}" for step in path.split("/")))
    ]


def _text(element: etree._Element) -> str:
    return "" if len(element) else element.text or ""
