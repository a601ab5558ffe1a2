# The gap-fill backend: one host that anybody may put a FastAPI/SSE service or a container on. A minimal VPC, no database,
# no bucket but the deployer's own. gap-fill.tfvars.example explains every setting.

app           = "gap-fill"
network       = { mode = "new", cidr = "10.21.0.0/16", zone_count = 1 }
instance_type = "t3.medium"
backend_port  = 8000

# Read if it is there: a host without it is complete.
env_parameter_name = "/mlops/backend/env"
env_required       = false

buckets = []
