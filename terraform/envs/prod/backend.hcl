# State bucket of the production environment. `make bootstrap ENV=prod` makes it and writes its name here; a name that stands
# here already is the one that it takes.

# bucket     = "slipway-state-prod-<account>"
region       = "us-east-1"
use_lockfile = true
encrypt      = true
