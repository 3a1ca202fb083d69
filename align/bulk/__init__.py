"""Many documents: manifests, a ledger that survives kills, local and Dask workers, document matching, mining."""
