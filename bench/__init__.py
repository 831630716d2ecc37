"""Measured ratios against what users would write with pandas and geopandas: ``make bench``."""
