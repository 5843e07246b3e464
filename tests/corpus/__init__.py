"""The corpus: files of every kind that people, or somebody who means harm, may send, each with its verdict.

All are made when the tests run, the same each time, on the builders of tests/pdfs.py: known.py has the cases that the
rules name, honest.py what producers write, hostile.py what is damaged, locked, two things at once, a bomb, or alive.
tests/invoices/test_pdf.py and test_corpus.py walk them.
"""
