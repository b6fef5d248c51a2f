"""Models on a workstation: made from a template, checked, tried out on local data."""
