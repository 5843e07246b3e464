"""The collected static files."""

from functools import cached_property

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Compressed, under names that change with what is in them; the portal's own scripts import each other by these.

    Not those of packages, as `support_js_module_import_aggregation` would have it: one of them names in a comment what
    it does not bring.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {}

    def url(self, name: str, force: bool = False) -> str:
        """The address of a file, made once: a page asks for twenty, which took an eighth of a light page's time."""
        if name not in self._addresses:
            self._addresses[name] = super().url(name, force)
        return self._addresses[name]
