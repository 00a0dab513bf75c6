"""How pySerial opens URLs: a folder that it searches by itself, before its own."""
