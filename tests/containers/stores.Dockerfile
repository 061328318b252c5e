# PostgreSQL and Redis from Debian's packages, run as the official images run them, where no image can be pulled.
ARG BASE
FROM ${BASE}
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /tmp postgres \
    && apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-common \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
    && apt-get install --yes --no-install-recommends postgresql-15 redis-server \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/lib/postgresql/15/bin:$PATH HOME=/tmp
USER 999:999
