# Two images: `portal` (web, worker, beat, migrate) and `proxy` (nginx with its configuration and error pages).
#
# The base images are pinned by version, so that a new build brings their security updates. To pin what was tested:
#   docker compose build --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:… --build-arg NGINX_IMAGE=…@sha256:…

ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG NGINX_IMAGE=nginxinc/nginx-unprivileged:1.30-alpine

# --- What the lock file names, with its hashes ----------------------------------------------------------------------

FROM ${PYTHON_IMAGE} AS packages
COPY requirements-production.lock /
RUN python -m venv --without-pip /opt/portail \
    && python -m pip --python /opt/portail/bin/python install \
        --no-cache-dir --disable-pip-version-check --no-input --only-binary :all: \
        --require-hashes --requirement /requirements-production.lock

# --- The portal, its static files and its error pages ---------------------------------------------------------------

FROM ${PYTHON_IMAGE} AS code
COPY --from=packages /opt/portail /opt/portail
ENV PATH=/opt/portail/bin:$PATH
WORKDIR /app
COPY . .
# The key is needed to start, and for nothing that these commands do; it goes with them.
RUN export SECRET_KEY=while-building STATIC_ROOT=/app/static-collected \
    && python manage.py collectstatic --no-input \
    && python manage.py error_pages /app/error-pages \
    && python -m compileall -q .

# --- nginx ----------------------------------------------------------------------------------------------------------

FROM ${NGINX_IMAGE} AS proxy
# The image's entrypoint makes /tmp/nginx.conf of the template and of these values; see docs/deploy.md.
ENV NGINX_ENTRYPOINT_LOCAL_RESOLVERS=1 \
    NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
    NGINX_ENVSUBST_FILTER="^(PORTAL_|NGINX_LOCAL_RESOLVERS)" \
    PORTAL_LISTEN=8080 \
    PORTAL_HEALTH_LISTEN=127.0.0.1:8081 \
    PORTAL_UPSTREAM="web:8000 resolve" \
    PORTAL_BALANCER=0.0.0.0/32 \
    PORTAL_DOCUMENTS=/documents \
    PORTAL_PAGES=/srv/error-pages \
    PORTAL_BUFFERS=/var/cache/nginx \
    PORTAL_RUN=/tmp \
    PORTAL_TLS=/etc/nginx/tls
COPY deploy/nginx/nginx.conf.template /etc/nginx/templates/
COPY --from=code /app/error-pages /srv/error-pages
USER 101:101
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/"]
CMD ["nginx", "-c", "/tmp/nginx.conf"]

# --- Web server, worker, beat, migrate ------------------------------------------------------------------------------

FROM ${PYTHON_IMAGE} AS portal
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Portail des dépôts" \
    org.opencontainers.image.description="Deposit of invoices with an OPCO" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 portail \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portail \
    && install --directory --owner=portail --group=portail --mode=0750 /documents /var/lib/portail /var/lib/portail/incoming
COPY --from=packages /opt/portail /opt/portail
COPY --from=code /app /app
# All that is written goes to /documents, /var/lib/portail and /tmp: the rest may be read-only.
ENV PATH=/opt/portail/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings \
    STATIC_ROOT=/app/static-collected \
    VAR_DIR=/var/lib/portail \
    DOCUMENT_STORAGE_URL=/documents
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "--config", "python:portal.gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000"]
