"""The unit register and the five-level supervision grid (五级网格)."""
