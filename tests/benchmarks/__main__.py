"""``python -m tests.benchmarks NAME``: run one measurement and print its table."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.benchmarks


def main() -> int:
    """Run the named measurement."""
    names = sorted(info.name for info in pkgutil.iter_modules(tests.benchmarks.__path__) if info.name[0] != "_")
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        sys.stderr.write(f"usage: python -m tests.benchmarks {'|'.join(names)}\n")
        return 2
    code: int = importlib.import_module(f"tests.benchmarks.{sys.argv[1]}").main()
    return code


if __name__ == "__main__":
    sys.exit(main())
