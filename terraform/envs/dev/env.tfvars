# What development wants of every application. The account, its region and who may reach it are in account.tfvars.json,
# which `make env ENV=dev` writes.

env = "dev"

# Everything here can be made again, so destroying it is allowed and leaves nothing.
protect_data            = false
database_final_snapshot = false
database_backup_days    = 1
