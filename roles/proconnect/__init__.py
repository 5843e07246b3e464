"""Log-in by ProConnect, the State's identity for professionals (OpenID Connect); off unless its variables are set."""
