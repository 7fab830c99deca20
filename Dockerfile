# The bot, and the workers of a cluster. Build: docker build -t moodify .
# .ci/check_image.py runs these steps without Docker.
FROM python:3.12-slim AS build

WORKDIR /app
RUN python -m venv /app/.venv
# What changes seldom comes first, so that a change of the code installs nothing but the code.
COPY constraints/image.txt constraints/image.txt
RUN /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check -r constraints/image.txt

COPY pyproject.toml README.md LICENSE ./
COPY moodify_core moodify_core
COPY bot bot
COPY models models
RUN /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.12-slim

LABEL org.opencontainers.image.title="Moodify" \
      org.opencontainers.image.description="A Discord bot that tells how a song feels, and when." \
      org.opencontainers.image.licenses="MIT"

RUN useradd --no-create-home --home-dir /data --shell /usr/sbin/nologin --uid 10001 moodify \
    && install -d -m 700 -o moodify -g moodify /data
COPY --from=build /app/.venv /app/.venv

# All that is written goes to /data and /tmp: the rest of the file system may be read-only.
USER moodify
WORKDIR /data
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    MOODIFY_DATA_DIR=/data \
    MOODIFY_METRICS_PORT=9464 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=2s --retries=3 \
    CMD ["python", "-m", "bot.health"]
ENTRYPOINT ["moodify"]
CMD ["bot"]
