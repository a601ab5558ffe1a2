# What production wants of every application. The account, its region and who may reach it are in account.tfvars.json, which
# `make env ENV=prod` writes: best another account than that of development. PUBLIC=yes lets everybody call the service.
# For hosts without a public SSH port set session_manager = "ssh" here, slipway_connection: ssm in
# inventories/prod/group_vars/all.yml, and "ssh_ingress_cidrs": [] there.

env = "prod"

# Refuses to delete the database and buckets that hold objects. Once protect_data is false, deleting the database takes a
# final snapshot: docs/terraform.md, "Destroying an environment".
protect_data            = true
database_final_snapshot = true
database_backup_days    = 14
database_multi_az       = true
