"""The Textual app in which a person settles links. Knows jobs and domain, never SQL."""
