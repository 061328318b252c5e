"""What a stack costs a month, from its recording and dated list prices; what has no price is named."""

from infra.costs.estimate import Estimate, estimate
from infra.costs.model import Line

__all__ = ["Estimate", "Line", "estimate"]
