# The AWS account in a box. Nothing here is secret: its API listens on this machine only.

env    = "sandbox"
region = "us-east-1"

endpoint_url         = "http://127.0.0.1:4577"
endpoint_credentials = { access_key = "sandbox", secret_key = "sandbox" }
allowed_account_ids  = ["000000000000"]

# Its public addresses answer on this machine alone, so everybody may call the application.
backend_http_cidrs = ["0.0.0.0/0"]

# The gateways of the sandbox's networks, from which this machine reaches its hosts.
ssh_ingress_cidrs    = ["10.0.0.0/8"]
ssh_key_name         = "slipway-sandbox"
ssh_private_key_file = ".sandbox/main/ssh/id_ed25519"

session_manager         = "off"
protect_data            = false
database_final_snapshot = false
