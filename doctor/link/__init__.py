"""One open byte stream, whatever the port's URL: opened, traced, and its failures named."""
