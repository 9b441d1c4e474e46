"""`python -m pixelated`: the same as the command."""

from pixelated.cli import main

if __name__ == "__main__":
    main()
