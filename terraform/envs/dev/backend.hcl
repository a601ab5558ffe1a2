# State bucket of the development environment. `make bootstrap ENV=dev` makes it and writes its name here; a name that stands
# here already is the one that it takes.

# bucket     = "slipway-state-dev-<account>"
region       = "us-east-1"
use_lockfile = true
encrypt      = true
