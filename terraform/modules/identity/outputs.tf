output "instance_profile" {
  description = "Name of the instance profile."
  value       = aws_iam_instance_profile.host.name

  # A host must not start before its role may do anything: the first thing that it does is to read.
  depends_on = [aws_iam_role_policy.host]
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.host.name
}

output "policy_json" {
  description = "What the role may do, as JSON."
  value       = aws_iam_role_policy.host.policy
}
