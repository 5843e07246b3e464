"""What a person has as a second factor, kept by django-otp: an application that shows codes, and recovery codes.

The application's codes (TOTP, RFC 6238) hold for thirty seconds, one step of tolerance either way, and each opens
once. After a wrong one the next try waits: 1, 2, 4, 8… seconds, counted apart for the application and for the
recovery codes. A recovery code is kept as its keyed hash; shown once, used once.
"""

import math
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from trail.enums import Action, Result
from trail.recording import record

from ..accounts import mails
from ..models import User

RECOVERY_CODES = 10
# Between the password and the first code: what was shown to a browser and left there is not taken into use later.
ENROLMENT_LIFE = timedelta(minutes=30)


class CodeRefusedError(Exception):
    """The code is wrong, has expired, or was used before."""


class TooSoonError(Exception):
    """After wrong codes the next one is not looked at for so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


@dataclass(frozen=True)
class SecondFactor:
    """Since when the person has one, and how many recovery codes are left."""

    since: datetime
    recovery_codes: int


def of(person: User) -> SecondFactor | None:
    """The person's second factor, if they have one."""
    device = TOTPDevice.objects.filter(user=person, confirmed=True).first()
    if device is None:
        return None
    return SecondFactor(device.created_at, StaticToken.objects.filter(device__user=person).count())


def exists_for(person: User) -> bool:
    """Whether the person must show a code to log in."""
    return TOTPDevice.objects.filter(user=person, confirmed=True).exists()


def begin(person: User) -> None:
    """Make a new secret for the person's application, which nothing asks for before `confirm`."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=person, confirmed=False).delete()
        TOTPDevice.objects.create(user=person, name="Application", confirmed=False)


def begun(person: User) -> TOTPDevice | None:
    """The application that waits for its first code, if there is one."""
    recent = timezone.now() - ENROLMENT_LIFE
    return TOTPDevice.objects.filter(user=person, confirmed=False, created_at__gte=recent).first()


def key_in_text(device: TOTPDevice) -> str:
    """The secret as people type it into an application that cannot see the picture: groups of four."""
    key = b32encode(device.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def confirm(person: User, code: str) -> tuple[Device, list[str]]:
    """Take the application that waits into use, by a code of its own; return it and the recovery codes.

    Raises CodeRefusedError and TooSoonError, and the first also where none waits or one is in use already.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)  # two tabs do not make two
        device = None if exists_for(person) else begun(person)
        if device and _try(person, device, code):
            device.confirmed = True
            device.created_at = timezone.now()
            device.save(update_fields=["confirmed", "created_at"])
            record(Action.SECOND_FACTOR_SET, person=person, on=person)
            mails.write_second_factor_set(person)
            return device, _new_recovery_codes(person)
    raise CodeRefusedError


def check(person: User, code: str) -> Device:
    """Use up a code of the application; return the application. Raises CodeRefusedError and TooSoonError."""
    return _check(TOTPDevice, person, code)


def check_recovery(person: User, code: str) -> Device:
    """Use up a recovery code; return what it belongs to. Raises CodeRefusedError and TooSoonError."""
    return _check(StaticDevice, person, _digest(person, code))


def renew_recovery_codes(person: User) -> list[str]:
    """Make ten new recovery codes; the earlier ones are worth nothing any more."""
    with transaction.atomic():
        record(Action.RECOVERY_CODES, person=person, on=person)
        return _new_recovery_codes(person)


def are_recovery_codes(person: User, codes: list[str]) -> bool:
    """Whether all of these are recovery codes of this person, none of them used."""
    kept = set(StaticToken.objects.filter(device__user=person).values_list("token", flat=True))
    return bool(codes) and all(_digest(person, code) in kept for code in codes)


def remove(person: User, *, by: User) -> bool:
    """Take the second factor away, recovery codes included; whether there was one.

    `by`: the person, or who does it for them in the back office.
    """
    with transaction.atomic():
        StaticDevice.objects.filter(user=person).delete()
        removed, _ = TOTPDevice.objects.filter(user=person, confirmed=True).delete()
        if removed:
            record(Action.SECOND_FACTOR_REMOVED, person=by, on=person)
            mails.write_second_factor_removed(person)
    return removed > 0


def _check(kind: type[Device], person: User, code: str) -> Device:
    with transaction.atomic():
        # Under a lock: of two requests with one code, one is let in.
        device = kind.objects.select_for_update().filter(user=person, confirmed=True).first()
        opened = device is not None and _try(person, device, code)
    if device is None or not opened:  # outside the transaction, so that the wrong code is counted
        raise CodeRefusedError
    return device


def _try(person: User, device: Device, code: str) -> bool:
    """Whether the code opens; TooSoonError while the device waits."""
    allowed, why = device.verify_is_allowed()
    if not allowed:
        raise TooSoonError(math.ceil((why["locked_until"] - timezone.now()).total_seconds()))
    opened: bool = device.verify_token(code)
    if not opened:
        record(Action.SECOND_FACTOR_CODE, person=person, on=person, result=Result.REFUSED, reason=device.model_label())
    return opened


def _new_recovery_codes(person: User) -> list[str]:
    StaticDevice.objects.filter(user=person).delete()
    device = StaticDevice.objects.create(user=person, name="Codes de secours")
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_digest(person, code)) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def _digest(person: User, code: str) -> str:
    """What is kept of a recovery code: nothing to find it again from without SECRET_KEY."""
    letters = "".join(sign for sign in code.lower() if sign.isalnum())
    return salted_hmac("roles.second_factor.recovery", f"{person.pk}:{letters}", algorithm="sha256").hexdigest()[:16]
