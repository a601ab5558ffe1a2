# Development, in an AWS account of yours.

env    = "dev"
region = "us-east-1"

# The account, as `aws sts get-caller-identity` prints it: ["123456789012"]. Nothing is planned until it is set, and
# nothing is ever applied to another account.
allowed_account_ids = []

# Who may call the application and who may log in: your own addresses, for example ["203.0.113.7/32"].
backend_http_cidrs = []
ssh_ingress_cidrs  = []

# An EC2 key pair in this region, wanted where SSH is open.
# ssh_key_name         = "dev"
# ssh_private_key_file = "~/.ssh/dev.pem"

# Everything here can be made again, so destroying it is allowed and leaves nothing.
protect_data            = false
database_final_snapshot = false
database_backup_days    = 1
