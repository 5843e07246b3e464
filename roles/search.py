"""Search that ignores accents and case, the same on every database: what is searched is stored normalised."""

import unicodedata
from typing import Any

from django.db import models

# What has no decomposition and has another spelling all the same; most keyboards do not have « œ ».
SPELLINGS = str.maketrans({"œ": "oe", "æ": "ae", "’": "'"})
# Control characters and halves of characters: in no name, and not every database takes them.
UNWRITABLE = ("Cc", "Cs")


def normalise(text: str) -> str:
    """The text as it is compared: no accents, lower case, single spaces ("  Éloïse  Lefèvre" → "eloise lefevre")."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(
        " " if unicodedata.category(character) in UNWRITABLE else character
        for character in decomposed
        if not unicodedata.combining(character)
    )
    return " ".join(plain.translate(SPELLINGS).split())


class NormalisedField(models.TextField):
    """A column filled by `save` and `bulk_create` with the normalised text of other fields of its row.

    `sources` names these fields; they are joined by a space. Whoever writes some columns only (`update_fields`)
    names this one too; `update` and `bulk_update` do not fill it.
    """

    def __init__(self, *, sources: list[str], **kwargs: Any) -> None:
        self.sources = sources
        super().__init__(**(kwargs | {"editable": False}))

    def deconstruct(self) -> tuple[str, str, list, dict]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"]
        return name, path, list(args), kwargs | {"sources": self.sources}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = normalise(" ".join(getattr(model_instance, source) for source in self.sources))
        setattr(model_instance, self.attname, value)
        return value
