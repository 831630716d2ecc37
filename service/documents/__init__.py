"""Papers made of finished data: the statement and the finance list as PDF and XLSX.

Pure functions of a document: no store, no clock, no system font, no network. The same document gives the same bytes on
every machine.
"""
