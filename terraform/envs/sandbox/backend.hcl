# State lives in the sandbox itself and goes with it. `python -m sandbox up` makes the bucket.

bucket       = "slipway-state-sandbox"
region       = "us-east-1"
use_lockfile = true
encrypt      = true

endpoints = {
  s3  = "http://127.0.0.1:4577"
  sts = "http://127.0.0.1:4577"
  iam = "http://127.0.0.1:4577"
}
access_key               = "sandbox"
secret_key               = "sandbox"
allowed_account_ids      = ["000000000000"]
profile                  = "default"
shared_config_files      = ["../../envs/sandbox/aws.config"]
shared_credentials_files = ["/dev/null"]
use_path_style           = true
skip_metadata_api_check  = true
