"""`python -m web`: the command `quisait`, for a process that starts another of its own kind."""

from web.cli import main

main(prog_name="quisait")
