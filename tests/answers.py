"""Answers as the server that sends them treats them."""

from django.http import HttpResponseBase


def sent(answer: HttpResponseBase) -> HttpResponseBase:
    """The answer, sent to its end: a fault may wait in what is streamed, and files are closed after it.

    By reading, which Django's test client watches over, and not by `close`: that would end the test's own connection
    to the database.
    """
    if answer.streaming:
        answer.getvalue()
    return answer
