"""The card in the board, as the board sees it, and the firmware file on it."""
