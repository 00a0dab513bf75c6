"""Where pySerial finds the handler of ``sim://`` once this package is in ``serial.protocol_handler_packages``."""
