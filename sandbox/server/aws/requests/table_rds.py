"""Rules of Amazon RDS."""

from __future__ import annotations

from sandbox.server.aws.requests.rules import ENTRIES, Rule

_INSTANCE = ("CreateDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot")
_POSTGRES = (("Engine", ("postgres", "aurora-postgresql")),)
_CREATE_PAGE = "Amazon RDS API Reference, CreateDBInstance"
#: Letters, digits and hyphens; a letter first, no hyphen last and no two together.
_IDENTIFIER = r"[A-Za-z](-?[A-Za-z0-9])*"
_TAGGED = ("CreateDBInstance", "CreateDBParameterGroup", "CreateDBSubnetGroup", "AddTagsToResource")

#: PostgreSQL documentation, appendix "SQL Key Words": the reserved ones.
_RESERVED = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true union
    unique user using variadic verbose when where window with
"""
POSTGRES_RESERVED = frozenset(_RESERVED.split())
#: aws/aws-cdk#10579 (admin); aws-cloudformation/cfn-lint#4425 (rdsadmin).
RDS_RESERVED = frozenset({"admin", "rdsadmin"})


def _identifier(operations: tuple[str, ...], name: str, longest: int, *terraform: str) -> Rule:
    return Rule(
        "rds",
        operations,
        name,
        "InvalidParameterValue",
        "The parameter {last} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII "
        "letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.",
        f"hashicorp/terraform#1251; {_CREATE_PAGE} ({name}, Constraints: at most {longest} characters)",
        pattern=_IDENTIFIER,
        longest=longest,
        terraform=terraform,
    )


def _tag(part: str, refused: str, longest: int, message: str) -> Rule:
    return Rule(
        "rds",
        _TAGGED,
        f"Tags[].{part}",
        "InvalidParameterValue",
        message,
        "Amazon RDS API Reference, Tag (Constraints)",
        refused=refused,
        longest=longest,
    )


RULES: tuple[Rule, ...] = (
    _identifier(_INSTANCE, "DBInstanceIdentifier", 63, "aws_db_instance.identifier"),
    _identifier(("CreateDBParameterGroup",), "DBParameterGroupName", 255, "aws_db_parameter_group.name"),
    _identifier(("DeleteDBInstance",), "FinalDBSnapshotIdentifier", 255, "aws_db_instance.final_snapshot_identifier"),
    _identifier(("CreateDBSnapshot",), "DBSnapshotIdentifier", 255),
    Rule(
        "rds",
        ("CreateDBSubnetGroup",),
        "DBSubnetGroupName",
        "InvalidParameterValue",
        "The parameter DBSubnetGroupName must be provided and must contain no more than 255 letters, numbers, periods, "
        "underscores, spaces, or hyphens, and must not be default",
        "Amazon RDS API Reference, CreateDBSubnetGroup (DBSubnetGroupName, Constraints)",
        pattern=r"[A-Za-z0-9._ \-]+",
        reserved=frozenset({"default"}),
        longest=255,
        terraform=("aws_db_subnet_group.name",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance",),
        "MasterUsername",
        "InvalidParameterValue",
        "MasterUsername {value} cannot be used as it is a reserved word used by the engine",
        'aws/aws-cdk#10579; aws-cloudformation/cfn-lint#4425; PostgreSQL documentation, "SQL Key Words", CREATE ROLE',
        reserved=RDS_RESERVED | POSTGRES_RESERVED,
        refused=r"(?i)^pg_",
        when=_POSTGRES,
        terraform=("aws_db_instance.username",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance",),
        "MasterUsername",
        "InvalidParameterValue",
        "MasterUsername must begin with a letter and contain only alphanumeric characters or underscores.",
        "floci-io/floci#3729 (63 characters for PostgreSQL, measured in a live account)",
        pattern=r"[A-Za-z][A-Za-z0-9_]*",
        longest=63,
        when=_POSTGRES,
        terraform=("aws_db_instance.username",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance",),
        "DBName",
        "InvalidParameterValue",
        "DBName must begin with a letter and contain only alphanumeric characters.",
        f"hashicorp/terraform-provider-aws#1137; {_CREATE_PAGE} (DBName, Constraints for PostgreSQL)",
        pattern=r"[A-Za-z][A-Za-z0-9_]*",
        longest=63,
        when=_POSTGRES,
        terraform=("aws_db_instance.db_name",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance",),
        "DBName",
        "InvalidParameterValue",
        "DBName {value} cannot be used. It is a reserved word for this engine",
        f'{_CREATE_PAGE} (DBName: "Can\'t be a word reserved by the database engine"); PostgreSQL, "SQL Key Words"',
        reserved=frozenset({"rdsadmin", "template0", "template1"}) | POSTGRES_RESERVED,
        when=_POSTGRES,
        terraform=("aws_db_instance.db_name",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance", "ModifyDBInstance"),
        "MasterUserPassword",
        "InvalidParameterValue",
        "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', "
        "'\"', ' ' may be used.",
        f"{_CREATE_PAGE} (MasterUserPassword, Constraints)",
        pattern=r"[!#-.0-?A-~]*",
        terraform=("aws_db_instance.password",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance", "ModifyDBInstance"),
        "MasterUserPassword",
        "InvalidParameterValue",
        "The parameter MasterUserPassword is not a valid password because it is shorter than 8 or longer than 128 "
        "characters.",
        f"{_CREATE_PAGE} (MasterUserPassword, Constraints for PostgreSQL)",
        shortest=8,
        longest=128,
        terraform=("aws_db_instance.password",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance", "ModifyDBInstance"),
        "",
        "InvalidParameterCombination",
        "You can specify only one of MasterUserPassword and ManageMasterUserPassword",
        f"{_CREATE_PAGE} (ManageMasterUserPassword, Constraints)",
        together=("MasterUserPassword", "ManageMasterUserPassword"),
    ),
    Rule(
        "rds",
        ("CreateDBInstance",),
        "AllocatedStorage",
        "InvalidParameterValue",
        "Invalid storage size for engine name {Engine} and storage type {StorageType}: {value}",
        f"{_CREATE_PAGE} (AllocatedStorage, RDS for PostgreSQL: 20 to 65536 GiB)",
        low=20,
        high=65536,
        when=(("Engine", ("postgres",)), ("StorageType", ("gp2", "gp3"))),
        terraform=("aws_db_instance.allocated_storage",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance", "ModifyDBInstance"),
        "BackupRetentionPeriod",
        "InvalidParameterValue",
        "Invalid backup retention period: {value}. Must be between 0 and 35",
        f"{_CREATE_PAGE} (BackupRetentionPeriod, Constraints)",
        low=0,
        high=35,
        terraform=("aws_db_instance.backup_retention_period",),
    ),
    Rule(
        "rds",
        ("CreateDBInstance",),
        "Port",
        "InvalidParameterValue",
        "The parameter Port must be between 1150 and 65535: {value}",
        f"{_CREATE_PAGE} (Port, valid values)",
        low=1150,
        high=65535,
        terraform=("aws_db_instance.port",),
    ),
    _tag("Key", r"(?i)^(aws|rds):", 128, "Tag keys must have 1 to 128 characters and not begin with aws: or rds:"),
    _tag("Key", r"[^\p{L}\p{Z}\p{N}_.:/=+\-@]", 128, "Tag keys have letters, digits, white space and _.:/=+-@ only"),
    _tag(
        "Value", r"[^\p{L}\p{Z}\p{N}_.:/=+\-@]", 256, "Tag values have at most 256 letters, digits, spaces and _.:/=+-@"
    ),
    Rule(
        "rds",
        _TAGGED,
        "Tags",
        "InvalidParameterValue",
        "A resource can have at most 50 tags",
        'AWS Tagging User Guide, "Tag naming limits and requirements"',
        longest=50,
        unit=ENTRIES,
    ),
)
