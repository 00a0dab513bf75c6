"""A flash that the board does by itself, from the card in it: started, followed, joined."""
