"""The AWS API: a moto server, and one small module for each thing that moto does unlike AWS."""
