"""Map layers: the one seam on which OGC APIs, tiles, lists and the web map stand; nothing else touches tables."""
