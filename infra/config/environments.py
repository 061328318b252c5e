"""What each environment is unless its stack says otherwise: one table."""

from __future__ import annotations

from typing import Any, Literal

Environment = Literal["local", "development", "staging", "production", "production-gpu"]

# Replicas, autoscaling and resources as required; an `api.replicas` whose min equals its max has no
# autoscaler. CPU in thousandths of a core, memory in MiB.
DEFAULTS: dict[Environment, dict[str, Any]] = {
    "local": {
        "api": {"replicas": {"min": 1, "max": 1}},
        "workers": {"replicas": {"min": 1, "max": 1}, "slots": 1},
        "database": {"size": "small", "highly_available": False, "backup_days": 0},
        "cache": {"size": "small", "highly_available": False},
        "log_level": "info",
    },
    "development": {
        "api": {"replicas": {"min": 1, "max": 1}, "cpu": [250, 500], "memory": [512, 1024]},
        "workers": {"replicas": {"min": 1, "max": 2}, "slots": 1},
        "nodes": {"size": "small", "min": 1, "max": 3, "spot": True},
        "budget": {"monthly_usd": 400},
        "log_days": 7,
        "database": {"size": "small", "highly_available": False, "backup_days": 7},
        "cache": {"size": "small", "highly_available": False},
        "log_level": "debug",
    },
    "staging": {
        "api": {
            "replicas": {"min": 1, "max": 5}, "initial": 2, "cpu_target": 75,
            "cpu": [500, 1000], "memory": [1024, 2048],
        },
        "workers": {"replicas": {"min": 1, "max": 5}, "slots": 2},
        "nodes": {"size": "small", "min": 2, "max": 5, "spot": False},
        "budget": {"monthly_usd": 1500},
        "log_days": 30,
        "database": {"size": "small", "highly_available": False, "backup_days": 14},
        "cache": {"size": "small", "highly_available": False},
        "log_level": "info",
    },
    "production": {
        "api": {
            "replicas": {"min": 3, "max": 20}, "initial": 5, "cpu_target": 70,
            "cpu": [1000, 2000], "memory": [2048, 4096],
        },
        "workers": {"replicas": {"min": 2, "max": 20}, "slots": 2},
        "nodes": {"size": "medium", "min": 3, "max": 20, "spot": False},
        "budget": {"monthly_usd": 10000},
        "log_days": 90,
        "database": {"size": "medium", "highly_available": True, "backup_days": 30},
        "cache": {"size": "medium", "highly_available": True},
        "log_level": "warning",
    },
    "production-gpu": {
        "api": {
            "replicas": {"min": 2, "max": 10}, "initial": 3, "cpu_target": 70,
            "cpu": [2000, 4000], "memory": [4096, 8192],
        },
        "workers": {"replicas": {"min": 2, "max": 10}, "slots": 1},
        "gpu": {"accelerator": "l4", "min": 0, "max": 10, "per_worker": 1},
        "nodes": {"size": "medium", "min": 2, "max": 10, "spot": False},
        "budget": {"monthly_usd": 20000},
        "log_days": 90,
        "database": {"size": "medium", "highly_available": True, "backup_days": 30},
        "cache": {"size": "medium", "highly_available": True},
        "log_level": "warning",
    },
}  # fmt: skip
