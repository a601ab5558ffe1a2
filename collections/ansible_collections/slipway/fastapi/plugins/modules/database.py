#!/usr/bin/python
"""Documentation of the action plugin of the same name, which does the work on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: Prepare a service's role, database and URL in RDS Postgres
description:
  - RDS manages the master user's password and changes it every seven days, so a service must not use it. This
    action gives the service a role of its own, whose password it generates once and keeps in a SecureString
    parameter as the line C(DATABASE_URL=...).
  - The RDS instance, the parameter and the master secret are read on the control node with its AWS identity.
  - The host first logs in as the service, for which it needs psycopg (O(python)) and the CA bundle (O(ca_file)). When
    that works, the master secret is not even read.
  - Otherwise the control node itself looks at the server, and creates or corrects the role and the database as the
    master user. It reaches the server by a port that the host's SSH forwards. The server must have a certificate of
    RDS (O(control_ca)) for the endpoint's name before it is sent anything, and is given a proof of the password
    (SCRAM), so the host learns no password of the master user, and cannot answer in the server's place.
    Then the host proves the service's login.
  - A password that is stored is never changed. When the instance's address, the role or the database's name have
    changed, the URL is written anew around it.
  - No result, message or difference shows a password, at any verbosity.
options:
  identifier:
    description: Identifier of the RDS instance.
    type: str
    required: true
  parameter:
    description: Name of the SecureString parameter that holds the service's URL.
    type: str
    required: true
  role:
    description: Name of the service's role in Postgres.
    type: str
    default: app
  database:
    description: Name of the service's database. The role owns it.
    type: str
    default: app
  ca_file:
    description: CA bundle of RDS on the hosts; it becomes part of the URL.
    type: path
    default: /opt/slipway/etc/rds-ca.pem
  python:
    description: Interpreter on the host that has psycopg 3.
    type: path
    default: /opt/slipway/venv/bin/python
  timeout:
    description: Seconds that each stage of connecting may take.
    type: int
    default: 10
  control_ca:
    description: CA bundle of RDS for the control node, a path or an https URL. It is never taken from a host.
    type: str
    default: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
  tags:
    description: Tags that the RDS instance must carry, so that a host's tag cannot name another application's database.
    type: dict
    default: {}
  aws:
    description: The AWS identity of the control node.
    type: dict
    required: true
    suboptions:
      region:
        description: AWS region.
        type: str
        required: true
      endpoint_url:
        description: URL of the AWS API, where it is not the region's own.
        type: str
      access_key:
        description: Access key; with O(aws.secret_key) instead of AWS's ordinary chain.
        type: str
      secret_key:
        description: Secret key.
        type: str
      profile:
        description: Profile in the AWS config file.
        type: str
      account_id:
        description: Account that the identity belongs to. It is used for S3 only.
        type: str
requirements:
  - psycopg 3 for Ansible on the control node
  - a host that is reached by SSH, whose server forwards TCP connections
author:
  - Slipway maintainers (@slipway)
attributes:
  action:
    support: full
    description: Runs on the control node, and tries the login with O(python) on the host.
  check_mode:
    support: full
    description: >-
      Reads and logs in, and writes nothing. Where the parameter does not exist yet, whether the role exists is not
      looked up.
  diff_mode:
    support: full
    description: Shows URLs without their passwords, and the role's properties.
  idempotent:
    support: full
    description: When run twice in a row, the second run changes nothing.
"""

EXAMPLES = r"""
- name: Prepare the service's database
  slipway.fastapi.database:
    identifier: "{{ slipway_database }}"
    parameter: "{{ slipway_database_parameter }}"
    tags:
      "slipway:app": "{{ slipway_app }}"
      "slipway:env": "{{ slipway_env }}"
    aws: "{{ slipway_aws }}"
  run_once: true
"""

RETURN = r"""
login:
  description: Whether the service's login works. In check mode, whether it works now.
  type: bool
  returned: success
reason:
  description: Why something was, or is, to be done to the role.
  type: str
  returned: success
endpoint:
  description: Host and port of the RDS instance.
  type: str
  returned: success
parameter:
  description: Name of the parameter.
  type: str
  returned: success
"""
