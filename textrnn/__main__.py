"""Run the command line: `python -m textrnn`."""

from textrnn.cli import main

if __name__ == "__main__":
    main(prog_name="textrnn")
