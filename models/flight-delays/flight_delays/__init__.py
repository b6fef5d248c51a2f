"""Late arrivals of flights from New York."""
