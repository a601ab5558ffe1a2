"""The host: its files, disk, sockets and units, and text that comes from elsewhere."""
