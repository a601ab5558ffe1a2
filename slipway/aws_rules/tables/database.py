"""RDS."""

from __future__ import annotations

from typing import Any

from slipway.aws_rules import versions
from slipway.aws_rules.shapes import TAGS, Block, To, Type, unless_zero
from slipway.aws_rules.tables import placeholders


def _version(properties: dict[str, Any]) -> dict[str, Any]:
    """RDS takes a major release as "a recent release of the major version you have specified".

    Source: Amazon RDS User Guide, "Available PostgreSQL database versions"; aws-cloudformation/cfn-lint#3849. cfn-lint
    itself warns of every bare major release (W3691), so it is given the newest release of it that can be made.
    """
    version, engine = properties.get("EngineVersion"), properties.get("Engine")
    if not version or not engine:
        return properties
    return properties | {"EngineVersion": versions.newest(engine, version)}


def _parameters(properties: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation has parameters as a map."""
    found = properties.get("Parameters", [])
    return {**properties, "Parameters": {each["Name"]: each["Value"] for each in found}}


TYPES = {
    "aws_db_subnet_group": Type(
        "AWS::RDS::DBSubnetGroup",
        {
            "name": To("DBSubnetGroupName"),
            "description": To("DBSubnetGroupDescription"),
            "subnet_ids": To("SubnetIds", unknown=placeholders.subnets),
            "tags_all": TAGS,
        },
    ),
    "aws_db_parameter_group": Type(
        "AWS::RDS::DBParameterGroup",
        {
            "name": To("DBParameterGroupName"),
            "family": To("Family"),
            "description": To("Description"),
            "parameter": Block("Parameters", {"name": To("Name"), "value": To("Value")}, many=True),
            "tags_all": TAGS,
        },
        finish=_parameters,
    ),
    "aws_db_instance": Type(
        "AWS::RDS::DBInstance",
        {
            "identifier": To("DBInstanceIdentifier"),
            "engine": To("Engine"),
            "engine_version": To("EngineVersion"),
            "instance_class": To("DBInstanceClass"),
            "db_name": To("DBName"),
            "username": To("MasterUsername"),
            "manage_master_user_password": To("ManageMasterUserPassword"),
            "port": To("Port", str),
            "storage_type": To("StorageType"),
            "allocated_storage": To("AllocatedStorage", str),
            "max_allocated_storage": To("MaxAllocatedStorage", unless_zero),
            "storage_encrypted": To("StorageEncrypted"),
            "iops": To("Iops"),
            "db_subnet_group_name": To("DBSubnetGroupName", unknown=placeholders.name),
            "parameter_group_name": To("DBParameterGroupName", unknown=placeholders.name),
            "vpc_security_group_ids": To("VPCSecurityGroups", unknown=placeholders.security_groups),
            "publicly_accessible": To("PubliclyAccessible"),
            "multi_az": To("MultiAZ"),
            "ca_cert_identifier": To("CACertificateIdentifier"),
            "backup_retention_period": To("BackupRetentionPeriod"),
            "backup_window": To("PreferredBackupWindow"),
            "maintenance_window": To("PreferredMaintenanceWindow"),
            "copy_tags_to_snapshot": To("CopyTagsToSnapshot"),
            "auto_minor_version_upgrade": To("AutoMinorVersionUpgrade"),
            "delete_automated_backups": To("DeleteAutomatedBackups"),
            "deletion_protection": To("DeletionProtection"),
            "dedicated_log_volume": To("DedicatedLogVolume"),
            "monitoring_interval": To("MonitoringInterval"),
            "performance_insights_enabled": To("EnablePerformanceInsights"),
            "tags_all": TAGS,
        },
        finish=_version,
    ),
}
