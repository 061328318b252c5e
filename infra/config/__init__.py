"""A stack's configuration as frozen typed models, one module a topic; pure, so nothing here imports Pulumi."""
