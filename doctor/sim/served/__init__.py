"""The simulated bench in real time, for other programs: pseudo terminal, rfc2217, telnet and FTP."""
