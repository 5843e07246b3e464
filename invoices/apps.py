from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "invoices"
    verbose_name = "Dépôts"

    def ready(self) -> None:
        from .handover import admin  # noqa: F401 - registers itself; Django looks for an app's own admin.py alone
