"""The deposit: its rules, its wizard, its documents, its transmission."""
