"""
What a model image's programs share: SageMaker's paths, serving, identity, prediction records, charts.

Runs on Python 3.8 or newer with the standard library alone; uvloop is used where it is installed.
"""
