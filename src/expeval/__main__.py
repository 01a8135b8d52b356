"""``python -m expeval``: the command line."""

from expeval.cli.app import main

if __name__ == "__main__":
    main()
