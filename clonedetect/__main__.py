"""`python -m clonedetect` and the `clonedetect` script."""

from clonedetect.cli import main

if __name__ == "__main__":
    main()
