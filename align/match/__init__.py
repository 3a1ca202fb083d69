"""Which sentences of two languages say the same thing. Pure numpy: no I/O, no models."""
