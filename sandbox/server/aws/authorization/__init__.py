"""IAM for the hosts' roles: whoever calls with a role's credentials may do what the role's policies say, no more.

The operator's own keys are not judged: whoever runs the sandbox may do everything in it.
"""
