"""One SQLite file, by sqlite-utils. All SQL lives here."""
