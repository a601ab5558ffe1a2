"""AWS's own rules for what a Terraform plan would make, asked before AWS is.

A plan's resources are translated to CloudFormation's types and properties, for which AWS publishes schemas. cfn-lint
checks them. See docs/aws-rules.md.
"""
