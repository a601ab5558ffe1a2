"""The check of each request before moto sees it: botocore's service model, and the rules of AWS that it lacks."""
