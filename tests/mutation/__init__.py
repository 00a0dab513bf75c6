"""Whether the tests notice when the code is wrong: mutants of a few modules, each tried with the tests that run it."""
