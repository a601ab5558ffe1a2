# The location content service: one host, Postgres, buckets, outgoing calls to Tavily and Gemini.
# location-content.tfvars.example explains every setting.

app                  = "location-content"
instance_type        = "t3.micro"
backend_port         = 8000
health_path          = "/health"
backend_artifact_key = "releases/app.zip"

database = {
  engine_version = "16"
  instance_class = "db.t3.micro"
}
