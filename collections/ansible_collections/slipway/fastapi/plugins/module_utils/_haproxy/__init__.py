"""HAProxy in front of a service: its map, its sockets, and the wait for requests in progress."""
