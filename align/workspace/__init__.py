"""The use cases. The command line, the review app and bulk runs call these and nothing below."""
