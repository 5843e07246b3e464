from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "invoices"
    verbose_name = "Dépôts"

    def ready(self) -> None:
        from dossiers import consequences as of_dossiers
        from roles import consequences as of_people

        from . import consequences
        from .handover import admin  # noqa: F401 - registers itself; Django looks for an app's own admin.py alone

        of_dossiers.told_before_status(consequences.of_status)
        of_dossiers.told_on_the_page(consequences.of_page)
        of_people.told_before_closing(consequences.of_closing)
