"""Proof of a deposit: the receipt as a page, as a PDF and by mail, and the page that verifies a file."""
