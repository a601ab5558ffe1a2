"""Virtual environments: how they are built from an untrusted lock file, and what is installed in them."""
