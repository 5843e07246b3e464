"""Fields that understand what a French person types: amounts, dates, an invoice's number (RULES.md §2, §5.2)."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from ..catalogue import in_force
from ..models import Deposit
from ..presentation import counted
from ..rules import LARGEST_AMOUNT, earliest_issue_date, has_invisible, number_key


class AmountField(forms.CharField):
    """An amount in euros, above zero, with at most two decimals: « 1 234,56 », « 1234,56 » and « 1234.56 ».

    Cleans to a Decimal with two decimals. Anything that could be read in two ways is not understood.
    """

    LONGEST = 40
    UNDERSTOOD = re.compile(r"(?P<whole>\d+|\d{1,3}(?: \d{3})+)(?:[.,](?P<cents>\d*))?", re.ASCII)

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "class": "input input--amount"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        typed = super().clean(value)
        if not typed:
            return None
        text = " ".join(typed.split()).strip("€ ")
        if text.startswith(("-", "−")):
            raise ValidationError("Le montant doit être supérieur à zéro.", code="not_positive")
        match = self.UNDERSTOOD.fullmatch(text)
        if not match or len(text) > self.LONGEST:
            raise ValidationError(
                "Ce montant n’est pas compris. Écrivez-le en euros, par exemple 1 234,56.",
                code="not_understood",
            )
        cents = match["cents"] or ""
        if len(cents) > 2:
            raise ValidationError("Un montant a deux décimales au plus, par exemple 1 234,56.", code="decimals")
        amount = Decimal(f"{match['whole'].replace(' ', '')}.{cents.ljust(2, '0')}")
        if amount <= 0:
            raise ValidationError("Le montant doit être supérieur à zéro.", code="not_positive")
        if amount > LARGEST_AMOUNT:
            raise ValidationError("Ce montant est trop grand : vérifiez-le.", code="too_large")
        return amount


class IssueDateField(forms.CharField):
    """The day an invoice was issued: from so many years before today to today, in Europe/Paris (§2).

    Understood: 23/11/2026, 23-11-2026, 23.11.2026, 23 11 2026, 23112026, 2026-11-23. Cleans to a date.
    """

    UNDERSTOOD = (
        re.compile(r"(?P<day>\d{1,2}) ?[/\-. ] ?(?P<month>\d{1,2}) ?[/\-. ] ?(?P<year>\d{4})", re.ASCII),
        re.compile(r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{4})", re.ASCII),
        re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII),
    )

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"inputmode": "numeric", "class": "input"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, value: Any) -> date | None:
        text = " ".join(super().clean(value).split())
        if not text:
            return None
        day = self._read(text)
        today, years = timezone.localdate(), in_force.limits().invoice_age_years
        earliest = earliest_issue_date(today, years)
        if day > today:
            raise ValidationError(
                f"La date d’émission est postérieure à aujourd’hui ({today:%d/%m/%Y}) : vérifiez-la.",
                code="future",
            )
        if day < earliest:
            raise ValidationError(
                f"La date d’émission a plus de {counted(years, 'an')} : "
                f"la plus ancienne acceptée est le {earliest:%d/%m/%Y}.",
                code="too_old",
            )
        return day

    def _read(self, text: str) -> date:
        for pattern in self.UNDERSTOOD:
            if match := pattern.fullmatch(text):
                try:
                    return date(*(int(match[part]) for part in ("year", "month", "day")))
                except ValueError:
                    raise ValidationError(
                        "Cette date n’existe pas : vérifiez le jour et le mois.", code="no_such_day"
                    ) from None
        raise ValidationError(
            "Cette date n’est pas comprise. Écrivez jour/mois/année, par exemple 23/11/2026.",
            code="not_understood",
        )


class InvoiceNumberField(forms.CharField):
    """An invoice's number as it stands on the invoice, at most 35 characters (§5.2)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=settings.INVOICE_NUMBER_LENGTH,
            error_messages={
                "max_length": "Le numéro de la facture a %(limit_value)d caractères au plus : "
                "il en a ici %(show_value)d.",
                "null_characters_not_allowed": "Ce numéro contient des caractères invisibles : saisissez-le à la main.",
            },
            widget=forms.TextInput({"class": "input"}),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        number = super().clean(value)
        if has_invisible(number):
            raise ValidationError(
                "Ce numéro contient des caractères invisibles : saisissez-le à la main.", code="invisible"
            )
        # A few characters of Unicode stand for whole sentences.
        try:
            Deposit._meta.get_field("number_key").run_validators(number_key(number))
        except ValidationError:
            raise ValidationError(
                "Ce numéro contient des caractères inhabituels : saisissez-le à la main.", code="unusual"
            ) from None
        return number
