"""IAM for roles: a request with a role's credentials is limited to what the role's policies allow.

The operator's own keys are not checked: the person who runs the sandbox can do everything in it.
"""
