"""Many documents: manifest, resumable ledger, local pool, Dask."""
