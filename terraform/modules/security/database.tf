# No egress rule: a database answers and asks nobody.
resource "aws_security_group" "database" {
  #checkov:skip=CKV2_AWS_5:the stack attaches it to the database; checkov looks within the module only

  count = var.database ? 1 : 0

  name        = "${var.name}-database"
  description = "Postgres, from hosts of the application only"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count = var.database ? 1 : 0

  security_group_id            = aws_security_group.database[0].id
  description                  = "Postgres from the application"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.app.id
}
