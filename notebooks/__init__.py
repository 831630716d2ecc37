"""Executed notebooks and the readable sources they are made of (`notebooks.run`)."""
