"""The routes, one module per resource; each answers from a service function and knows nothing of SQL."""
