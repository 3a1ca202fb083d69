"""A file's bytes to blocks with offsets. One module a format, one registry."""
