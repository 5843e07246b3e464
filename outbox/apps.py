from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "Courriels"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers them
