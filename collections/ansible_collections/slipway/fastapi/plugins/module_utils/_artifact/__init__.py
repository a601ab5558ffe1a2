"""The artifact of an application: how it is packed, found in S3, fetched and unpacked."""
