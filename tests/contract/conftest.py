"""Needs nothing: each platform is built against Pulumi's mocks, and what it registers is looked at."""
