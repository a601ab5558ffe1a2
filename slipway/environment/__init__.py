"""`make env`: the file of an environment that says which account it is, where, and who may reach it."""
