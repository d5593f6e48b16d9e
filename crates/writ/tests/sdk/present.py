"""Ends well if what requirements.txt pins is installed; else says what is not.

The versions count: the test shows what these releases emit.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)")


def faults(lines):
    """What is missing or of another version."""
    for line in lines:
        pin = PIN.fullmatch(line.strip())
        if pin is None:
            continue
        name, wanted = pin.groups()
        try:
            found = version(name)
        except PackageNotFoundError:
            yield f"{name} is not installed"
            continue
        if found != wanted:
            yield f"{name} is {found}, not {wanted}"


def main():
    """Prints the faults, one a line."""
    text = (Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8")
    found = list(faults(text.splitlines()))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
