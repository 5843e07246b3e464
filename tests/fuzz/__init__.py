"""Requests that nobody means, by people who are logged in: whatever comes, the portal answers, and never with a 5xx.

    python -m tests.fuzz --requests 10000 --seed 1

Hypothesis makes each request of what forms and lists take, right and wrong; each begins from the same rows.
"""
