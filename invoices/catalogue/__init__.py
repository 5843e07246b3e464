"""What an OPCO decides for itself, as rows that its staff edit: types of documents, and limits (RULES.md §2, §5.3).

`values` is what the rest of the portal works with, `in_force` where it asks for it, `models` the rows.
"""
