# One image for API, worker, migrations and CLI. `make image` builds it, `make image-test` proves it.
# BASE may be given by digest, or be a company's own: any Debian with Python 3.11 and the authorities it trusts.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS builder
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    UV_PROJECT_ENVIRONMENT=/opt/costate \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1
RUN apt-get update && apt-get install --yes --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
COPY image/uv.txt /build/image/
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir --require-hashes -r /build/image/uv.txt
WORKDIR /build
COPY pyproject.toml uv.lock ./
COPY image/slim image/compile.py ./image/

# What the product stands on, exactly as locked: every file's hash is checked. Then what no process uses is removed
# (`image/slim` says what and why), and the rest compiled (`image/compile.py`).
FROM builder AS packages-cpu
RUN /uv/bin/uv sync --frozen --no-install-project --all-extras \
    && image/slim /opt/costate \
    && /opt/costate/bin/python image/compile.py /opt/costate

FROM builder AS packages-gpu
RUN /uv/bin/uv sync --frozen --no-install-project --all-extras --group gpu \
    && image/slim /opt/costate \
    && /opt/costate/bin/python image/compile.py /opt/costate

FROM builder AS product
COPY README.md LICENSE ./
COPY app ./app
RUN /uv/bin/uv build --wheel --out-dir /dist

FROM ${BASE} AS runtime
RUN groupadd --gid 1000 appuser \
    && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin appuser \
    && install -d -o appuser -g appuser /var/cache/costate /var/lib/costate/objects
# Nothing is written but to these and /tmp: the root may be read-only.
VOLUME ["/var/cache/costate", "/var/lib/costate/objects"]
ENV PATH=/opt/costate/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    COSTATE_HOST=0.0.0.0 \
    COSTATE_CACHE_DIR=/var/cache/costate \
    COSTATE_STORAGE_URL=file:///var/lib/costate/objects
WORKDIR /tmp
EXPOSE 8000 8001
ENTRYPOINT ["costate"]
CMD ["api"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["costate", "health"]

FROM runtime AS gpu
COPY --from=packages-gpu /opt/costate /opt/costate
RUN --mount=from=builder,source=/uv,target=/uv \
    --mount=from=product,source=/dist,target=/dist \
    --mount=source=image/bytecode.py,target=/bytecode.py \
    /uv/bin/uv pip install --offline --no-cache --no-deps --python /opt/costate/bin/python /dist/*.whl \
    && /opt/costate/bin/python /bytecode.py
# What NVIDIA's container runtime reads.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000:1000

FROM runtime AS cpu
COPY --from=packages-cpu /opt/costate /opt/costate
RUN --mount=from=builder,source=/uv,target=/uv \
    --mount=from=product,source=/dist,target=/dist \
    --mount=source=image/bytecode.py,target=/bytecode.py \
    /uv/bin/uv pip install --offline --no-cache --no-deps --python /opt/costate/bin/python /dist/*.whl \
    && /opt/costate/bin/python /bytecode.py
USER 1000:1000
