"""The sandbox: an AWS account on one machine, for development, tests and CI."""
