"""Parse, call, print, exit: a command reads like the table of contents of its job."""
