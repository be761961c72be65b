"""`python -m emberwatch` is `emberwatch`."""

from emberwatch.cli.main import main

if __name__ == "__main__":
    main()
