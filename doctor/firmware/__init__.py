"""Firmware files of the modem: their names, containers and integrity. Reads files, changes nothing, imports no port."""
