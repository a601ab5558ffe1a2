# Laid over a blueprint, for the measurement of a fleet: make site ARGS="-e vars_file=benchmarks/four_hosts.tfvars"
host_count = 4
