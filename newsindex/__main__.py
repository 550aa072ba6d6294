"""`python -m newsindex`: the command line where the `newsindex` script is not on the path."""

from newsindex.cli import main

if __name__ == "__main__":
    main(prog_name="newsindex")
