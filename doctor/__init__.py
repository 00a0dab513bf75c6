"""fipy-doctor: examines, cures and flashes the LTE modem of Pycom FiPy and GPy boards."""

__version__ = "0.1.0"
