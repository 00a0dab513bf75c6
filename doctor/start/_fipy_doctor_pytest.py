"""The way in of the pytest plug-in (doctor/pytest_plugin.py), in a wheel beside the package ``doctor`` and not in it.

pytest loads it in every run. If another package called doctor lies in the place of ours (doctor/start/_fipy_doctor.py),
only the tests that ask for our fixtures end there, with its sentence; all others run.
"""

import pytest
from _fipy_doctor import told

try:
    from doctor import IS_FIPY_DOCTOR  # noqa: F401
    from doctor.pytest_plugin import *  # noqa: F403
except KeyboardInterrupt:
    raise
except BaseException as err:  # whatever somebody else's package does while it is imported
    _SENTENCE = told(err)

    def pytest_addoption(parser: pytest.Parser) -> None:
        """The options of the plug-in: a command line that names them gets as far as the sentence."""
        group = parser.getgroup("fipy-doctor", "tests of board code (fipy-doctor)")
        group.addoption("--fipy-port")
        group.addoption("--fipy-interrupt", action="store_true")

    def pytest_configure(config: pytest.Config) -> None:
        """The mark of the plug-in."""
        config.addinivalue_line("markers", "fipy_scenario(name, board='fipy', **more): fipy-doctor is not whole")

    def _fail() -> None:
        pytest.fail(_SENTENCE, pytrace=False)

    fipy_bench = pytest.fixture(name="fipy_bench")(_fail)
    fipy_board = pytest.fixture(name="fipy_board")(_fail)
