"""A person's account: the log-in and its guard, invitations, passwords, sessions (« Mon compte »)."""
