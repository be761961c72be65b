"""`python -m sim` is `emberwatch`."""

from sim.cli.main import main

if __name__ == "__main__":
    main()
