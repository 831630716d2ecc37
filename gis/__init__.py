"""Pure functions over arrays and frames. Nothing here knows a database, a web server or a clock."""
