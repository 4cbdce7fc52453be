"""Arrays only: what sound is made of, free of every noun of the domain."""
