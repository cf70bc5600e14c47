FROM python:3.11-slim

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# Only var/ is written to: everything else stays as it was built.
RUN useradd --system --home-dir /app webox && install -d -o webox var
USER webox

EXPOSE 8000
CMD ["python", "-m", "webox.server", "--host", "0.0.0.0"]
