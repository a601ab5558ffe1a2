# State bucket of the production environment. terraform/state makes it and prints the first line.

# bucket = "slipway-state-prod-<account>"
region       = "us-east-1"
use_lockfile = true
encrypt      = true
