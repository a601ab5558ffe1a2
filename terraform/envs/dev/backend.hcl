# State bucket of the development environment. terraform/state makes it and prints the first line.

# bucket = "slipway-state-dev-<account>"
region       = "us-east-1"
use_lockfile = true
encrypt      = true
