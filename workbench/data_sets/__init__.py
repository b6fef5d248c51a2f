"""Data set versions from a workstation: looked at, put into the data bucket, fetched from it."""
