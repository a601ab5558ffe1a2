"""Makes a prepared release the one that serves: the module `release_switch` with its two strategies.

`run` is the order of the steps, which is the same for both. `strategy` has the interface that a strategy implements and
what the two share. `restart` and `blue_green` implement it; what each of them compares is in a `_state` file beside it.
"""
