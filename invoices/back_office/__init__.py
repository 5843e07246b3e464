"""Deposits and what belongs to them in the back office: looked at, relaunched, cancelled, taken along; never edited."""
