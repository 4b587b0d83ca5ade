# One image for every part: taskbell run, web, worker, beat, migrate and Django's commands.
#
#     docker build -t taskbell .
#
# Releases name the base by its digest: --build-arg BASE=docker.io/library/python@sha256:…
# Any base with Python 3.11 or later and its venv module will do.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE} AS build
SHELL ["/bin/sh", "-euc"]
WORKDIR /opt/taskbell

# Every file that comes from outside is known by its hash.
COPY requirements.txt ./
RUN python3 -m venv . \
    && bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt \
    && bin/pip uninstall --yes --quiet pip setuptools

COPY taskbell app/taskbell
COPY deploy/image/taskbell deploy/image/taskbell-healthy bin/

# Static files are collected here, so that no container has to write any. Sources of static files and translations,
# languages that Taskbell doesn't speak, and what only compilers read are left out.
RUN chmod 0755 bin/taskbell bin/taskbell-healthy \
    && bin/python -m compileall -q app \
    && TASKBELL_DATA=/tmp/build TASKBELL_STATIC=/opt/taskbell/static bin/taskbell collectstatic --noinput -v 0 \
    && rm -rf /tmp/build requirements.txt lib/python3*/site-packages/drf_spectacular_sidecar/static \
    && find lib -regex '.*\.\(po\|pyx\|pxd\|c\|h\)' -delete \
    && find lib -name '*.mo' ! -path '*/locale/en/*' ! -path '*/locale/de/*' -delete \
    && chmod -R go=u,go-w .

# hadolint ignore=DL3006
FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Taskbell" \
      org.opencontainers.image.description="Manages your team's tasks and sends reminders on time." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

SHELL ["/bin/sh", "-euc"]
RUN echo 'taskbell:x:10001:10001::/var/lib/taskbell:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'taskbell:x:10001:' >> /etc/group \
    && install -d -m 0700 -o 10001 -g 10001 /var/lib/taskbell
COPY --from=build /opt/taskbell /opt/taskbell

ENV PATH=/opt/taskbell/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TASKBELL_DATA=/var/lib/taskbell \
    TASKBELL_STATIC=/opt/taskbell/static \
    TASKBELL_BIND=0.0.0.0 \
    PORT=8000

USER 10001:10001
WORKDIR /var/lib/taskbell
VOLUME /var/lib/taskbell
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["taskbell-healthy"]
ENTRYPOINT ["taskbell"]
CMD ["run"]
