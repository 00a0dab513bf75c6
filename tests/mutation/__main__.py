"""``python -m tests.mutation``: see run.py, which the processes of the run import under its own name."""

import sys

from tests.mutation.run import main

if __name__ == "__main__":
    sys.exit(main())
