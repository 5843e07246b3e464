"""The collected static files."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Compressed, under names that change with what is in them; scripts name each other so too."""

    support_js_module_import_aggregation = True
