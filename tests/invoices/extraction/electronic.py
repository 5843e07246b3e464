"""Electronic invoices to read: made by the factur-x package in every profile, and by hand what it does not make."""

from decimal import Decimal
from functools import cache

from facturx import generate_cii_xml, generate_from_binary, generate_ubl_xml, xml_check_xsd
from lxml import etree

from tests import pdfs

PROFILES = {
    "minimum": "MINIMUM",
    "basicwl": "BASIC WL",
    "basic": "BASIC",
    "en16931": "EN 16931",
    "extended": "EXTENDED",
}
EXEMPT = "Exonération de TVA, article 261-4-4° a du CGI"
ADDRESS = {"addr_l1": "12 rue de la République", "city": "LYON", "postcode": "69002", "country_code": "FR"}


def invoice(*shares: tuple[str, str], **others: object) -> dict[str, object]:
    """What the factur-x package makes an invoice of: one line and one kind of VAT for each (HT, rate); `others` too."""
    vat = [(Decimal(base) * Decimal(rate) / 100).quantize(Decimal("0.01")) for base, rate in shares]
    ht = sum(Decimal(base) for base, _ in shares)
    kinds = [
        {"BT-116": base, "BT-117": str(tax), "BT-118": "S" if Decimal(rate) else "E", "BT-119": rate}
        | ({} if Decimal(rate) else {"BT-120": EXEMPT, "BT-121": "VATEX-EU-132-1I"})
        for (base, rate), tax in zip(shares, vat, strict=True)
    ]
    lines = [
        {
            **{
                "BT-126": str(rank),
                "BT-153": f"Formation de Jeanne Lefèvre, partie {rank}",
                "BT-129": "1",
                "BT-130": "C62",
            },
            **{"BT-146": base, "BT-131": base, "BT-151": kind["BT-118"], "BT-152": rate},
        }
        for rank, ((base, rate), kind) in enumerate(zip(shares, kinds, strict=True), 1)
    ]
    due = str(ht + sum(vat))
    return {
        **{"BT-1": "FA-2026-0042", "BT-2": "2026-10-12", "BT-3": "380", "BT-5": "EUR", "BT-9": "2026-11-11"},
        **{
            "BT-72": "2026-10-09",
            "BT-106": str(ht),
            "BT-109": str(ht),
            "BT-110": str(sum(vat)),
            "BT-112": due,
            "BT-115": due,
        },
        "BG-1": [{"BT-22": "Dossier CPRO-2026-004217"}],
        "BG-4": {
            **{"name": "Formatech", "legal_identifier": "732829320", "legal_identifier_schemeid": "0002"},
            **{"identifiers": {"0009": "73282932000074"}, "vat_identifier": "FR44732829320", **ADDRESS},
        },
        "BG-7": {
            "name": "Groupe Horizon",
            "legal_identifier": "552100554",
            "legal_identifier_schemeid": "0002",
            **ADDRESS,
        },
        "BG-23": kinds,
        "BG-25": lines,
    } | others


# What the smallest profile does without.
NOT_IN_MINIMUM = (
    *("IncludedNote", "IncludedSupplyChainTradeLineItem", "ApplicableTradeTax", "SpecifiedTradePaymentTerms"),
    *("LineTotalAmount", "GlobalID", "LineOne", "CityName", "PostcodeCode", "ActualDeliverySupplyChainEvent"),
)


def xml_of(data: dict[str, object], profile: str = "en16931") -> bytes:
    """The XML in a profile; the package makes three of them, and has the schemas of all."""
    made_as = {"minimum": "basicwl", "basic": "en16931"}.get(profile, profile)
    xml = generate_cii_xml(dict(data), level=made_as, check_xsd=True, check_schematron=None)
    if made_as == profile:
        return xml
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))
    root.find(".//{*}GuidelineSpecifiedDocumentContextParameter/{*}ID").text = {
        "minimum": "urn:factur-x.eu:1p0:minimum",
        "basic": "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
    }[profile]
    for name in NOT_IN_MINIMUM if profile == "minimum" else ():
        for element in root.findall(f".//{{*}}{name}"):
            element.getparent().remove(element)
    xml_check_xsd(root, flavor="factur-x", level=profile)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


# As programs of 2014 wrote it; the package makes nothing so old.
ZUGFERD_1_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15">
 <rsm:SpecifiedExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
  <ram:ID>urn:ferd:CrossIndustryDocument:invoice:1p0:comfort</ram:ID>
 </ram:GuidelineSpecifiedDocumentContextParameter></rsm:SpecifiedExchangedDocumentContext>
 <rsm:HeaderExchangedDocument><ram:ID>FA-2026-0042</ram:ID><ram:Name>FACTURE</ram:Name><ram:TypeCode>380</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">20261012</udt:DateTimeString></ram:IssueDateTime>
 </rsm:HeaderExchangedDocument>
 <rsm:SpecifiedSupplyChainTradeTransaction>
  <ram:ApplicableSupplyChainTradeAgreement><ram:SellerTradeParty><ram:Name>Formatech</ram:Name>
   <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR44732829320</ram:ID></ram:SpecifiedTaxRegistration>
  </ram:SellerTradeParty><ram:BuyerTradeParty><ram:Name>Groupe Horizon</ram:Name></ram:BuyerTradeParty>
  </ram:ApplicableSupplyChainTradeAgreement>
  <ram:ApplicableSupplyChainTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradeSettlementMonetarySummation>
    <ram:LineTotalAmount currencyID="EUR">1200.00</ram:LineTotalAmount>
    <ram:TaxBasisTotalAmount currencyID="EUR">1200.00</ram:TaxBasisTotalAmount>
    <ram:TaxTotalAmount currencyID="EUR">240.00</ram:TaxTotalAmount>
    <ram:GrandTotalAmount currencyID="EUR">1440.00</ram:GrandTotalAmount>
   </ram:SpecifiedTradeSettlementMonetarySummation>
  </ram:ApplicableSupplyChainTradeSettlement>
 </rsm:SpecifiedSupplyChainTradeTransaction>
</rsm:CrossIndustryDocument>"""


def ubl_of(data: dict[str, object]) -> bytes:
    return generate_ubl_xml(dict(data), level="en16931", check_xsd=False, check_schematron=None)


@cache
def page() -> bytes:
    return pdfs.plain_pdf()


def factur_x(xml: bytes, profile: str) -> bytes:
    """The PDF that the factur-x package makes of a page and this XML."""
    return generate_from_binary(page(), xml, flavor="factur-x", level=profile, check_xsd=False, check_schematron=False)
