"""An AWS account in a box: the cloud of development, tests and CI on one machine."""
