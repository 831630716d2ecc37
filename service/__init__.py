"""Everything that remembers or talks: store, pipeline, reports, web and command line."""
