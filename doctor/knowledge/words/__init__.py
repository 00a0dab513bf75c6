"""What people say in words, in five languages: what they ask, what was done, what a description resembles."""
