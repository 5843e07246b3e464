"""What operators see of the portal while it runs: logs, metrics, error reports. None of it names a person.

Nobody's name, e-mail, file name, invoice number, search or token leaves by these ways: whatever says something
says it by ids, routes and counts (`privacy`).
"""
