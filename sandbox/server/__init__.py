"""The sandbox's one server process: the AWS API, the hosts' metadata service and the TLS stubs."""
