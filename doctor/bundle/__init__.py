"""What a user sends to whoever helps: files of this program in one zip, without what is private in them."""
