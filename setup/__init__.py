"""Makes a checkout ready to work: Python packages, Terraform's provider. Python 3.11's standard library only."""
