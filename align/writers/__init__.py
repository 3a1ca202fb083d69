"""Links to files. One module a format, one registry."""
