"""Mails: written as rows with what they tell of, sent later, once. Knows no other app."""
