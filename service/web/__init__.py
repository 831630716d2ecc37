"""The web pages' own sources: templates, the vendored-asset build, and where a page finds its local files."""
