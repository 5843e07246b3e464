"""The index of names: how it is made where it cannot be, and elsewhere than on PostgreSQL."""

import pytest
from django.core.management import CommandError
from django.db import connection

from dossiers.models import Dossier
from roles.search_index import NeedExtension

pytestmark = pytest.mark.django_db


@pytest.mark.services
def test_who_may_not_make_an_extension_is_told_what_to_do() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_test_nobody; SET LOCAL ROLE portal_test_nobody")
    told = "cannot make the extension citext.*As a role that may: CREATE EXTENSION citext; then migrate again"
    with pytest.raises(CommandError, match=told), connection.schema_editor() as editor:
        NeedExtension("citext").database_forwards("dossiers", editor, None, None)


@pytest.mark.services
def test_who_may_not_make_an_extension_goes_on_where_it_is_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_test_nobody; SET LOCAL ROLE portal_test_nobody")
    with connection.schema_editor() as editor:
        NeedExtension("pg_trgm").database_forwards("dossiers", editor, None, None)


@pytest.mark.parametrize("name", ["dossier_employer_name", "dossier_provider_name"])
def test_the_names_are_indexed_beside_the_establishment(name: str) -> None:
    with connection.cursor() as cursor:
        made = connection.introspection.get_constraints(cursor, Dossier._meta.db_table)[name]
    assert made["index"]
    assert made["columns"][1:] == ["search_beneficiary"]
    assert made["type"] == ("gin" if connection.vendor == "postgresql" else "idx")
