"""The average daily rate of a hotel booking."""
