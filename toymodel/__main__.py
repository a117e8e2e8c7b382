"""`python -m toymodel`."""

from toymodel.cli.main import main

if __name__ == "__main__":
    main()
