"""OGC API: Common, Features (Parts 1 to 3) and Tiles over the one seam `service.layers`, as a sub-application."""
