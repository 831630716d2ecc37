"""Rulebooks and adjudication: what a fire point costs, whom, under which clause (DESIGN section 3).

Pure: standard library and pydantic only. Parsed data with a line map comes in, values come out; reading files, the
store, the clock and the web stay outside.
"""
