"""The four steps of a deposit (RULES.md §5), on formtools: state in the draft's row, files with rows of their own."""
