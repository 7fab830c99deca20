# The bot, as the README installs it. Build: docker build -t moodify .
FROM python:3.12-slim

RUN useradd --create-home --uid 10001 moodify && install -d -o moodify /data
WORKDIR /app

COPY constraints/run.txt constraints/run.txt
RUN python -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check -r constraints/run.txt

COPY pyproject.toml README.md LICENSE ./
COPY moodify_core moodify_core
COPY bot bot
COPY models models
RUN /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

USER moodify
WORKDIR /data
ENV MOODIFY_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
ENTRYPOINT ["/app/.venv/bin/moodify"]
CMD ["bot"]
