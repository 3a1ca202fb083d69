"""Exchange formats: export links to files, verify them, and read files for import."""
