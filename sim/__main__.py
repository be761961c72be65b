"""`python -m emberwatch` is `emberwatch`."""

from emberwatch.cli.start import main

if __name__ == "__main__":
    main()
