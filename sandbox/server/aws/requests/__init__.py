"""Checks each request before moto gets it: by botocore's service model, and by AWS's rules that the model lacks."""
