"""The review app in a browser: a loopback server that requires a token."""
