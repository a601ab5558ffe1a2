# EC2 takes only ASCII letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* in a description, so no apostrophe:
# API reference, CreateSecurityGroup. The provider's plan does not check it (hashicorp/terraform-provider-aws#18874).
resource "aws_security_group" "app" {
  #checkov:skip=CKV2_AWS_5:the stack attaches it to the hosts; checkov looks within the module only

  name        = "${var.name}-app"
  description = "Hosts of the application"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-app" }
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  for_each = var.backend_http_cidrs

  security_group_id = aws_security_group.app.id
  description       = "Application"
  ip_protocol       = "tcp"
  from_port         = var.backend_port
  to_port           = var.backend_port
  cidr_ipv4         = strcontains(each.value, ":") ? null : each.value
  cidr_ipv6         = strcontains(each.value, ":") ? each.value : null
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = var.https ? var.backend_http_cidrs : []

  security_group_id = aws_security_group.app.id
  description       = "HTTPS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = strcontains(each.value, ":") ? null : each.value
  cidr_ipv6         = strcontains(each.value, ":") ? each.value : null
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = var.ssh_ingress_cidrs

  security_group_id = aws_security_group.app.id
  description       = "SSH"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = strcontains(each.value, ":") ? null : each.value
  cidr_ipv6         = strcontains(each.value, ":") ? each.value : null
}

# Tavily, Gemini and the AWS APIs speak HTTPS; Debian's package mirrors speak HTTP and sign what they serve. Amazon's DNS,
# time and metadata addresses are not subject to security groups.
resource "aws_vpc_security_group_egress_rule" "web" {
  for_each = { https = 443, http = 80 }

  security_group_id = aws_security_group.app.id
  description       = "Outgoing ${upper(each.key)}"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "database" {
  count = var.database ? 1 : 0

  security_group_id            = aws_security_group.app.id
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database[0].id
}
