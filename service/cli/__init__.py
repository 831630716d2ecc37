"""The command line `huodian`; every job of the service is a command (DESIGN section 6)."""
