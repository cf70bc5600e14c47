# syntax=docker/dockerfile:1
# The packages are installed where a compiler's leftovers don't matter; only their folder goes on.
FROM python:3.11-slim-trixie AS packages
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim-trixie
# tini: the first process of a container has to take in what its children leave. PostgreSQL's client: backups.
# Debian mends them within a release, which a version written here would hinder.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app webox
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# Only these are written to, each a volume: everything else stays as it was built.
RUN python -m compileall -q . && install -d -o webox -m 700 var && install -d -o webox -m 755 /secrets
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "webox.server", "--host", "0.0.0.0"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "webox.probe", "http://127.0.0.1:8000/healthz"]
