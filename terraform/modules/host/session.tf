# Session Manager's agent, for images that lack it. The key is Amazon's, fingerprint 1C5B 395C BE5E 74E2 F1CA 2159 2784 DBF3
# 88D1 9D46, valid until 2027-11-25: AWS Systems Manager User Guide, "Verifying the signature of SSM Agent", and
# github.com/aws/amazon-ecs-ami, files/amazon-ssm-agent.gpg. When AWS has a new one, replace the file and this line.
locals {
  # Between the armor's header and its checksum there is the key itself in Base64, which is how cloud-init takes bytes.
  agent_key = replace(regex("\\n\\n([A-Za-z0-9+/=\\n]+)\\n=", file("${path.module}/amazon-ssm-agent.asc"))[0], "\n", "")

  session_files = {
    write_files = [
      {
        path        = "/usr/local/lib/slipway/amazon-ssm-agent.gpg"
        permissions = "0644"
        encoding    = "b64"
        content     = local.agent_key
      },
      {
        path        = "/usr/local/lib/slipway/session-manager"
        permissions = "0755"
        content     = file("${path.module}/session-manager.sh")
      },
    ]
  }
}
