"""The location engine behind `gis.locate`: a uniform cell index over edges that are stored once for both owners.

``rings`` holds the coordinates, ``index`` builds the cells over them, ``kernels`` (compiled) and ``plain`` (numpy)
answer from them by the same exact predicates, ``file`` keeps them on disk, ``stream`` reads large layers.
"""
