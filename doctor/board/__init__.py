"""The board behind the port: its REPL, its files, the card in it, and the ways through it to the modem."""
