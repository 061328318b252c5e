"""This machine as a platform: PostgreSQL, Redis, API and worker as processes that are Pulumi resources."""
