"""The review app in a browser: a loopback server that opens only to who holds the token."""
