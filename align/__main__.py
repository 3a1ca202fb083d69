"""`python -m align` runs the console script."""

from align.cli import main

if __name__ == "__main__":
    main()
