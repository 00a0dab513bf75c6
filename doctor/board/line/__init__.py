"""The line between board and modem: mirror mode, our bridge, the tunnel through the REPL, the jumpers."""
