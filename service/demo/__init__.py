"""A synthetic township and village grid, duty-holders, zones and one day's feed, for `huodian demo`.

Everything here comes from a fixed seed and says that it is synthetic: the grid and the zones by their status, every
cell and person by name, the feed by its file's name. Counties, cities and the province are the real built-in ones.
"""
