"""`python -m toymodel`."""

from toymodel.cli import main

if __name__ == "__main__":
    main()
