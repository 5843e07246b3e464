"""The second factor of a log-in: an application that shows codes, and recovery codes for when it is lost."""
