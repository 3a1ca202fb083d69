"""Find which passages of texts in several languages say the same thing, and settle the doubtful ones."""

__version__ = "0.1.0"
