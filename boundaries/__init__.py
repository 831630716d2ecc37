"""Administrative boundary sets and zone layers: reading, datum, topology, versions, regimes."""
