"""Money as it stands: rulebooks in the store, facts of a season, charges, statements and what is said of them."""
