"""Reports: how far the review of a store is, as values and as one HTML page."""
