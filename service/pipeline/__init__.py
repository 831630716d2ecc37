"""The steps of DESIGN section 1 over the store: load, ingest, assess, rule, pending."""
