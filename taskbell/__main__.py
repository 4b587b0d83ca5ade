"""``python -m taskbell`` is the same as ``taskbell``."""

from taskbell.runtime.cli import main

if __name__ == "__main__":
    main()
