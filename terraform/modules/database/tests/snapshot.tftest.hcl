# Applies with made-up answers: a snapshot's name is known once the instance is there.
mock_provider "aws" {}

variables {
  identifier         = "slipway-test-app"
  subnet_ids         = ["subnet-a", "subnet-b"]
  security_group_ids = ["sg-database"]
  protect_data       = false
}

run "made" {
  assert {
    condition     = can(regex("^slipway-test-app-final-[0-9]{8}-[0-9]{6}$", output.final_snapshot))
    error_message = "The snapshot is named by the time at which the instance was made: ${output.final_snapshot}"
  }
}

run "made_again_by_the_same_code" {
  assert {
    condition     = output.final_snapshot == run.made.final_snapshot
    error_message = "A later apply changes nothing: ${output.final_snapshot} was ${run.made.final_snapshot}"
  }
}
