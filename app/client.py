"""A small client of the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, cast

import httpx

from app.errors import CostateError

ENDED = frozenset({"completed", "failed", "cancelled"})


class ClientError(CostateError):
    """Base of what can go wrong between here and the service."""


class UnreachableError(ClientError):
    """The service does not answer."""


class RefusedError(ClientError):
    """The service refused; `problem` is its problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = dict(problem)
        faults = [
            f"\n  {fault['field']}: {fault['message']}"
            + (f" ({fault['allowed']})" if fault.get("allowed") else "")
            for fault in self.problem.get("errors", [])
        ]
        super().__init__(f"{self.problem.get('detail') or self.problem.get('title')}{''.join(faults)}")


class NotEndedError(ClientError):
    """The job has not ended in the time given."""


class Client:
    """Talks to one service; to be used as a context manager."""

    def __init__(self, url: str, *, timeout_s: float = 70.0) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_s, headers={"Accept": "application/json"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str) -> dict[str, Any]:
        """What stands at a path, such as `/health`."""
        return self._request("GET", path)

    def solve(
        self,
        solver_type: str,
        problem_config: Mapping[str, Any],
        solver_config: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Submit a problem; the answer holds `job_id`."""
        body = {"solver_type": solver_type, "problem_config": problem_config, "solver_config": solver_config}
        return self._request("POST", "/api/solve", json=body)

    def job(self, job_id: str, *, wait_s: float = 0.0) -> dict[str, Any]:
        """A job, once it has ended or after `wait_s` seconds (60 at most)."""
        return self._request("GET", f"/api/job/{job_id}", params={"wait": wait_s})

    def jobs(self, **filters: Any) -> list[dict[str, Any]]:
        """Jobs, newest first."""
        return cast("list[dict[str, Any]]", self._request("GET", "/api/jobs", params=filters)["jobs"])

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job."""
        return self._request("POST", f"/api/job/{job_id}/cancel")

    def wait(
        self, job_id: str, *, limit_s: float, seen: Callable[[dict[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """The job once it has ended; `seen` is called with what is known meanwhile. NotEndedError."""
        deadline = time.monotonic() + limit_s
        while True:
            left = deadline - time.monotonic()
            job = self.job(job_id, wait_s=max(0.0, min(1.0 if seen else 30.0, left)))
            if job["status"] in ENDED:
                return job
            if seen:
                seen(job)
            if left <= 0:
                raise NotEndedError(f"job {job_id} is still {job['status']} after {limit_s:.0f} s")

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise UnreachableError(f"no answer from {self._http.base_url}: {error}") from error
        if answer.is_error:
            try:
                raise RefusedError(answer.json())
            except ValueError:
                raise RefusedError({"title": f"HTTP {answer.status_code}", "detail": answer.text}) from None
        return cast("dict[str, Any]", answer.json())
