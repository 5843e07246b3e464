"""Reading documents in the portal, and taking a whole deposit along (RULES.md §7)."""
