"""Reports: the fire list (today's dispatch), its formats and issues, and the map of the day."""
