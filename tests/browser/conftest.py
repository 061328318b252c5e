"""Needs Chromium, and a whole service (PostgreSQL, Redis, API, worker) started once for all tests."""
